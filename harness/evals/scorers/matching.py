"""Matching that may take forever: patterns and schemas against what a model wrote. It runs in a process of its own.

A line of JSON in, a line of JSON out; whoever has waited long enough kills the process (`worker`).
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.json_value import Json

_LONGEST = 4000
"""Characters of what is given back."""


def main() -> None:
    """Serve requests until there are no more."""
    tasks: dict[str, Callable[..., Json]] = {"regex": match, "json": validate}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer: Json = {"result": tasks[request.pop("task")](**request)}
        except RecursionError:
            answer = {"error": "it is nested too deeply"}
        print(json.dumps(answer), flush=True)


def match(pattern: str, flags: int, text: str, group: int | str | None, *, full: bool, last: bool) -> Json:
    """What the pattern, or a group of it, matched; None when it did not.

    Args:
        pattern: of `re`.
        flags: of `re`.
        text: to look at.
        group: its number or name; None for all that matched.
        full: whether the pattern has to match all of the text.
        last: whether the last match counts, not the first.
    """
    compiled = re.compile(pattern, flags)
    if full:
        found = compiled.fullmatch(text.strip())
    elif last:
        found = None
        for each in compiled.finditer(text):
            found = each
    else:
        found = compiled.search(text)
    if found is None:
        return None
    said = found[group or 0]
    return None if said is None else said[:_LONGEST]


def validate(text: str, schema: dict[str, Any] | bool | None, targets: list[Json] | None) -> Json:
    """Whether the text's JSON is valid, and one of the targets if there are any: what is `found`, what is `wrong`."""
    from jsonschema.validators import validator_for
    from referencing import Registry

    values = list(_values(text))
    if not values:
        return {"found": None, "wrong": "there is no JSON"}
    value = values[0]
    wrong: str | None = None
    if schema is not None:
        # A registry of its own: the default one fetches what a `$ref` names.
        for error in validator_for(schema)(schema, registry=Registry()).iter_errors(value):
            wrong = f"{error.json_path}: {error.message}"[:_LONGEST]
            break
    if wrong is None and targets is not None and not any(same(value, target) for target in targets):
        wrong = "it is not the target"
    return {"found": json.dumps(value, ensure_ascii=False)[:_LONGEST], "wrong": wrong}


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _values(text: str) -> Iterator[Any]:
    """The JSON of an answer: in the last fence, all of it, or the first object or array within it."""
    from harness.evals.scorers.code import blocks

    for candidate in (*blocks(text, frozenset({"json", "jsonc", "json5"}))[::-1], text):
        try:
            yield _DECODER.decode(candidate.strip())
        except ValueError:
            continue
    for number, opening in enumerate(re.finditer(r"[{\[]", text)):
        if number == 100:  # an answer that is no JSON, with many brackets
            return
        try:
            yield _DECODER.raw_decode(text, opening.start())[0]
        except ValueError:
            continue


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_json)
