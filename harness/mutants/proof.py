"""Playing the suite on a planted gateway, in this process, to see what it makes of it."""

from __future__ import annotations

import logging
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.check import Settings, check
from harness.mutants.honest import Honest
from harness.mutants.judgement import contract_of, judge_honest, judge_mutant
from harness.mutants.target import MutantTarget
from harness.plan import Selection
from harness.run.suite import Limits
from harness.scenarios.model import Suite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutants.mutant import Front, Mutant
    from harness.mutants.record import HonestRecord, MutantRecord
    from harness.report.record import Report
    from harness.verdict import ScenarioVerdict

PLAYING_SECONDS = 60.0
"""After which a run is given up. The suite takes 3 s on an honest gateway, and 10 s on one that takes its time."""


class _Nobody:
    """Watches no run."""

    def say(self, what: str) -> None:
        pass

    def begin(self, scenarios: int) -> None:
        pass

    def judged(self, verdict: ScenarioVerdict) -> None:
        pass


def prove(
    gateway: type[Mutant | Honest], suite: Suite, *, scenarios: tuple[str, ...] = (), seed: str = ""
) -> MutantRecord | HonestRecord:
    """Play the suite on a gateway and judge what it found.

    Args:
        gateway: a mutant; or an honest one, on which the scenarios are played in an order that the seed makes.
        suite: the whole suite.
        scenarios: globs of those to play; none is all.
        seed: of the words and identifiers too.
    """
    with _crashes() as crashes:
        if issubclass(gateway, Honest):
            return judge_honest(gateway, play(gateway, shuffled(suite, seed), scenarios, seed), crashes)
        return judge_mutant(gateway, suite, play(gateway, suite, scenarios, seed), crashes)


def play(front: type[Front], suite: Suite, scenarios: tuple[str, ...] = (), seed: str = "") -> Report:
    """Check a gateway against the contract that it speaks."""
    return check(MutantTarget(front), suite, settings_for(front, scenarios, seed), _Nobody())


def settings_for(front: type[Front], scenarios: tuple[str, ...], seed: str) -> Settings:
    """What a run on a gateway of ours asks for."""
    contract = contract_of(front)
    return Settings(
        contract=contract,
        selection=Selection(ids=scenarios, contracts=frozenset({contract})),
        limits=Limits(jobs=16, seconds=PLAYING_SECONDS),
        request_timeout=20,
        wait=0,
        seed=seed,
        arguments=(),
        again=(),
        secrets={},
    )


def shuffled(suite: Suite, seed: str) -> Suite:
    """The suite with its scenarios in another order, the same for the same seed."""
    scenarios = list(suite.scenarios.items())
    random.Random(seed).shuffle(scenarios)  # noqa: S311 - an order, no secret; a seed makes it repeatable
    return Suite(suite.requirements, dict(scenarios))


@contextmanager
def _crashes() -> Iterator[list[str]]:
    """What the gateways of this process raise: their server answers 500 to it, and logs it."""
    crashes: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and (error := record.exc_info[1]):
                crashes.append(f"{type(error).__name__}: {error}")

    log, collector = logging.getLogger("uvicorn.error"), Collector(logging.ERROR)
    log.addHandler(collector)
    try:
        yield crashes
    finally:
        log.removeHandler(collector)
