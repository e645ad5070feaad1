"""What a scorer is: its options, what it needs of a sample, and the mark that it gives an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from harness.evals.outcome import Outcome
    from harness.evals.sample import Sample
    from harness.json_value import Json


class ScorerError(Exception):
    """The scorer itself failed: a judge that can't be reached, a sandbox that doesn't start. Never a wrong answer."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one scorer gives one answer; see Score for the fields."""

    value: float
    answer: str | None = None
    explanation: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)


class Scorer(BaseModel):
    """A scorer; its fields are its options.

    A subclass has `score`, a coroutine function if it takes longer than some microseconds; it raises ScorerError.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    version: ClassVar[int] = 1
    """Part of the hash: raised when the same answer may get another mark."""
    costly: ClassVar[bool] = False
    """Whether a mark costs money: it is made last, and `score` keeps it as long as the scorer's hash is the same."""

    def score(self, sample: Sample, outcome: Outcome) -> Mark | Awaitable[Mark]:
        """What the outcome's last answer is worth."""
        raise NotImplementedError

    def lacks(self, sample: Sample) -> str | None:
        """What the sample would need to be scored, as a noun; None when it has it."""
        return None if sample.target else "a target"

    def prepare(self) -> None:
        """Raise ScorerError if it can't work here; called before anything is asked."""

    async def close(self) -> None:
        """Let go of processes and connections."""
