"""The variables that the steps of a scenario, and its cases, refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scenarios.model import AskModel, Call, Http
from harness.scenarios.substitute import references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.json_value import Json
    from harness.scenarios.model import Scenario, Step


def used_by_scenario(scenario: Scenario) -> set[str]:
    """The names of the variables that a scenario refers to."""
    return set(_names(dict(scenario.variables))).union(*map(used_by_step, (*scenario.setup, *scenario.steps)))


def used_by_step(step: Step) -> set[str]:
    """The names of the variables that a step refers to, in its request and in its expectation."""
    match step.action:
        case Call(arguments=arguments):
            action: list[Json] = [dict(arguments)]
        case Http(path=path, json=json, content=content):
            action = [path, json, content]
        case AskModel(path=path):
            action = [path]
    auth = step.auth if isinstance(step.auth, str) else dict(step.auth)
    expect = step.expect
    of_answer = (expect.status, dict(expect.headers), dict(expect.body), expect.text, expect.shape)
    return set(_names([*action, auth, dict(step.headers), *of_answer]))


def _names(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield from references(value)
        case list():
            for item in value:
                yield from _names(item)
        case dict():
            for key, item in value.items():
                yield from references(key)
                yield from _names(item)
