"""The comparison of evaluation runs as one value. Its JSON form has a published schema, which comes from here."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from harness.records import Difference, Document, Record


class Verdict(StrEnum):
    """What a difference is, the worst first."""

    WORSE = "worse"
    UNKNOWN = "unknown"
    """There is too little data to tell."""
    NONE = "no difference seen"
    BETTER = "better"


class State(StrEnum):
    """A sample in one run, by its mean over the scored epochs."""

    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    ERROR = "error"
    """No score: no answer, or none yet."""


class RunSide(Record):
    """One of the two runs."""

    file: str
    run: str
    started: AwareDatetime
    targets: tuple[str, ...]
    models: tuple[str, ...]
    epochs: int
    planned: int = Field(description="samples times epochs")
    scored: int
    complete: bool


class Effect(Record):
    """The difference that one scorer sees, over all samples or those of a category. Null: it can't be told."""

    scorer: str
    category: str | None = Field(description="null: all samples")
    n_pairs: int = Field(description="samples with a score in both runs; the numbers are theirs")
    n_clusters: int = Field(description="how many of them are independent")
    left_out: int = Field(description="samples without a score in one of the runs")
    old: float | None = Field(description="mean over samples of the mean over their epochs")
    new: float | None
    difference: float | None = Field(description="new - old")
    standard_error: float | None = Field(description="clustered, where samples share clusters")
    interval: tuple[float, float] | None = Field(description="95 % confidence interval of the difference")
    bootstrap: tuple[float, float] | None = Field(description="95 % interval from 10,000 resamples")
    test: Literal["mcnemar", "sign-flip"] | None
    p_value: float | None = Field(description="of no difference, two-sided")
    p_adjusted: float | None = Field(
        description="Benjamini-Hochberg: the main effects of all benchmarks together, and all other effects together"
    )
    minimum_detectable_effect: float | None = Field(
        description="the smallest true difference that is noticed in four of five cases; null: there is none"
    )
    low_bound: float | None = Field(
        description="the difference over all samples, if what has no score were right in the old run, wrong in the new"
    )
    high_bound: float | None = Field(description="likewise, the other way round")
    verdict: Verdict = Field(description="a difference if the interval leaves out 0 and p_adjusted is below 0.05")


class Answer(Record):
    """What one run said to a sample, in the first epoch that is telling; clipped as in `samples.jsonl`."""

    mean: float = Field(description="over the scored epochs")
    epoch: int
    answer: str
    extracted: str | None = Field(description="what the scorer took to be the answer")
    explanation: str | None
    conversation: str


class Flip(Record):
    """A sample that was right in one run, which is a mean of at least one half, and not in the other."""

    id: str
    category: str | None
    question: str
    target: tuple[str, ...]
    old: Answer
    new: Answer

    @property
    def broke(self) -> bool:
        """Whether the new run is the wrong one."""
        return self.old.mean > self.new.mean


class Flake(Record):
    """A sample on which the epochs of one run, or of both, disagree."""

    id: str
    category: str | None
    old: tuple[float | None, ...] = Field(description="by epoch; null: no score")
    new: tuple[float | None, ...]


class Transition(Record):
    """How many samples went from one state to another."""

    old: State
    new: State
    samples: int


class Measure(StrEnum):
    """What a sample costs."""

    SECONDS = "seconds"
    PROMPT = "prompt tokens"
    COMPLETION = "completion tokens"
    DOLLARS = "dollars"


class Shift(Record):
    """How time or tokens changed, sample by sample; of samples that were answered in both runs."""

    measure: Measure
    pairs: int
    old: float = Field(description="median over samples of the mean over their epochs")
    new: float
    ratio: float = Field(description="median of new / old, sample by sample")
    low: float = Field(description="95 % bootstrap interval of that median")
    high: float
    flagged: bool = Field(description="the interval excludes 1, and the ratio is beyond the threshold")


class Task(Record):
    """One benchmark, in both runs."""

    benchmark: str
    old: RunSide
    new: RunSide
    forced: tuple[str, ...] = Field(description="why the runs are not comparable as a whole, if they aren't")
    compared: int = Field(description="samples")
    left_out: int = Field(description="samples that only one of the runs has")
    asked_otherwise: int = Field(description="samples of one id whose question is another; the hashes differ then too")
    effects: tuple[Effect, ...] = Field(description="the first is the main one: the main scorer over all samples")
    transitions: tuple[Transition, ...] = Field(description="by the main scorer; samples")
    flips: tuple[Flip, ...] = Field(description="by the main scorer; those that broke first")
    flakes: tuple[Flake, ...] = Field(description="by the main scorer")
    shifts: tuple[Shift, ...]
    about: tuple[Difference, ...]

    @property
    def main(self) -> Effect:
        """The main scorer over all samples."""
        return self.effects[0]


class EvaluationComparison(Document, schema="evaluation-comparison"):
    """What changed from one evaluation to another, in one benchmark or several."""

    format: Literal["openhands-gateway-harness/evaluation-comparison"] = (
        "openhands-gateway-harness/evaluation-comparison"
    )
    version: Literal[1] = 1
    latency_threshold: float
    max_drop: float | None = Field(description="a drop by more than this fails, whether or not it may be chance")
    tasks: tuple[Task, ...]
    disappeared: tuple[str, ...] = Field(description="benchmarks that only the old runs have")
    appeared: tuple[str, ...] = Field(description="benchmarks that only the new runs have")

    @property
    def worse(self) -> tuple[Task, ...]:
        """Benchmarks whose main score dropped, and not by chance."""
        return tuple(task for task in self.tasks if task.main.verdict is Verdict.WORSE)

    @property
    def dropped(self) -> tuple[Task, ...]:
        """Benchmarks whose main score dropped by more than `max_drop`."""
        most = self.max_drop
        return tuple(
            task
            for task in self.tasks
            if most is not None and task.main.difference is not None and -task.main.difference > most + 1e-9
        )

    @property
    def slower(self) -> bool:
        """Whether a benchmark takes longer, beyond the threshold."""
        shifts = (shift for task in self.tasks for shift in task.shifts if shift.measure is Measure.SECONDS)
        return any(shift.flagged and shift.ratio > 1 for shift in shifts)

    @property
    def incomplete(self) -> bool:
        """Whether scores are missing in one of the runs, or there is too little data to tell."""
        return bool(self.disappeared) or any(
            task.main.verdict is Verdict.UNKNOWN or not task.old.complete or not task.new.complete
            for task in self.tasks
        )

    def exit_status(self, *, fail_on_latency: bool = False) -> int:
        """1 when a gate is missed; else 3 when a run is incomplete; else 0."""
        if self.worse or self.dropped or (fail_on_latency and self.slower):
            return 1
        return 3 if self.incomplete else 0
