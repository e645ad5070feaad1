"""The verdict on a mutant or an honest gateway: a pure function of the suite's report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.mutants.honest import Honest
from harness.mutants.record import AccusationRecord, HonestRecord, MutantRecord, Verdict
from harness.scenarios.model import Contract, Level
from harness.verdict import NOTHING_SEEN, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.mutants.mutant import Front, Mutant
    from harness.report.record import Report, ScenarioRecord
    from harness.scenarios.model import Suite

BROKEN = {Level.MUST: State.FAILED, Level.SHOULD: State.WARNED, Level.MAY: State.NOT_ASSESSED}
"""The state of a scenario whose requirement is broken, by level."""

RED = {State.FAILED, State.WARNED}
"""The states of a scenario that accuses a gateway."""


def judge_mutant(mutant: type[Mutant], suite: Suite, report: Report, crashes: Sequence[str]) -> MutantRecord:
    """Whether the suite found the requirement that a mutant breaks, and no other.

    A gross mutant must have its own requirement named as violated, not merely left open, and never be conformant if
    that is a MUST. What else is violated is not held against the suite, nor that the run ended early.

    Args:
        mutant: the gateway.
        suite: the played suite, or a larger one.
        report: of the run.
        crashes: exceptions of the gateway.
    """
    level = suite.requirements[mutant.breaks].level
    own = [each for each in report.scenarios if each.requirement == mutant.breaks and each.state is BROKEN[level]]
    others = [each for each in report.scenarios if each.requirement != mutant.breaks and each.state in RED]
    if mutant.gross:
        obstacle = _fault(report, crashes)
        red = level is not Level.MUST or report.outcome is Outcome.NON_CONFORMANT
        verdict = Verdict.CAUGHT if own and red else Verdict.SURVIVED
    else:
        wrongly = [each for each in others if each.requirement not in mutant.also]
        verdicts = {
            (True, False): Verdict.CAUGHT,
            (True, True): Verdict.CAUGHT_AND_ELSEWHERE,
            (False, True): Verdict.CAUGHT_ELSEWHERE,
            (False, False): Verdict.SURVIVED,
        }
        obstacle = _obstacle(report, crashes) or _unfounded(mutant.also & _played(suite, report), others)
        verdict = verdicts[bool(own), bool(wrongly)]
    return MutantRecord(
        **about(mutant),
        verdict=Verdict.NOT_JUDGED if obstacle else verdict,
        reason=obstacle or report.run.ended_early,
        accusations=_accusations([*own, *others]),
        scenarios=len(report.scenarios),
        requests=report.run.requests,
        seconds=report.run.seconds,
        requirement=mutant.breaks,
        level=level,
        also=tuple(sorted(mutant.also)),
        gross=mutant.gross,
    )


def judge_honest(
    honest: type[Honest],
    report: Report,
    crashes: Sequence[str],
    contradicted: Sequence[AccusationRecord] = (),
    *,
    alone: bool,
) -> HonestRecord:
    """Whether an honest gateway passed every requirement of its contract except those in `lacks`.

    Args:
        honest: the gateway.
        report: of the run.
        crashes: exceptions of the gateway.
        contradicted: what the model of the contract holds against it where scenarios passed.
        alone: whether each scenario was played by itself, twice.
    """
    imperfect = [each for each in report.scenarios if each.state is not State.PASSED and each.reason != NOTHING_SEEN]
    accusations = tuple(
        each for each in (*_accusations(imperfect), *contradicted) if each.requirement not in honest.lacks
    )
    played = {each.requirement for each in report.scenarios}
    obstacle = _obstacle(report, crashes) or _unfounded(played.intersection(honest.lacks), imperfect)
    return HonestRecord(
        **about(honest),
        verdict=Verdict.NOT_JUDGED if obstacle else Verdict.FALSE_ALARM if accusations else Verdict.CONFORMANT,
        reason=obstacle,
        accusations=accusations,
        scenarios=len(report.scenarios),
        requests=report.run.requests,
        seconds=report.run.seconds,
        alone=alone,
        seed=report.run.seed,
        lacks=tuple(sorted(honest.lacks)),
    )


def not_judged(
    gateway: type[Mutant | Honest], suite: Suite, reason: str, *, alone: bool, seed: str
) -> MutantRecord | HonestRecord:
    """The record of a gateway without a report."""
    nothing = {"verdict": Verdict.NOT_JUDGED, "reason": reason, "accusations": (), "scenarios": 0, "requests": 0}
    fields = {**about(gateway), **nothing, "seconds": 0.0}
    if issubclass(gateway, Honest):
        return HonestRecord(**fields, alone=alone, seed=seed, lacks=tuple(sorted(gateway.lacks)))
    level = suite.requirements[gateway.breaks].level
    also = tuple(sorted(gateway.also))
    return MutantRecord(**fields, requirement=gateway.breaks, level=level, also=also, gross=gateway.gross)


def contract_of(front: type[Front]) -> Contract:
    """The contract that a gateway speaks."""
    return Contract(front.dialect.value)


def about(front: type[Front]) -> dict[str, Any]:
    """What the record of any gateway says of it."""
    return {"name": front.__name__, "contract": contract_of(front), "docstring": front.__doc__ or ""}


def _accusations(scenarios: Iterable[ScenarioRecord]) -> tuple[AccusationRecord, ...]:
    return tuple(
        AccusationRecord(requirement=each.requirement, scenario=each.id, state=each.state, reason=each.reason)
        for each in scenarios
    )


def _obstacle(report: Report, crashes: Sequence[str]) -> str | None:
    """Why the report allows no verdict; None if it does."""
    return _fault(report, crashes) or report.run.ended_early


def _fault(report: Report, crashes: Sequence[str]) -> str | None:
    """What the gateway's code or the harness did wrong, so that the report says nothing; None if nothing."""
    if crashes:
        return f"it crashed: {crashes[0]}"
    return next((f"{each.id}: {each.reason}" for each in report.scenarios if each.state is State.HARNESS_ERROR), None)


def _unfounded(claimed: Iterable[str], seen: Iterable[ScenarioRecord]) -> str | None:
    """A complaint about requirements that a gateway claims to break and no scenario saw broken; None if none."""
    unseen = set(claimed) - {each.requirement for each in seen}
    return f"it says that it breaks {', '.join(sorted(unseen))}, and the suite doesn't see it" if unseen else None


def _played(suite: Suite, report: Report) -> set[str]:
    """The requirements of which every scenario was played."""
    played = {each.id for each in report.scenarios}
    return suite.requirements.keys() - {each.requirement for each in suite.scenarios.values() if each.id not in played}
