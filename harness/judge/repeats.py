"""The verdict on a scenario played several times: stable, or flaky with its rate."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.verdict import Repeats, ScenarioVerdict, State

if TYPE_CHECKING:
    from collections.abc import Sequence

_Z = 1.959964
"""The standard normal distribution's 97.5th percentile."""


def combine(runs: Sequence[ScenarioVerdict]) -> ScenarioVerdict:
    """The verdict over at least one run; findings and reason are those of the first run that ranks highest.

    A scenario that passed in one run and was violated in another is flaky. A run without a verdict leaves the scenario
    without one, unless another run was violated.
    """
    verdict = max(runs, key=telling)
    if len(runs) == 1:
        return verdict
    repeats = Repeats(
        runs=len(runs),
        passed=sum(run.state is State.PASSED for run in runs),
        violated=sum(run.state.is_violation for run in runs),
    )
    if verdict.state.is_violation and repeats.passed:
        return replace(verdict, state=State.FLAKY, reason=f"{in_words(repeats)}: {verdict.reason}", repeats=repeats)
    return replace(verdict, repeats=repeats)


def telling(verdict: ScenarioVerdict) -> tuple[bool, bool, int]:
    """The rank of a run among those of one scenario: a violation ranks above a run that could not run."""
    state = verdict.state
    return state is State.HARNESS_ERROR, state.is_violation, state.rank


def in_words(repeats: Repeats) -> str:
    """The rate of violations, with its interval."""
    judged = repeats.passed + repeats.violated
    low, high = interval(repeats)
    return (
        f"violated in {repeats.violated} of {judged} runs "
        f"({repeats.violated / judged:.0%}, 95 % interval {low:.0%} to {high:.0%})"
    )


def interval(repeats: Repeats) -> tuple[float, float]:
    """Wilson's 95 % interval of the rate of violations (Wilson 1927); 0 to 1 if no run has a verdict."""
    count = repeats.passed + repeats.violated
    if not count:
        return 0.0, 1.0
    rate, weight = repeats.violated / count, _Z * _Z / count
    middle = rate + weight / 2
    spread = _Z * math.sqrt(rate * (1 - rate) / count + weight / (4 * count))
    return max(0.0, (middle - spread) / (1 + weight)), min(1.0, (middle + spread) / (1 + weight))
