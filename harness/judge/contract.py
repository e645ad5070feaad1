"""Rolling verdicts up: from scenarios to requirements to contracts, and what a positive control means for a refusal."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.scenarios.model import Contract, Level
from harness.verdict import ContractVerdict, Outcome, RequirementVerdict, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.scenarios.model import Requirement, Scenario
    from harness.verdict import ScenarioVerdict


def apply_controls(
    verdicts: Sequence[ScenarioVerdict], scenarios: Mapping[str, Scenario]
) -> tuple[ScenarioVerdict, ...]:
    """Take back every pass whose positive control did not pass: a server that refuses everything proves nothing."""
    states = {verdict.scenario: verdict.state for verdict in verdicts}
    judged = []
    for verdict in verdicts:
        control = scenarios[verdict.scenario].control
        if control is not None and verdict.state is State.PASSED and states.get(control) is not State.PASSED:
            reason = (
                f"its positive control {control} is {states.get(control, 'not run')}, so this refusal proves nothing"
            )
            verdict = replace(verdict, state=State.NOT_ASSESSED, reason=reason)  # noqa: PLW2901 - the judged one
        judged.append(verdict)
    return tuple(judged)


def judge_requirements(
    requirements: Iterable[Requirement], verdicts: Iterable[ScenarioVerdict]
) -> tuple[RequirementVerdict, ...]:
    """The worst state of each requirement's scenarios, with the reason of the first that is as bad."""
    by_requirement: defaultdict[str, list[ScenarioVerdict]] = defaultdict(list)
    for verdict in verdicts:
        by_requirement[verdict.requirement].append(verdict)
    judged = []
    for requirement in requirements:
        proofs = by_requirement[requirement.id]
        if proofs:
            worst = max(proofs, key=lambda proof: proof.state.rank)
            state = worst.state
            reason = f"{worst.scenario}: {worst.reason}" if worst.reason else None
        else:
            state, reason = State.NOT_ASSESSED, "no scenario was selected"
        violated = any(proof.state is State.FAILED for proof in proofs)
        judged.append(RequirementVerdict(requirement, state, reason, tuple(p.scenario for p in proofs), violated))
    return tuple(judged)


def judge_contract(
    contract: Contract, requirements: Iterable[RequirementVerdict], *, interrupted: bool
) -> ContractVerdict:
    """The verdict on a contract.

    Non-conformant when any scenario violates a MUST, whatever else happened. Else incomplete when the run was
    interrupted, when something that should have been looked at could not be, or when no MUST was seen to hold. Else
    conformant.
    """
    judged = [verdict for verdict in requirements if contract in verdict.requirement.contracts]
    states = [verdict.state for verdict in judged]
    proven = any(v.state is State.PASSED and v.requirement.level is Level.MUST for v in judged)
    if any(verdict.violated for verdict in judged):
        outcome = Outcome.NON_CONFORMANT
    elif interrupted or not proven or State.COULD_NOT_RUN in states or State.HARNESS_ERROR in states:
        outcome = Outcome.INCOMPLETE
    else:
        outcome = Outcome.CONFORMANT
    return ContractVerdict(contract, outcome, Counter(states))
