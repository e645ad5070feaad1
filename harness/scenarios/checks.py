"""What is wrong with a scenario whose shape is right: its cases, its variables, its paths.

What differs between cases is checked where they are told apart, in `harness.scenarios.reader`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scenarios.paths import PathError, check_path
from harness.scenarios.problems import Problem, did_you_mean
from harness.scenarios.substitute import BUILT_IN, blank, references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from harness.scenarios.model import Location
    from harness.scenarios.yaml_nodes import Node

# Where `${name}` is put in at run time. `auth`, `returns`, `raises` and a lone `status` take a case's variable instead.
_SUBSTITUTED = ("with", "http", "json", "content", "headers")


def scenario_problems(scenario: Node) -> Iterator[Problem]:
    """All of them, for one entry of a scenario file."""
    yield from _case_problems(scenario.child("cases"))
    yield from _variable_problems(scenario)
    for location, text in _texts(scenario):
        if "${" in blank(text):
            yield Problem(location, "`${` that is not closed; a literal `${` is written `$${`")
    for step in _all_steps(scenario):
        for path, location in step.child("expect").child("body").keys.items():
            yield from _path_problems(path, location)
        for source in step.child("save").values():
            yield from _path_problems(str(source.value), source.location)


def _all_steps(scenario: Node) -> list[Node]:
    return scenario.child("setup").elements() + scenario.child("steps").elements()


def _case_problems(cases: Node) -> Iterator[Problem]:
    """Every case gives the same variables, none hides a built-in one, and only those are used."""
    names: dict[str, str] = {}
    for name, case in cases.items():
        for variable in case.keys:
            names.setdefault(variable, name)
    for name, case in cases.items():
        for variable, giver in names.items():
            if variable not in case.keys:
                yield Problem(cases.keys[name], f"case `{name}` lacks `{variable}`, which case `{giver}` has")
        for variable, value in case.items():
            if variable in BUILT_IN:
                yield Problem(case.keys[variable], f"`{variable}` is a built-in variable: choose another name")
            for location, unknown in _unknown(value, BUILT_IN):
                hint = did_you_mean(unknown, BUILT_IN) or ": a case has the built-in variables alone"
                yield Problem(location, f"unknown variable `{unknown}`{hint}")


def _variable_problems(scenario: Node) -> Iterator[Problem]:
    """Every `${name}` is known where it stands: built in, of the cases, or saved before."""
    known = {*BUILT_IN, *(variable for case in scenario.child("cases").values() for variable in case.keys)}
    given = frozenset(known)
    saved = {name for step in _all_steps(scenario) for name in step.child("save").keys}
    for step in _all_steps(scenario):
        expect = step.child("expect")
        parts = [*map(step.child, _SUBSTITUTED), expect.child("headers"), expect.child("body")]
        if isinstance(expect.child("status").value, dict):
            parts.append(expect.child("status"))
        for location, unknown in (found for part in parts for found in _unknown(part, known)):
            if unknown in saved:
                hint = ", which is saved by this step or a later one"
            else:
                hint = did_you_mean(unknown, known) or "; a literal `${` is written `$${`"
            yield Problem(location, f"unknown variable `{unknown}`{hint}")
        for name, location in step.child("save").keys.items():
            if name in given:
                kind = "built-in" if name in BUILT_IN else "case's"
                yield Problem(location, f"`{name}` is a {kind} variable: choose another name")
            known.add(name)


def _unknown(node: Node, known: Collection[str]) -> Iterator[tuple[Location, str]]:
    """The names that a value refers to without their being known."""
    for location, text in _texts(node):
        yield from ((location, name) for name in references(text) if name not in known)


def _texts(node: Node) -> Iterator[tuple[Location, str]]:
    """Every text in a value, keys included."""
    match node.value:
        case str() as text:
            yield node.location, text
        case list() as elements:
            for element in elements:
                yield from _texts(element)
        case dict() as entries:
            for key, value in entries.items():
                yield node.keys[key], key
                yield from _texts(value)


def _path_problems(path: str, location: Location) -> Iterator[Problem]:
    if not path.startswith("$"):
        return
    try:
        check_path(blank(path))
    except PathError as error:
        where = "" if error.position is None else f" (at character {error.position + 1})"
        yield Problem(location, f"`{path}` is not a JSONPath: {error}{where}")
