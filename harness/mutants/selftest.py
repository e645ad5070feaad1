"""The self-test: plays the suite on every mutant and honest gateway, and checks that it tells them apart."""

from __future__ import annotations

import gc
import itertools
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from harness.mutants.exploring import explore
from harness.mutants.honest import Honest, Plain
from harness.mutants.judgement import contract_of, not_judged
from harness.mutants.matrix import counted
from harness.mutants.proof import PLAYING_SECONDS, prove, prove_alone
from harness.mutants.record import HonestRecord, MutantRecord, RunRecord, Selftest
from harness.mutants.registry import every_honest, every_mutant
from harness.mutants.workers import Lost, spread
from harness.plan import NothingSelectedError
from harness.reading.problems import did_you_mean
from harness.records import this_tool
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import SLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harness.mutants.mutant import Mutant
    from harness.presentation.progress import LiveProgress
    from harness.scenarios.model import Suite

LOST_SECONDS = 2 * PLAYING_SECONDS
"""Timeout of a gateway that doesn't stop when its run is given up."""

_PART = 60
"""Scenarios per job; played alone and twice they take some 7 s."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The user's selection; an empty set selects everything.

    Attributes:
        gateways: globs of their names.
        requirements: only mutants that break one of these.
        areas: only mutants that break a requirement of one of these.
        honest: only honest gateways.
        fast: on a mutant play only the scenarios of its requirement, and on each honest gateway only one contract.
        repeat: number of runs on each honest gateway.
        walks: explore, with at most so many walks on each gateway, instead of playing the suite; 0: don't.
    """

    gateways: tuple[str, ...] = ()
    requirements: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    honest: bool = False
    fast: bool = False
    repeat: int = 1
    walks: int = 0

    def __str__(self) -> str:
        """The selection in words; empty for everything."""
        asked = {
            "gateway": self.gateways,
            "requirement": sorted(self.requirements),
            "area": sorted(self.areas),
            "": [*(["honest gateways"] if self.honest else []), *(["fast"] if self.fast else [])]
            + ([f"explored, {self.walks} walks each"] if self.walks else []),
        }
        return ", ".join(f"{name} {' or '.join(values)}".strip() for name, values in asked.items() if values)


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the suite on one gateway.

    Attributes:
        scenarios: their ids; empty for all.
        seed: of words and identifiers, and of the order on an honest gateway.
        alone: whether each scenario is played by itself, twice.
        walks: how many to explore it by, instead of playing scenarios.
    """

    gateway: str
    scenarios: tuple[str, ...] = ()
    seed: str = ""
    alone: bool = False
    walks: int = 0


def plan(choice: Choice, suite: Suite) -> tuple[Job, ...]:
    """The jobs: first the honest gateways, which take longest, then the mutants.

    Raises:
        NothingSelectedError: no gateway has that name, or none matches.
    """
    known = [gateway.__name__ for gateway in (*every_mutant(), *every_honest())]
    for glob in choice.gateways:
        if not any(fnmatchcase(name, glob) for name in known):
            raise NothingSelectedError(f"no gateway is called `{glob}`{did_you_mean(glob, known)}")
    jobs = (*_on_the_honest(choice, suite), *_on_mutants(choice, suite))
    if choice.walks:
        jobs = tuple(_explored(choice, jobs))
    wanted = [job for job in jobs if not choice.gateways or any(fnmatchcase(job.gateway, g) for g in choice.gateways)]
    if not wanted:
        raise NothingSelectedError(f"there is no gateway with {choice}")
    return tuple(wanted)


def _on_the_honest(choice: Choice, suite: Suite) -> Iterator[Job]:
    if choice.requirements or choice.areas:
        return
    gateways = every_honest()
    # Each look is there twice, once for each contract.
    half = tuple(each for number, each in enumerate(gateways) if number // 2 % 2 == number % 2)
    if choice.fast:
        gateways = half
    for number in range(choice.repeat):
        yield from (Job(gateway.__name__, seed=str(number)) for gateway in gateways)
    if not choice.fast:
        # Half a minute on each gateway, so not in every repetition.
        slow = tuple(each.id for each in suite.scenarios.values() if SLOW in each.tags)
        yield from (Job(gateway.__name__, slow) for gateway in half)
        # One gateway in each contract suffices to show that scenarios don't depend on each other.
        for gateway in (each for each in gateways if issubclass(each, Plain)):
            contract = contract_of(gateway)
            scenarios = suite.scenarios.values()
            names = [
                each.id
                for each in scenarios
                if contract in suite.requirements[each.requirement].contracts
                and each.watch is None
                and SLOW not in each.tags
            ]
            yield from (Job(gateway.__name__, part, alone=True) for part in itertools.batched(names, _PART))


def _explored(choice: Choice, jobs: Iterable[Job]) -> Iterator[Job]:
    """Each gateway of these jobs once, to be explored; a honest one as often as is asked for."""
    for name in dict.fromkeys(job.gateway for job in jobs):
        repeat = choice.repeat if issubclass(_gateway(name), Honest) else 1
        yield from (Job(name, seed=str(number), walks=choice.walks) for number in range(repeat))


def _on_mutants(choice: Choice, suite: Suite) -> Iterator[Job]:
    for mutant in () if choice.honest else every_mutant():
        breaks = not choice.requirements or mutant.breaks in choice.requirements
        belongs = not choice.areas or not choice.areas.isdisjoint(areas_of(mutant, suite))
        if breaks and belongs:
            yield Job(mutant.__name__, glance(mutant, suite) if choice.fast else ())


def areas_of(mutant: type[Mutant], suite: Suite) -> frozenset[str]:
    """The areas with scenarios of the requirement that a mutant breaks."""
    return frozenset(each.area for each in suite.scenarios.values() if each.requirement == mutant.breaks)


def glance(mutant: type[Mutant], suite: Suite) -> tuple[str, ...]:
    """The scenarios that have to catch a mutant."""
    return tuple(
        each.id
        for each in suite.scenarios.values()
        if each.requirement == mutant.breaks
        or each.id in mutant.where
        or (SLOW not in each.tags and any(fnmatchcase(each.id, glob) for glob in mutant.where))
    )


def prove_suite(suite: Suite, choice: Choice, *, workers: int, progress: LiveProgress) -> Selftest:
    """Play the suite on every selected gateway, on `workers` of them at a time.

    Ctrl-C ends it early; the record then holds the finished part.

    Raises:
        NothingSelectedError: no gateway matches.
    """
    jobs = plan(choice, suite)
    started, begin = datetime.now(UTC), time.monotonic()
    played: dict[Job, MutantRecord | HonestRecord] = {}
    ended = None
    progress.begin(len(jobs), "starting")
    try:
        for job, result in spread(_prover, jobs, workers=workers, seconds=LOST_SECONDS):
            if isinstance(result, Lost):
                gateway = _gateway(job.gateway)
                played[job] = not_judged(gateway, suite, result.reason, alone=job.alone, seed=job.seed)
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
            walks=choice.walks,
            workers=workers,
            planned=len(jobs),
        ),
        requirements={name: requirement.level for name, requirement in suite.requirements.items()},
        mutants=tuple(record for record in records if isinstance(record, MutantRecord)),
        honest=tuple(record for record in records if isinstance(record, HonestRecord)),
    )


def _prover() -> Callable[[Job], MutantRecord | HonestRecord]:
    gc.freeze()  # imports live forever, so collections in each run need not traverse them
    return partial(_prove, load_suite(corpus_folder()))


def _prove(suite: Suite, job: Job) -> MutantRecord | HonestRecord:
    gateway = _gateway(job.gateway)
    if job.walks:
        return explore(gateway, suite, walks=job.walks, seed=job.seed)
    if job.alone:
        assert issubclass(gateway, Honest)
        return prove_alone(gateway, suite, job.scenarios, job.seed)
    return prove(gateway, suite, scenarios=job.scenarios, seed=job.seed)


def _gateway(name: str) -> type[Mutant | Honest]:
    gateways: tuple[type[Mutant | Honest], ...] = (*every_mutant(), *every_honest())
    return next(gateway for gateway in gateways if gateway.__name__ == name)
