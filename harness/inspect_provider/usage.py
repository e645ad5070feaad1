"""The usage of one turn, from what a server reports: the `usage` of released servers is a running total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspect_ai.model import ModelUsage

from harness.evals.outcome import Usage

if TYPE_CHECKING:
    from harness.inspect_provider.dialogue import Turn


def spent(turn: Turn, total: Usage | None, told: Usage | None) -> tuple[Usage | None, Usage | None]:
    """The usage of the conversation so far, and of the turn alone; None for what is not known.

    Args:
        turn: the turn that was answered.
        total: the conversation's usage from the native API; None when it can't be asked.
        told: the usage in the answer: of the turn (reference gateway) or of the conversation (released servers).
    """
    before = turn.used_before or (Usage(0, 0, 0.0) if turn.number == 1 else None)
    if total is None and told is not None and before is not None:
        is_total = told.prompt_tokens >= before.prompt_tokens and told.completion_tokens >= before.completion_tokens
        total = told if is_total else _sum(before, told)
    if total is None or before is None:
        return total, None
    return total, _difference(total, before)


def model_usage(usage: Usage) -> ModelUsage:
    """Usage as Inspect's type."""
    return ModelUsage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        total_cost=usage.cost,
    )


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(one.prompt_tokens + other.prompt_tokens, one.completion_tokens + other.completion_tokens)


def _difference(later: Usage, earlier: Usage) -> Usage:
    cost = None if later.cost is None or earlier.cost is None else later.cost - earlier.cost
    return Usage(later.prompt_tokens - earlier.prompt_tokens, later.completion_tokens - earlier.completion_tokens, cost)
