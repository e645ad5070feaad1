"""A benchmark of sums, of which the fake gateway solves all but one in ten, and its scorer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evals.journal.header import RunHeader
from harness.evals.outcome import Score
from harness.evals.runner.settings import Server
from harness.evals.sample import Benchmark, Sample, ScorerSpec
from tests.evals.fake_gateway import task, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.evals.outcome import Outcome


@dataclass(frozen=True)
class Sums:
    """That many sums, generated on demand."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sample]:
        for number in range(self.count):
            yield Sample(id=f"sum-{number}", turns=(task(number),), target=(truth(number),))


class LastNumber:
    """Right if the answer's last number is the target."""

    hash = "last-number"

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, sample: Sample, outcome: Outcome) -> tuple[Score, ...]:
        self.calls += 1
        numbers = re.findall(r"\d+", outcome.answer)
        answer = numbers[-1] if numbers else None
        return (Score("last-number", float(answer in sample.target), answer),)


def sums(count: int) -> Benchmark:
    """The benchmark."""
    return Benchmark("sums", Sums(count), (ScorerSpec("last-number"),))


def header(samples: int, epochs: int = 1) -> RunHeader:
    """A run of it."""
    return RunHeader("0123456789abcdef", "2026-11-23T10:00:00Z", "sums", samples, epochs)


def server(url: str) -> Server:
    """The fake gateway there."""
    return Server(url, None, "openhands_fake")
