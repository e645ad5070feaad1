from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.reading.problems import FileError
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import (
    AskModel,
    Auth,
    Call,
    Capability,
    ClientKind,
    Contract,
    Expectation,
    Http,
    Level,
)
from tests.scenarios.files import ENTRY, SCENARIOS, write_suite

if TYPE_CHECKING:
    from pathlib import Path


def test_requirements_keep_what_the_file_says(tmp_path: Path) -> None:
    requirements = load_suite(write_suite(tmp_path)).requirements
    assert list(requirements) == ["AUTH-1", "AUTH-2"]
    assert requirements["AUTH-1"].contracts == set(Contract)
    second = requirements["AUTH-2"]
    assert (second.level, second.versions) == (Level.SHOULD, ">=1.28,<2")
    assert second.contracts == {Contract.AGENT_SERVER}
    assert str(second.location) == f"{tmp_path}/requirements.yaml:6:5"


def test_each_case_becomes_a_scenario_of_its_own(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    assert list(suite.scenarios) == ["auth/opens", "auth/refuses[bearer]", "auth/refuses[header]"]
    scenario = suite.scenarios["auth/refuses[header]"]
    assert scenario.variables == {"credential": "wrong-session-header"}
    assert scenario.steps[0].auth == Auth.WRONG_SESSION_HEADER
    assert scenario.control == "auth/opens"
    assert scenario.needs == {Capability.AUTHENTICATION}
    assert scenario.tags == {"smoke"}


def test_a_step_has_what_the_file_says_and_the_defaults(tmp_path: Path) -> None:
    steps = """\
      - call: chat.completions.create
        with: {model: "${model}", stream: true}
        expect: {status: 200, returns: ChatCompletionChunk}
        save: {conversation: headers.X-Conversation}
      - http: POST /api/${conversation}
        content: '{"broken'
        headers: {X-A: b, Authorization: null}
        expect: {status: {enum: [400, 422]}, headers: {X-A: null}, body: {$.a: [1, null]}}
"""
    suite = load_suite(write_suite(tmp_path, ENTRY + steps))
    call, http = suite.scenarios["auth/one"].steps
    assert call.action == Call("chat.completions.create", {"model": "${model}", "stream": True})
    assert call.auth == Auth.BOTH
    assert call.expect == Expectation(200, returns="ChatCompletionChunk")
    assert call.save == {"conversation": "headers.X-Conversation"}
    assert http.action == Http("POST", "/api/${conversation}", content='{"broken')
    assert http.auth == Auth.BOTH
    assert http.headers == {"X-A": "b", "Authorization": None}
    assert http.expect == Expectation({"enum": [400, 422]}, headers={"X-A": None}, body={"$.a": [1, None]})


def test_a_case_can_give_the_method_the_status_and_the_error(tmp_path: Path) -> None:
    text = """\
area: auth
scenarios:
  - id: auth/methods
    title: A title
    requirement: AUTH-1
    cases:
      put: {verb: PUT, status: 405, error: NotFoundError}
      get: {verb: GET, status: {const: 404}, error: NotFoundError}
    steps:
      - http: ${verb} /v1
        expect: {status: "${status}"}
      - call: models.retrieve
        expect: {status: 404, raises: "${error}"}
"""
    scenarios = load_suite(write_suite(tmp_path, text)).scenarios
    put, get = scenarios["auth/methods[put]"].steps[0], scenarios["auth/methods[get]"].steps[0]
    assert (put.action, put.expect.status) == (Http("PUT", "/v1"), 405)
    assert (get.action, get.expect.status) == (Http("GET", "/v1"), {"const": 404})
    assert scenarios["auth/methods[get]"].steps[1].expect.raises == "NotFoundError"


@pytest.mark.parametrize("word", ["no", "on", "yes", "off", "2020-01-01", "12:30", "1_000", "0x", "1.2.3", ".a"])
def test_plain_text_is_text_whatever_older_yaml_made_of_it(word: str, tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, SCENARIOS.replace("A wrong key opens nothing", word)))
    assert suite.scenarios["auth/refuses[bearer]"].title == word


