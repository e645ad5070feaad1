"""Why a target can't be had."""

from __future__ import annotations


class TargetError(Exception):
    """A target can't be had: what happened, where, and what to do. The run is incomplete."""

    exit_status = 3

    def __init__(self, what: str, *, where: str, advice: str) -> None:
        super().__init__(f"{what}\n  where: {where}\n  to do: {advice}")
        self.what, self.where, self.advice = what, where, advice


class TargetUsageError(TargetError):
    """The target was named or configured wrongly, or something that it needs is not installed."""

    exit_status = 2


class TargetUnreachableError(TargetError):
    """Nothing that speaks HTTP answers there."""
