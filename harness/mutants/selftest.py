"""The proof of the suite: it plays on every gateway that was planted, and has to tell the mutants from the honest."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from harness.mutants.honest import Honest, every_honest
from harness.mutants.judgement import not_judged
from harness.mutants.matrix import counted
from harness.mutants.proof import PLAYING_SECONDS, prove
from harness.mutants.record import HonestRecord, MutantRecord, RunRecord, Selftest
from harness.mutants.registry import every_mutant
from harness.mutants.workers import Lost, spread
from harness.plan import NothingSelectedError
from harness.report.tool import this_tool
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.mutants.mutant import Mutant
    from harness.report.progress import LiveProgress
    from harness.scenarios.model import Suite

LOST_SECONDS = 2 * PLAYING_SECONDS + 30
"""After which a gateway is given up: playing on it and tidying up may each take so long, and then it has to stop."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for; an empty set asks for everything.

    Attributes:
        gateways: globs of their names.
        requirements: only mutants that break one of these.
        areas: only mutants that break a requirement of one of these.
        honest: only honest gateways.
        fast: on a mutant play only the scenarios of its requirement and the smoke scenarios, and on each honest gateway
            only one of the contracts.
        repeat: how often the suite is played on each honest gateway.
    """

    gateways: tuple[str, ...] = ()
    requirements: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    honest: bool = False
    fast: bool = False
    repeat: int = 1

    def __str__(self) -> str:
        """What was asked for, in words; empty for everything."""
        asked = {
            "gateway": self.gateways,
            "requirement": sorted(self.requirements),
            "area": sorted(self.areas),
            "": [*(["honest gateways"] if self.honest else []), *(["fast"] if self.fast else [])],
        }
        return ", ".join(f"{name} {' or '.join(values)}".strip() for name, values in asked.items() if values)


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the suite on one gateway; `scenarios` are globs, none is all."""

    gateway: str
    scenarios: tuple[str, ...]
    seed: str


def plan(choice: Choice, suite: Suite) -> tuple[Job, ...]:
    """What to play: the honest gateways, which take longest, and then the mutants.

    Raises:
        NothingSelectedError: no gateway is called so, or none is left.
    """
    mutants = {} if choice.honest else _chosen_mutants(choice, suite)
    honest = {} if choice.requirements or choice.areas else {each.__name__: each for each in every_honest()}
    for glob in choice.gateways:
        if not any(fnmatchcase(name, glob) for name in (*mutants, *honest)):
            raise NothingSelectedError(f"no gateway is called `{glob}`{did_you_mean(glob, (*mutants, *honest))}")

    def wanted(name: str) -> bool:
        return not choice.gateways or any(fnmatchcase(name, glob) for glob in choice.gateways)

    names = [name for name in honest if wanted(name)]
    if choice.fast:  # every other one: the list has the looks in turn, each in both contracts
        names = [name for number, name in enumerate(names) if number // 2 % 2 == number % 2]
    jobs = [Job(name, (), str(number)) for number in range(1, choice.repeat + 1) for name in names]
    jobs += [
        Job(name, glance(mutant, suite) if choice.fast else (), "") for name, mutant in mutants.items() if wanted(name)
    ]
    if not jobs:
        raise NothingSelectedError(f"there is no mutant with {choice}")
    return tuple(jobs)


def _chosen_mutants(choice: Choice, suite: Suite) -> dict[str, type[Mutant]]:
    return {
        mutant.__name__: mutant
        for mutant in every_mutant()
        if not choice.requirements or mutant.breaks in choice.requirements
        if not choice.areas or not choice.areas.isdisjoint(areas_of(mutant, suite))
    }


def areas_of(mutant: type[Mutant], suite: Suite) -> frozenset[str]:
    """The areas in which there are scenarios of the requirement that a mutant breaks."""
    return frozenset(each.area for each in suite.scenarios.values() if each.requirement == mutant.breaks)


def glance(mutant: type[Mutant], suite: Suite) -> tuple[str, ...]:
    """The scenarios that have to see a mutant, and a few that must not: those tagged `smoke`."""
    scenarios = suite.scenarios.values()
    return tuple(each.id for each in scenarios if each.requirement == mutant.breaks or "smoke" in each.tags)


def test_suite(suite: Suite, choice: Choice, *, workers: int, progress: LiveProgress) -> Selftest:
    """Play the suite on every chosen gateway, on as many at a time as there are workers.

    Ctrl-C ends it early: the record then says what was done.

    Raises:
        NothingSelectedError: there is no such gateway.
    """
    jobs = plan(choice, suite)
    started, begin = datetime.now(UTC), time.monotonic()
    played: dict[Job, MutantRecord | HonestRecord] = {}
    ended = None
    progress.begin(len(jobs), "starting")
    try:
        for job, result in spread(_prover, jobs, workers=workers, seconds=LOST_SECONDS):
            if isinstance(result, Lost):
                played[job] = not_judged(_gateway(job.gateway), suite, job.seed, result.reason)
            else:
                played[job] = result
            progress.advance(counted(played.values()))
    except KeyboardInterrupt:
        ended = "interrupted"
    records = [played[job] for job in jobs if job in played]
    return Selftest(
        tool=this_tool(),
        run=RunRecord(
            started=started,
            seconds=round(time.monotonic() - begin, 1),
            selection=str(choice) or None,
            ended_early=ended,
            workers=workers,
            planned=len(jobs),
        ),
        requirements={name: requirement.level for name, requirement in suite.requirements.items()},
        mutants=tuple(record for record in records if isinstance(record, MutantRecord)),
        honest=tuple(record for record in records if isinstance(record, HonestRecord)),
    )


def _prover() -> Callable[[Job], MutantRecord | HonestRecord]:
    gc.freeze()  # what was imported stays; to look through it for garbage costs a tenth of each run
    return partial(_prove, load_suite(corpus_folder()))


def _prove(suite: Suite, job: Job) -> MutantRecord | HonestRecord:
    return prove(_gateway(job.gateway), suite, scenarios=job.scenarios, seed=job.seed)


def _gateway(name: str) -> type[Mutant | Honest]:
    gateways: tuple[type[Mutant | Honest], ...] = (*every_mutant(), *every_honest())
    return next(gateway for gateway in gateways if gateway.__name__ == name)
