"""Whether a scenario that passed and the model of the contract agree on what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contract.ledger import Ledger
from harness.scenarios.model import AskModel
from harness.verdict import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.contract.course import Forbidden
    from harness.contract.request import Given
    from harness.scenarios.model import Requirement, Scenario
    from harness.trace import Trace
    from harness.verdict import ScenarioVerdict


def contradictions(
    verdict: ScenarioVerdict,
    scenario: Scenario,
    requirements: Mapping[str, Requirement],
    trace: Trace,
    given: Given,
) -> list[Forbidden]:
    """What the model forbids of a trace that its scenario passed; nothing if it did not pass.

    One of the two is wrong then. Scenarios look at what their author thought of, the model at all that it has a rule
    for, so either one tests the other.

    Args:
        verdict: on the scenario.
        scenario: what was played.
        requirements: by id; those of the other contract don't count.
        trace: what came of it.
        given: what is known of the target before, with its keys as the trace spells them.
    """
    if verdict.state is not State.PASSED:
        return []
    steps = (*scenario.setup, *scenario.steps)
    asked = [each for each in trace.exchanges if not isinstance(steps[each.step].action, AskModel)]
    return [
        each
        for each in Ledger(given).see(single for exchange in asked for single in exchange.single())
        if given.contract in requirements[each.requirement].contracts
    ]
