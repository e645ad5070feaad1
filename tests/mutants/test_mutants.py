"""The suite is shown to find what it claims to find: each mutant trips the requirement that it breaks, and no other.

A run plays the mutant's area and the smoke scenarios of all others. `make test FULL=1` plays the whole suite on every
mutant, which takes some three times as long.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.gateway.settings import Dialect
from harness.mutants.mutant import Mutant
from harness.mutants.proof import play, red
from harness.mutants.registry import every_mutant
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Contract, Level
from harness.verdict import Outcome, State

if TYPE_CHECKING:
    from harness.report.record import Report

SUITE = load_suite(corpus_folder())
MUTANTS = every_mutant()
BROKEN = {Level.MUST: State.FAILED, Level.SHOULD: State.WARNED}

UNBREAKABLE: dict[str, str] = {}
"""Requirements that no mutant can break, and why."""


class Unspoiled(Mutant):
    """Does everything right, as documented."""


class UnspoiledStream(Mutant):
    """Does everything right, as released servers do."""

    dialect = Dialect.AGENT_SERVER


def scenarios_for(mutant: type[Mutant]) -> tuple[str, ...]:
    """What is played on a mutant: everything (none named), or its neighbourhood."""
    if os.environ.get("FULL"):
        return ()
    areas = {scenario.area for scenario in SUITE.scenarios.values() if scenario.requirement == mutant.breaks}
    near = {scenario.id for scenario in SUITE.scenarios.values() if scenario.area in areas or "smoke" in scenario.tags}
    return tuple(near)


def violations(report: Report) -> list[str]:
    """What was found, for the reader of a failed test."""
    found = (scenario for scenario in report.scenarios if scenario.requirement in red(report))
    return [f"{scenario.requirement} {scenario.id} {scenario.state}: {scenario.reason}" for scenario in found]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.breaks}-{mutant.__name__}")
def test_the_requirement_that_a_mutant_breaks_is_red_and_no_other(mutant: type[Mutant]) -> None:
    report = play(mutant, SUITE, scenarios=scenarios_for(mutant))
    level = SUITE.requirements[mutant.breaks].level
    states = {scenario.state for scenario in report.scenarios if scenario.requirement == mutant.breaks}
    assert report.run.ended_early is None
    if level is Level.MAY:
        assert red(report) == set(), violations(report)
        assert State.NOT_ASSESSED in states
    else:
        assert red(report) == {mutant.breaks}, violations(report)
        assert BROKEN[level] in states
    assert (report.outcome is Outcome.NON_CONFORMANT) == (level is Level.MUST)


@pytest.mark.parametrize("gateway", [Unspoiled, UnspoiledStream], ids=lambda gateway: gateway.dialect)
def test_a_gateway_that_nobody_spoils_fulfils_every_requirement_of_its_contract(gateway: type[Mutant]) -> None:
    report = play(gateway, SUITE)
    contract = Contract(gateway.dialect.value)
    states = {
        requirement.id: requirement.state for requirement in report.requirements if contract in requirement.contracts
    }
    assert report.outcome is Outcome.CONFORMANT, violations(report)
    assert {name: state for name, state in states.items() if state is not State.PASSED} == {}
    assert len(states) == sum(contract in requirement.contracts for requirement in SUITE.requirements.values())


def test_every_requirement_has_a_mutant_that_breaks_it() -> None:
    without = {requirement for requirement in SUITE.requirements if requirement not in {m.breaks for m in MUTANTS}}
    assert without == set(UNBREAKABLE)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_speaks_a_contract_that_its_requirement_belongs_to_and_confesses_its_sin(mutant: type[Mutant]) -> None:
    assert Contract(mutant.dialect.value) in SUITE.requirements[mutant.breaks].contracts
    confession = mutant.__doc__ or ""
    assert confession.endswith(".")
    assert "\n" not in confession
    assert [other.__name__ for other in MUTANTS if other.__doc__ == confession] == [mutant.__name__]
