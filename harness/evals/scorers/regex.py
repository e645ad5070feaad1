"""The scorer of regular expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator, model_validator

from harness.evals.scorers.scorer import Mark
from harness.evals.scorers.worker import WorkerScorer

if TYPE_CHECKING:
    from harness.evals.outcome import Outcome
    from harness.evals.sample import Sample


class Regex(WorkerScorer):
    """Right when the answer matches the pattern and, if a group is named, the group matches a target.

    Patterns are those of Python's `re`. A pattern that takes too long on an answer fails the scorer.
    """

    pattern: str | None = None
    """None: each target is a pattern."""
    group: int | str | None = None
    """Its number or name."""
    which: Literal["first", "last"] = "first"
    """Which of several matches counts."""
    full: bool = False
    """Whether it must match the whole answer, apart from white space around it."""
    ignore_case: bool = False
    multiline: bool = False
    """Whether `^` and `$` match at each line."""
    dotall: bool = False
    """Whether `.` matches line breaks too."""
    seconds: float = Field(default=2, gt=0, exclude=True)

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None and (problem := _problem(pattern)):
            raise ValueError(problem)
        return pattern

    @model_validator(mode="after")
    def _has_group(self) -> Regex:
        if self.group is not None:
            if self.pattern is None:
                raise ValueError("`group` is a group of a `pattern`")
            compiled = re.compile(self.pattern)
            if self.group not in compiled.groupindex and self.group not in range(compiled.groups + 1):
                raise ValueError(f"the pattern has no group {self.group!r}")
        return self

    def lacks(self, sample: Sample) -> str | None:
        """A target, if a group is compared with it; without a pattern, targets that are patterns."""
        if self.pattern is not None:
            return super().lacks(sample) if self.group is not None else None
        wrong = next(filter(None, map(_problem, sample.target)), None)
        return super().lacks(sample) or (f"a target that is a pattern ({wrong})" if wrong else None)

    async def score(self, sample: Sample, outcome: Outcome) -> Mark:
        """Match in another process."""
        for pattern in sample.target if self.pattern is None else [self.pattern]:
            said = await self._worker.run(
                "regex",
                pattern=pattern,
                flags=int(
                    (self.ignore_case and re.IGNORECASE)
                    | (self.multiline and re.MULTILINE)
                    | (self.dotall and re.DOTALL)
                ),
                text=outcome.answer,
                group=self.group,
                full=self.full,
                last=self.which == "last",
            )
            if said is not None:
                return Mark(float(self.group is None or self._is_target(said, sample)), said)
        return Mark(0.0, explanation="the pattern is not found")

    def _is_target(self, said: str, sample: Sample) -> bool:
        def folded(text: str) -> str:
            return text.strip().casefold() if self.ignore_case else text.strip()

        return folded(said) in map(folded, sample.target)


def _problem(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as problem:
        return f"{pattern!r} is no regular expression: {problem}"
    return None
