"""What a mistake in a scenario file is answered with: place, words, and the way out where one is near."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.scenarios.load import load_suite
from harness.scenarios.problems import ScenarioFileError
from tests.scenarios.files import ENTRY, REQUIREMENTS, SCENARIOS, write_suite

if TYPE_CHECKING:
    from pathlib import Path

STEP = "      - call: models.list\n        expect: {status: 200}\n"
CHAT = "- call: chat.completions.create\n  with: {model: m, messages: []}\n"
GET = "- http: GET /x\n"


def step(text: str) -> str:
    """A file with these lines as its only step, from line 7 and column 7 on."""
    return ENTRY + "".join(f"      {line}\n" for line in text.splitlines())


MISTAKES = [
    (
        "unknown top key",
        ENTRY + STEP + "extra: 1\n",
        ["9:1: unknown key `extra` in a scenario file: it has `area`, `scenarios`"],
    ),
    (
        "misspelt key",
        step("- call: models.list\n  expct: {status: 200}"),
        ["7:9: a step needs `expect`", "8:9: unknown key `expct` in a step; did you mean `expect`?"],
    ),
    (
        "key of elsewhere",
        step("- call: models.list\n  status: 200\n  expect: {status: 200}"),
        ["8:9: unknown key `status` in a step; it is a key of an expectation"],
    ),
    (
        "unknown key without hint",
        ENTRY.replace("    title", "    zzz: 1\n    title") + STEP,
        [
            "4:5: unknown key `zzz` in a scenario: it has `id`, `title`, `requirement`, `needs`, `tags`, `control`, `cases`, `setup`, `steps`"
        ],
    ),
    (
        "missing",
        "area: auth\nscenarios:\n  - id: auth/one\n",
        ["3:5: a scenario needs `title`, `requirement`, `steps`"],
    ),
    ("no scenarios", "area: auth\nscenarios: []\n", ["2:12: must not be empty"]),
    ("not a mapping", "- 1\n", ["1:1: a mapping is expected here, not a list"]),
    ("wrong type", ENTRY.replace("A title", "7") + STEP, ["4:12: text is expected here, not 7"]),
    ("no expectation", step("- call: models.list"), ["7:9: a step needs `expect`"]),
    ("empty expectation", step("- call: models.list\n  expect:"), ["8:16: a mapping is expected here, not nothing"]),
    (
        "neither call nor http",
        step("- expect: {status: 200}"),
        ["7:9: a step needs `call` (a method of the client) or `http` (a raw request)"],
    ),
    (
        "call and http",
        step("- call: models.list\n  http: GET /x\n  expect: {status: 200}"),
        ["7:9: `call`: a step has `call` or `http`, not both"],
    ),
    (
        "unknown method of the client",
        step("- call: model.list\n  expect: {status: 200}"),
        ["7:15: unknown value `model.list`; did you mean `models.list`?"],
    ),
    (
        "with on http",
        step(GET + "  with: {}\n  expect: {status: 200}"),
        ["8:9: `with`: belongs to `call`; a raw request has `json` or `content`"],
    ),
    (
        "json on call",
        step(CHAT + "  json: {}\n  expect: {status: 200}"),
        ["9:9: `json`: belongs to `http`; a call's body is made from `with`"],
    ),
    (
        "json and content",
        step("- http: POST /x\n  json: {}\n  content: a\n  expect: {status: 200}"),
        ["9:9: `content`: a body is `json` or `content`, not both"],
    ),
    (
        "http without path",
        step("- http: GET\n  expect: {status: 200}"),
        ["7:15: `GET`: a raw request reads `METHOD /path`, such as `GET /v1/models`"],
    ),
    (
        "http unknown method",
        step("- http: GTE /x\n  expect: {status: 200}"),
        ["7:15: unknown value `GTE`; did you mean `GET`?"],
    ),
    (
        "returns on http",
        step(GET + "  expect: {status: 200, returns: Model}"),
        ["8:31: `returns`: belongs to `call`: nothing is returned by a raw request"],
    ),
    (
        "returns and raises",
        step(CHAT + "  expect: {status: 200, returns: ChatCompletion, raises: APIError}"),
        ["9:56: `raises`: a call returns or raises, not both"],
    ),
    (
        "unknown returns",
        step(CHAT + "  expect: {status: 200, returns: ChatCompletions}"),
        ["9:40: unknown value `ChatCompletions`; did you mean `ChatCompletion`?"],
    ),
    (
        "unknown raises",
        step(CHAT + "  expect: {status: 400, raises: BadRequest}"),
        ["9:39: unknown value `BadRequest`; did you mean `BadRequestError`?"],
    ),
    (
        "returns something else",
        step(CHAT + "  expect: {status: 200, returns: Model}"),
        ["9:40: `chat.completions.create` returns a ChatCompletion here, never a Model"],
    ),
    (
        "returns unstreamed",
        step(
            "- call: chat.completions.create\n  with: {stream: true}\n  expect: {status: 200, returns: ChatCompletion}"
        ),
        ["9:40: `chat.completions.create` returns a ChatCompletionChunk here, never a ChatCompletion"],
    ),
    (
        "returns on error",
        step(CHAT + "  expect: {status: {enum: [400, 422]}, returns: ChatCompletion}"),
        ["9:55: the client raises, and returns nothing, on a status from 400 on"],
    ),
    (
        "raises below 400",
        step(CHAT + "  expect: {status: 200, raises: BadRequestError}"),
        ["9:39: not BadRequestError: on this status the client raises nothing: it is below 400"],
    ),
    (
        "raises another",
        step(CHAT + "  expect: {status: 404, raises: BadRequestError}"),
        ["9:39: not BadRequestError: on this status the client raises NotFoundError"],
    ),
    (
        "impossible status",
        step(CHAT + "  expect: {status: {minimum: 700}}"),
        ["9:26: no status is like this: it is a number from 100 to 599, or a JSON Schema of one"],
    ),
    ("status out of range", step(CHAT + "  expect: {status: 20}"), ["9:26: 20 is less than 100"]),
    (
        "status text",
        step(CHAT + "  expect: {status: '200'}"),
        ["9:26: `200`: a status is a number, a JSON Schema or a `${variable}`"],
    ),
    (
        "status true",
        step(CHAT + "  expect: {status: true}"),
        ["9:26: an integer or a mapping or text is expected here, not true"],
    ),
    ("status empty", step(CHAT + "  expect: {status: {}}"), ["9:26: must not be empty"]),
    (
        "unknown auth",
        step("- call: models.list\n  auth: baerer\n  expect: {status: 200}"),
        ["8:15: unknown value `baerer`; did you mean `bearer`?"],
    ),
    (
        "unknown capability",
        ENTRY.replace("    steps", "    needs: [profile, profile]\n    steps") + STEP,
        [
            "6:13: unknown value `profile`; did you mean `profiles`?",
            "6:22: unknown value `profile`; did you mean `profiles`?",
            '6:22: "profile" is in this list already',
        ],
    ),
    (
        "unknown requirement",
        ENTRY.replace("AUTH-1", "AUTH-11") + STEP,
        ["5:18: there is no requirement `AUTH-11`; did you mean `AUTH-1`?"],
    ),
    (
        "requirement id",
        ENTRY.replace("AUTH-1", "auth-1") + STEP,
        ["5:18: `auth-1`: a requirement's id reads like CONV-3"],
    ),
    (
        "id",
        ENTRY.replace("auth/one", "Auth one") + STEP,
        ["3:9: `Auth one`: an id reads like `area/words-with-dashes`"],
    ),
    (
        "duplicate id",
        ENTRY + STEP + ENTRY.partition("scenarios:\n")[2] + STEP,
        ["9:9: `auth/one` again: auth.yaml:3:5 has this id already"],
    ),
    (
        "duplicate key",
        ENTRY.replace("    title", "    id: auth/two\n    title") + STEP,
        ["4:5: `id` again: line 3 has this key already"],
    ),
    (
        "unknown control",
        ENTRY.replace("    steps", "    control: auth/on\n    steps") + STEP,
        ["6:14: there is no scenario `auth/on`; did you mean `auth/one`?"],
    ),
    (
        "own control",
        ENTRY.replace("    steps", "    control: auth/one\n    steps") + STEP,
        ["6:14: a control that depends on what it controls: auth/one -> auth/one"],
    ),
    (
        "control without case",
        SCENARIOS.replace("    control: auth/opens", "    control: auth/opens").replace(
            "requirement: AUTH-1", "requirement: AUTH-1\n    control: auth/refuses"
        ),
        ["6:14: `auth/refuses` has cases, and this is none of them: name one, such as `auth/refuses[bearer]`"],
    ),
    (
        "control with case",
        SCENARIOS.replace("control: auth/opens", "control: auth/opens[x]"),
        ["12:14: `auth/opens` has no cases: write it without `[...]`"],
    ),
    (
        "control with unknown case",
        SCENARIOS.replace("requirement: AUTH-1", "requirement: AUTH-1\n    control: auth/refuses[beare]"),
        ["6:14: `auth/refuses` has cases, and this is none of them; did you mean `auth/refuses[bearer]`?"],
    ),
    (
        "control circle",
        SCENARIOS.replace("requirement: AUTH-1", "requirement: AUTH-1\n    control: auth/refuses[bearer]"),
        ["6:14: a control that depends on what it controls: auth/opens -> auth/refuses[bearer] -> auth/opens"],
    ),
    (
        "unknown variable",
        step("- http: GET /${wrd}\n  expect: {status: 200}"),
        ["7:15: unknown variable `wrd`; did you mean `word`?"],
    ),
    (
        "unknown variable no hint",
        step("- http: GET /x\n  json: {a: '${HOME}'}\n  expect: {status: 200}"),
        ["8:19: unknown variable `HOME`; a literal `${` is written `$${`"],
    ),
    (
        "variable in key",
        step("- http: GET /x\n  json: {'${nope}': 1}\n  expect: {status: 200}"),
        ["8:16: unknown variable `nope`; a literal `${` is written `$${`"],
    ),
    (
        "used before saved",
        step("- http: GET /${it}\n  expect: {status: 200}\n  save: {it: $.id}"),
        ["7:15: unknown variable `it`, which is saved by this step or a later one"],
    ),
    (
        "save over built-in",
        step("- http: GET /x\n  expect: {status: 200}\n  save: {word: $.id}"),
        ["9:16: `word` is a built-in variable: choose another name"],
    ),
    (
        "save expression",
        step("- http: GET /x\n  expect: {status: 200}\n  save: {it: header.X, that: body}"),
        [
            "9:20: `header.X`: saved is `headers.NAME` or a JSONPath of the body, such as `$.id`; no variables",
            "9:36: `body`: saved is `headers.NAME` or a JSONPath of the body, such as `$.id`; no variables",
        ],
    ),
    (
        "save bad path",
        step("- http: GET /x\n  expect: {status: 200}\n  save: {it: '$.a['}"),
        ["9:20: `$.a[` is not a JSONPath: unexpected end of query (at character 5)"],
    ),
    (
        "bad path",
        step("- http: GET /x\n  expect: {status: 200, body: {'$.a[?@.b = 1]': 1}}"),
        ["8:38: `$.a[?@.b = 1]` is not a JSONPath: unexpected '=', did you mean '=='? (at character 10)"],
    ),
    (
        "path without dollar",
        step("- http: GET /x\n  expect: {status: 200, body: {a.b: 1}}"),
        ["8:38: `a.b`: a path into the body starts with `$`"],
    ),
    (
        "misspelt keyword",
        step("- http: GET /x\n  expect: {status: 200, body: {$.a: {patern: x}}}"),
        ["8:44: unknown key `patern` in a JSON Schema; did you mean `pattern`?"],
    ),
    (
        "mapping as literal",
        step("- http: GET /x\n  expect: {status: 200, body: {$.a: {id: 7}}}"),
        [
            "8:44: unknown key `id` in a JSON Schema: a mapping is a JSON Schema (draft 2020-12); to compare with a mapping, write {const: ...}"
        ],
    ),
    (
        "unoffered keyword",
        step("- http: GET /x\n  expect: {status: 200, body: {$.a: {$ref: '#'}}}"),
        [
            "8:44: unknown key `$ref` in a JSON Schema: a mapping is a JSON Schema (draft 2020-12); to compare with a mapping, write {const: ...}"
        ],
    ),
    (
        "unknown format",
        step("- http: GET /x\n  expect: {status: 200, headers: {X-Id: {format: uid}}}"),
        ["8:56: unknown value `uid`; did you mean `uuid`?"],
    ),
    (
        "unknown type",
        step("- http: GET /x\n  expect: {status: 200, body: {$.a: {type: [int]}}}"),
        ["8:51: unknown value `int`; did you mean `integer`?"],
    ),
    (
        "bad regex",
        step("- http: GET /x\n  expect: {status: 200, body: {$.a: {pattern: '(${word}'}}}"),
        ["8:53: `(${word}` is not a regular expression: missing ), unterminated subpattern at position 0"],
    ),
    (
        "keyword of wrong type",
        step(
            "- http: GET /x\n  expect: {status: 200, body: {$.a: {minLength: -1, required: id, enum: [], properties: {b: 5}}}}"
        ),
        [
            "8:55: -1 is less than 0",
            '8:69: a list is expected here, not "id"',
            "8:79: must not be empty",
            "8:99: a mapping or true or false is expected here, not 5",
        ],
    ),
    (
        "nested misspelt keyword",
        step("- http: GET /x\n  expect: {status: 200, body: {$.a: {items: {anyOf: [{typ: string}]}}}}"),
        ["8:61: unknown key `typ` in a JSON Schema; did you mean `type`?"],
    ),
    (
        "header literal number",
        step("- http: GET /x\n  headers: {X-A: 1}\n  expect: {status: 200, headers: {'X B': 1}}"),
        [
            "8:24: text or null is expected here, not 1",
            "9:41: `X B`: not a header's name",
            "9:48: text or null or a mapping is expected here, not 1",
        ],
    ),
    (
        "case name",
        ENTRY.replace("    steps", "    cases: {'a b': {x: 1}}\n    steps") + STEP,
        ["6:13: `a b`: a case's name is letters, digits, `-`, `_` and `.`"],
    ),
    (
        "cases differ",
        ENTRY.replace("    steps", "    cases: {a: {x: 1}, b: {y: 1}}\n    steps") + STEP,
        ["6:13: case `a` lacks `y`, which case `b` has", "6:24: case `b` lacks `x`, which case `a` has"],
    ),
    (
        "case hides built-in",
        ENTRY.replace("    steps", "    cases: {a: {word: 1}}\n    steps") + STEP,
        ["6:17: `word` is a built-in variable: choose another name"],
    ),
    (
        "case uses unknown",
        ENTRY.replace("    steps", "    cases: {a: {x: '${wort} ${y}'}}\n    steps") + STEP,
        [
            "6:20: unknown variable `wort`; did you mean `word`?",
            "6:20: unknown variable `y`: a case has the built-in variables alone",
        ],
    ),
    ("empty cases", ENTRY.replace("    steps", "    cases: {}\n    steps") + STEP, ["6:12: must not be empty"]),
    (
        "case's auth",
        SCENARIOS.replace("wrong-session-header", "wrong-header"),
        ["17:28: unknown value `wrong-header`; did you mean `wrong-bearer`?"],
    ),
    (
        "auth no case variable",
        SCENARIOS.replace("${credential}", "${word}"),
        ["20:15: `${word}` here has to be a variable of `cases`"],
    ),
    (
        "auth misspelt case variable",
        SCENARIOS.replace("${credential}", "${credentials}"),
        ["20:15: `${credentials}` here has to be a variable of `cases`; did you mean `credential`?"],
    ),
    (
        "flow variable",
        step("- http: GET /x\n  json: {a: ${word}}\n  expect: {status: 200}"),
        [
            "8:20: not YAML: while parsing a flow mapping, did not find expected ',' or '}' (inside { } and [ ] a variable is quoted: \"${name}\")"
        ],
    ),
    (
        "tab",
        "area: auth\nscenarios:\n\t- id: a\n",
        [
            "3:1: not YAML: while scanning for the next token, found character that cannot start any token (a tab? indent with spaces)"
        ],
    ),
    (
        "yaml bool",
        ENTRY.replace("A title", "True") + STEP,
        ["4:12: `True` is read in different ways by YAML parsers: write it as in JSON, or quote it"],
    ),
    (
        "anchor",
        step("- &a\n  http: GET /x\n  expect: {status: 200}\n- *a"),
        [
            "7:9: anchors and aliases are not read here: repeat it, or use `cases`",
            "10:9: anchors and aliases are not read here: repeat it, or use `cases`",
        ],
    ),
    (
        "repeated tag",
        ENTRY.replace("    steps", "    tags: [smoke, smoke, A b]\n    steps") + STEP,
        ['6:19: "smoke" is in this list already', "6:26: `A b`: a tag is lower-case words with dashes"],
    ),
    ("empty file", "", ["1:1: empty: there is no document in it"]),
    (
        "two documents",
        SCENARIOS + "---\n" + SCENARIOS,
        ["22:1: a second document: one file is one document, so remove the `---`"],
    ),
]


@pytest.mark.parametrize(("text", "problems"), [pytest.param(*rest, id=name) for name, *rest in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_the_way_out(
    text: str, problems: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_suite(tmp_path / "suite", text))
    with pytest.raises(ScenarioFileError) as caught:
        load_suite(type(tmp_path)())
    assert str(caught.value).splitlines() == [f"auth.yaml:{problem}" for problem in problems]
