"""Rules that a corpus keeps beyond being loadable: what makes it honest, and what makes it readable."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.scenarios.model import Call, Level
from harness.scenarios.problems import Problem
from harness.scenarios.statuses import admitted
from harness.scenarios.substitute import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.scenarios.model import Json, Requirement, Scenario, Step, Suite

MAX_TITLE = 100
MAX_TEXT = 300
_MODAL_VERB = re.compile(r"\b(must|should|may|shall)\b", re.IGNORECASE)
_SUCCESSES = frozenset(range(200, 300))


def lint_scenarios(scenarios: Iterable[Scenario]) -> Iterator[Problem]:
    """The rules for scenarios, whoever's they are. Cases share their entry's problems."""
    for scenario in scenarios:
        for message in _scenario_problems(scenario):
            yield Problem(scenario.location, f"`{scenario.id.partition('[')[0]}`: {message}")
        yield from _unused_saves(scenario)


def lint_requirements(suite: Suite) -> Iterator[Problem]:
    """The rules for a folder with requirements of its own: each is stated well, and proven."""
    proven = {scenario.requirement for scenario in suite.scenarios.values()}
    requirements = suite.requirements.values()
    for requirement in requirements:
        if requirement.id not in proven:
            unless = "" if requirement.level is Level.MUST else ", so it can go"
            yield Problem(requirement.location, f"`{requirement.id}`: no scenario proves it{unless}")
        if len(requirement.text) > MAX_TEXT:
            length = len(requirement.text)
            yield Problem(requirement.location, f"`{requirement.id}`: a text of {length} characters, of at most {MAX_TEXT}")
    for before, after in pairwise(requirements):
        if _area(before) == _area(after) and _number(before) > _number(after):
            yield Problem(after.location, f"`{after.id}`: comes after `{before.id}`, out of order")


def _area(requirement: Requirement) -> str:
    return requirement.id.partition("-")[0]


def _number(requirement: Requirement) -> int:
    return int(requirement.id.partition("-")[2])


def _scenario_problems(scenario: Scenario) -> Iterator[str]:
    if len(scenario.title) > MAX_TITLE:
        yield f"a title of {len(scenario.title)} characters, of at most {MAX_TITLE}"
    if verb := _MODAL_VERB.search(scenario.title):
        yield f"`{verb[0]}` in the title: a title says what is so, the requirement says how binding it is"
    if scenario.area != scenario.location.file.stem:
        yield f"its area is `{scenario.area}`, its file `{scenario.location.file.name}`"
    if scenario.id.partition("/")[0] != scenario.area:
        yield f"its id does not begin with its area, `{scenario.area}/`"
    if scenario.control is None and not _has_success(scenario) and any(map(_refuses, scenario.steps)):
        yield "a refusal, and nothing shows that the same request, right, succeeds: name a `control`"


def _refuses(step: Step) -> bool:
    statuses = admitted(step.expect.status)
    return min(statuses) >= 400


def _has_success(scenario: Scenario) -> bool:
    """Whether a step succeeds; one of the setup counts if it is the kind of request that is refused."""
    refused = {_kind(step) for step in scenario.steps if _refuses(step)}
    preparing = [step for step in scenario.setup if _kind(step) in refused]
    return any(admitted(step.expect.status) <= _SUCCESSES for step in (*scenario.steps, *preparing))


def _kind(step: Step) -> str:
    return step.action.method


def _unused_saves(scenario: Scenario) -> Iterator[Problem]:
    steps = scenario.setup + scenario.steps
    for index, step in enumerate(steps):
        used = {name for later in steps[index + 1 :] for part in _parts(later) for name in _references(part)}
        for name in step.save:
            if name not in used:
                yield Problem(step.location, f"`{name}` is saved and never used")


def _parts(step: Step) -> list[Json]:
    action: list[Json] = (
        [dict(step.action.arguments)]
        if isinstance(step.action, Call)
        else [step.action.path, step.action.json, step.action.content]
    )
    expect = step.expect
    return [*action, dict(step.headers), expect.status, dict(expect.headers), dict(expect.body)]


def _references(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield from references(value)
        case list():
            for item in value:
                yield from _references(item)
        case dict():
            for key, item in value.items():
                yield from references(key)
                yield from _references(item)