def test_values_are_those_of_json(tmp_path: Path) -> None:
    step = """\
      - http: GET /
        json: [true, null, -1, 0.5, 1e3, 'true', "1", no]
        expect: {status: 200}
"""
    action = load_suite(write_suite(tmp_path, ENTRY + step)).scenarios["auth/one"].steps[0].action
    assert isinstance(action, Http)
    assert action.json == [True, None, -1, 0.5, 1000.0, "true", "1", "no"]


def test_a_folder_without_requirements_proves_ours_and_borrows_our_controls(tmp_path: Path) -> None:
    ours = load_suite(corpus_folder())
    refusal = next(it for it in ours.scenarios.values() if it.control is not None)
    text = ENTRY.replace("AUTH-1", refusal.requirement).replace(
        "    steps", f"    control: {refusal.control}\n    steps"
    )
    step = "      - call: models.list\n        expect: {status: 401}\n"
    suite = load_suite(write_suite(tmp_path, text + step, requirements=None))
    assert suite.requirements == ours.requirements
    assert list(suite.scenarios) == ["auth/one", refusal.control]


def test_nothing_is_loaded_when_something_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        load_suite(write_suite(tmp_path, chat="area: chat\n"))


def test_the_scenarios_that_ship_are_sound() -> None:
    suite = load_suite(corpus_folder())
    assert {scenario.requirement for scenario in suite.scenarios.values()} <= set(suite.requirements)
    assert len(suite.scenarios) >= 40


def test_a_repeated_step_is_there_as_often_as_it_says_with_its_number_in_values_and_names(tmp_path: Path) -> None:
    steps = """\
      - repeat: 2
        call: chat.completions.create
        with: {seed: "${n}", user: "user ${n} $${n}", "k${n}": [{a: "${n}"}]}
        expect: {status: 200}
        save: {"it_${n}": headers.X-Conversation}
      - repeat: 2
        http: GET /${it_${n}}
        expect: {status: 200}
"""
    first, second, third, fourth = load_suite(write_suite(tmp_path, ENTRY + steps)).scenarios["auth/one"].steps
    assert first.action == Call("chat.completions.create", {"seed": 1, "user": "user 1 $${n}", "k1": [{"a": 1}]})
    assert (first.save, second.save) == ({"it_1": "headers.X-Conversation"}, {"it_2": "headers.X-Conversation"})
    assert (third.action, fourth.action) == (Http("GET", "/${it_1}"), Http("GET", "/${it_2}"))
    assert first.location == second.location
    assert not any(step.joined for step in (first, second, third, fourth))


def test_repeated_steps_are_there_round_by_round_with_the_number_of_the_round(tmp_path: Path) -> None:
    steps = """\
      - repeat: 2
        steps:
          - {http: "GET /a${n}", expect: {status: 200}, save: {"it_${n}": $.id}}
          - at_once:
              - {repeat: 2, http: "GET /b${n}", expect: {status: 200}}
              - {http: "GET /${it_${n}}", expect: {status: 200}}
"""
    played = load_suite(write_suite(tmp_path, ENTRY + steps)).scenarios["auth/one"].steps
    assert [(step.action.path, step.joined) for step in played if isinstance(step.action, Http)] == [
        ("/a1", False),
        ("/b1", False),
        ("/b2", True),
        ("/${it_1}", True),
        ("/a2", False),
        ("/b1", False),
        ("/b2", True),
        ("/${it_2}", True),
    ]


def test_steps_at_once_are_joined_to_the_one_before_them(tmp_path: Path) -> None:
    steps = """\
      - at_once:
          - {repeat: 2, http: "GET /a${n}", expect: {status: 200}}
          - {http: GET /b, expect: {status: 200}}
      - {http: GET /c, expect: {status: 200}}
      - at_once:
          - {http: GET /d, expect: {status: 200}}
"""
    played = load_suite(write_suite(tmp_path, ENTRY + steps)).scenarios["auth/one"].steps
    assert [(step.action.path, step.joined) for step in played if isinstance(step.action, Http)] == [
        ("/a1", False),
        ("/a2", True),
        ("/b", True),
        ("/c", False),
        ("/d", False),
    ]


