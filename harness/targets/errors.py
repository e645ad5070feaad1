"""The errors of targets."""

from __future__ import annotations

from harness.errors import HarnessError


class TargetError(HarnessError):
    """A target is not available: what happened, where, and what to do. The run is incomplete."""

    exit_status = 3

    def __init__(self, what: str, *, where: str, advice: str) -> None:
        super().__init__(f"{what}\n  where: {where}\n  to do: {advice}")
        self.what, self.where, self.advice = what, where, advice


class TargetUsageError(TargetError):
    """The target is misnamed or misconfigured, or a package that it needs is not installed."""

    exit_status = 2


class TargetUnreachableError(TargetError):
    """No HTTP server answers at the address."""
