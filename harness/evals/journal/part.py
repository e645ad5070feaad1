"""The part of a benchmark that a run asks: what its limit and its shard leave."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from harness.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.evals.journal.journal import RunHeader
    from harness.evals.sample import Sample, Samples


def part(samples: Samples, header: RunHeader) -> Iterator[tuple[int, Sample]]:
    """The samples of a run, with their places in the benchmark. Raises BenchmarkError."""
    shard = Shard.parse(header.shard) if header.shard else None
    for index, sample in enumerate(islice(samples, header.samples)):
        if shard is None or shard.holds(sample.id):
            yield index, sample
