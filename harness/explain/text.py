"""Writes an explanation, in lines of text."""

from __future__ import annotations

import json
import shlex
from textwrap import fill
from typing import TYPE_CHECKING

from harness.contract.index import RULES
from harness.explain.mutants import mutants
from harness.explain.sources import statements
from harness.json_value import cut
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.dimensions import tried_cells
from harness.scenarios.model import Auth, Call, Contract, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.explain.sources import Statement
    from harness.explain.subject import Part
    from harness.json_value import Json
    from harness.scenarios.model import Scenario, Step

_WIDTH = 100
_SHOWN = 60

_LEVELS = {
    Level.MUST: "the documentation promises it; a target that violates it is non-conformant (exit status 1)",
    Level.SHOULD: "clients need it, though the documentation is silent; a violation is a warning",
    Level.MAY: "allowed and worth knowing; never held against a target",
}
_CONTRACTS = {
    frozenset(Contract): "both contracts ask it",
    frozenset({Contract.DOCUMENTED}): "only the contract `documented` asks it; released servers do otherwise",
    frozenset(
        {Contract.AGENT_SERVER}
    ): "only the contract `agent-server` asks it; the documentation knows no such thing",
}


def explain(part: Part) -> Iterator[str]:
    """The explanation of a requirement and its chosen scenarios."""
    requirement = part.requirement
    yield f"{requirement.id}: {requirement.text}"
    yield ""
    yield from _entry(requirement.level, _LEVELS[requirement.level])
    yield from _entry("contracts", _CONTRACTS[requirement.contracts])
    if requirement.versions:
        yield from _entry("releases", f"{requirement.versions}; on others it is not assessed")
    yield from _entry("source", requirement.source)
    yield from _statements("it follows from", part, "documentation")
    yield from _statements("the reference gateway decides", part, "decisions")
    yield from _statements("released servers and clients", part, "observed")
    yield from _dimensions(part)
    yield from _proofs(part)
    shipped = part.folder.samefile(corpus_folder())
    if rules := RULES.get(requirement.id) if shipped else None:
        yield from _title("rules of the contract's model, which judge any course of requests")
        for rule in rules:
            yield fill(rule, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    broken = mutants(requirement.id) if shipped else {}
    if broken:
        yield from _title("mutants, gateways that break it, and what each does")
        for name, does in broken.items():
            yield from _entry(name, does)
    yield from _title("when it is red")
    yield from _advice(part)


def _title(text: str) -> Iterator[str]:
    yield ""
    yield text


def _entry(name: str, text: str) -> Iterator[str]:
    yield fill(f"{name}: {text}", _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def _statements(title: str, part: Part, source: str) -> Iterator[str]:
    found: Iterable[Statement] = statements(part.folder, source, part.requirement.id)
    if found:
        yield from _title(title)
    for each in found:
        yield from _entry(f"{each.id} ({each.origin})" if each.origin else each.id, each.says)


def _dimensions(part: Part) -> Iterator[str]:
    """The cells of each dimension, those that no scenario tries with the reason."""
    ranges = part.requirement.dimensions
    if ranges:
        yield from _title("it ranges over")
    tried = tried_cells(part.scenarios)
    for name, untried in ranges.items():
        dimension = part.dimensions[name]
        cells = [cell for cell in dimension.cells if tried[part.requirement.id, name, cell]]
        yield from _entry(name, f"{dimension.text} Tried: {', '.join(cells)}.")
        for cell, reason in untried.items():
            yield fill(f"not {cell}: {reason}", _WIDTH, initial_indent="    ", subsequent_indent="      ")


def _proofs(part: Part) -> Iterator[str]:
    entries: dict[str, list[Scenario]] = {}
    for scenario in part.chosen or part.scenarios:
        entries.setdefault(scenario.id if part.chosen else scenario.id.partition("[")[0], []).append(scenario)
    yield from _title("the scenario" if part.chosen else "scenarios that prove it")
    for name, cases in entries.items():
        yield from _proof(name, cases)
    others = len({each.id for each in part.scenarios} - {each.id for each in part.chosen})
    if part.chosen and others:
        yield f"  and {others} more prove {part.requirement.id}: gateway-harness explain {part.requirement.id}"


def _proof(name: str, cases: list[Scenario]) -> Iterator[str]:
    """One scenario, of whose cases the first is told in full."""
    first = cases[0]
    yield from _entry(name, first.title)
    if len(cases) > 1:
        yield f"    cases: {', '.join(case.id[len(name) + 1 : -1] for case in cases)}; the first of them"
    if first.needs:
        yield f"    needs: {', '.join(sorted(first.needs))}"
    if first.control:
        yield f"    says something only if {first.control} passes"
    if tries := _tries(cases):
        yield f"    tries: {tries}"
    if first.watch:
        yield f"    watches every exchange of a run, whatever scenario sent it: {first.watch}"
    for word, steps in (("prepares", first.setup), ("sends", first.steps)):
        for step in steps:
            yield f"    {word} {_step(step)}"
    yield f"    {first.location}"


def _tries(cases: Iterable[Scenario]) -> str:
    """The cells that the cases of a scenario try, by dimension."""
    cells: dict[str, dict[str, None]] = {}
    for case in cases:
        for dimension, tried in case.tries.items():
            cells.setdefault(dimension, {}).update(dict.fromkeys(tried))
    return "; ".join(f"{dimension} {', '.join(tried)}" for dimension, tried in cells.items())


def _step(step: Step) -> str:
    action = step.action.method if isinstance(step.action, Call) else f"{step.action.method} {step.action.path}"
    auth = "" if step.auth == Auth.BOTH else f" with {step.auth if isinstance(step.auth, str) else 'other keys'}"
    together = ", at once with the one before" if step.joined else ""
    again = ", after a restart" if step.restart else ""
    return f"{action}{auth}{together}{again} and expects {', '.join(_expected(step))}"


def _expected(step: Step) -> Iterator[str]:
    expect = step.expect
    yield "no answer in time" if expect.status is None else _status(expect.status)
    for path, value in expect.headers.items():
        yield f"{path} {'absent' if value is None else _short(value)}"
    for path, value in expect.body.items():
        yield f"{path} {_short(value)}"
    if expect.text is not None:
        yield f"the agent's text {_short(expect.text)}"
    if expect.explained is not None:
        yield "that one order of the turns explains all answers"
    if expect.shape is not None:
        yield "the shape of an earlier answer"
    if expect.returns:
        yield f"a valid {expect.returns}"
    if expect.raises:
        yield expect.raises


def _status(status: Json) -> str:
    """The statuses, separated by `or` if listed, else their schema."""
    options = status["enum"] if isinstance(status, dict) and status.keys() == {"enum"} else [status]
    return " or ".join(map(_short, options)) if isinstance(options, list) else _short(status)


def _short(value: Json) -> str:
    return cut(json.dumps(value, ensure_ascii=False), _SHOWN)


def _advice(part: Part) -> Iterator[str]:
    identifier = part.requirement.id
    only = f"--scenario {shlex.quote(part.chosen[0].id)}" if len(part.chosen) == 1 else f"--requirement {identifier}"
    yield f"  what was sent, and what came: gateway-harness explain REPORT {identifier}"
    yield f"  play it again, alone: gateway-harness check TARGET {only}"
    yield f"  see it done right: gateway-harness check reference {only}"
