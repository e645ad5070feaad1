"""Playing the suite on a mutant, to see what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.check import Settings, check
from harness.mutants.target import MutantTarget
from harness.plan import Selection
from harness.run.suite import Limits
from harness.scenarios.model import Contract
from harness.verdict import State

if TYPE_CHECKING:
    from harness.mutants.mutant import Mutant
    from harness.report.record import Report
    from harness.scenarios.model import Suite
    from harness.verdict import ScenarioVerdict

RED = {State.FAILED, State.WARNED, State.HARNESS_ERROR}
"""A mutant stands before our own suite: an error of the harness is nobody else's."""


class _Nobody:
    """Watches no run."""

    def say(self, what: str) -> None:
        pass

    def begin(self, scenarios: int) -> None:
        pass

    def judged(self, verdict: ScenarioVerdict) -> None:
        pass


def play(mutant: type[Mutant], suite: Suite, *, scenarios: tuple[str, ...] = ()) -> Report:
    """Check a mutant against the contract that it speaks; `scenarios` are globs, none is all."""
    contract = Contract(mutant.dialect.value)
    settings = Settings(
        contract=contract,
        selection=Selection(ids=scenarios, contracts=frozenset({contract})),
        limits=Limits(jobs=16, seconds=60),
        request_timeout=20,
        wait=0,
        scripted_model=True,
        seed=mutant.__name__,
        arguments=(),
        again=(),
        secrets={},
    )
    return check(MutantTarget(mutant), suite, settings, _Nobody())


def red(report: Report) -> frozenset[str]:
    """The requirements that a scenario found violated; a roll-up would hide a warning behind what could not run."""
    return frozenset(scenario.requirement for scenario in report.scenarios if scenario.state in RED)