def test_a_step_has_what_else_can_be_said_of_it(tmp_path: Path) -> None:
    steps = """\
      - call: models.list
        client: sync
        timeout: 0.5
        restart: true
        auth: {Authorization: "Bearer ${key}", "?api_key": ["${wrong_key}", b]}
        headers: {X-A: [a, "${word}"]}
        expect: {status: null, raises: APITimeoutError}
      - model: GET /requests?containing=${word}
        expect: {status: 200, body: {$.count: 0}}
        save: {asked: $}
      - call: models.list
        expect: {status: 200, shape: "${asked}"}
"""
    text = ENTRY.replace("    steps", "    needs: [restart, model-log]\n    steps") + steps
    scenario = load_suite(write_suite(tmp_path, text)).scenarios["auth/one"]
    gives_up, asks, compares = scenario.steps
    assert (gives_up.client, gives_up.timeout, gives_up.restart) == (ClientKind.SYNC, 0.5, True)
    assert gives_up.auth == {"Authorization": "Bearer ${key}", "?api_key": ["${wrong_key}", "b"]}
    assert gives_up.headers == {"X-A": ["a", "${word}"]}
    assert gives_up.expect == Expectation(None, raises="APITimeoutError")
    assert asks.action == AskModel("GET", "/requests?containing=${word}")
    assert (asks.client, asks.timeout, asks.restart) == (None, None, False)
    assert compares.expect == Expectation(200, shape="${asked}")
    assert scenario.alone


def test_a_client_as_it_comes_presents_its_key_as_users_do_and_alone_may_send_several_requests(tmp_path: Path) -> None:
    steps = """\
      - {call: models.list, client: as-it-comes, pause: 2.5, expect: {status: 200, requests: 1}}
      - {http: GET /v1/models, client: as-it-comes, auth: both, expect: {status: 200, requests: {maximum: 2}}}
"""
    first, second = load_suite(write_suite(tmp_path, ENTRY + steps)).scenarios["auth/one"].steps
    assert (first.client, first.auth, first.pause) == (ClientKind.AS_IT_COMES, Auth.BEARER, 2.5)
    assert (second.auth, second.pause) == (Auth.BOTH, 0)
    assert (first.expect.requests, second.expect.requests) == (1, {"maximum": 2})
    with pytest.raises(FileError, match="only a client `as-it-comes` sends more than one"):
        load_suite(write_suite(tmp_path, ENTRY + "      - {call: models.list, expect: {status: 200, requests: 1}}\n"))


def test_a_case_can_give_an_exact_credential_whole_or_in_part_and_the_class_of_the_client(tmp_path: Path) -> None:
    text = """\
area: auth
scenarios:
  - id: auth/presents
    title: A title
    requirement: AUTH-1
    cases:
      exact: {how: {Cookie: "a=${key}"}, token: "Bearer ${key_prefix}", kind: sync}
      named: {how: basic, token: [a, "${longer_key}"], kind: async}
    steps:
      - {call: models.list, auth: "${how}", client: "${kind}", expect: {status: 200}}
      - {call: models.list, auth: {Authorization: "${token}", X-A: "${word}"}, expect: {status: 200}}
"""
    scenarios = load_suite(write_suite(tmp_path, text)).scenarios
    exact, named = scenarios["auth/presents[exact]"].steps, scenarios["auth/presents[named]"].steps
    assert (exact[0].auth, exact[0].client) == ({"Cookie": "a=${key}"}, ClientKind.SYNC)
    assert (named[0].auth, named[0].client) == (Auth.BASIC, ClientKind.ASYNC)
    assert exact[1].auth == {"Authorization": "Bearer ${key_prefix}", "X-A": "${word}"}
    assert named[1].auth == {"Authorization": ["a", "${longer_key}"], "X-A": "${word}"}
