"""Scoring one answer and writing the scores to the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from harness.evals.outcome import Failure, FailureKind
from harness.evals.scorers.scorer import ScorerError

if TYPE_CHECKING:
    from harness.evals.journal.journal import Journal
    from harness.evals.outcome import Outcome, Score
    from harness.evals.sample import Sample


class Scoring(Protocol):
    """Scores answers."""

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of everything that affects a score besides the sample and the answer."""

    async def __call__(self, sample: Sample, outcome: Outcome) -> tuple[Score, ...]:
        """The scores of an answered sample, in the benchmark's order. Raises ScorerError."""


async def scored(scoring: Scoring, journal: Journal, sample: Sample, outcome: Outcome) -> Outcome:
    """Score an answered sample: its outcome with scores, or with the failure of a scorer. Raises JournalError."""
    result: tuple[Score, ...] | Failure
    try:
        result = await scoring(sample, outcome)
    except ScorerError as problem:
        result = Failure(FailureKind.SCORER, str(problem))
    await journal.scored(outcome.index, outcome.epoch, scorer_hash=scoring.hash, result=result)
    if isinstance(result, Failure):
        return replace(outcome, failure=result)
    return replace(outcome, scores=result)
