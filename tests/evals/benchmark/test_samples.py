"""Samples are read as they are needed."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from harness.evals.benchmark.load import load_benchmark
from harness.evals.sample import BenchmarkError
from tests.evals.benchmark.files import write

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("jinja2")


def _many(folder: Path, count: int) -> str:
    lines = (json.dumps({"id": f"s{n}", "prompt": f"What is {n}?", "target": str(n)}) for n in range(count))
    return write(folder, f"{count}.jsonl", "\n".join(lines))


def _peak(file: str) -> int:
    """The peak memory in bytes of loading a benchmark and iterating over it."""
    tracemalloc.start()
    try:
        for _ in load_benchmark(file, scorers=["exact"]).samples:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_by_a_few_bytes_a_sample(tmp_path: Path) -> None:
    load_benchmark(_many(tmp_path, 1), scorers=["exact"])  # what is imported and compiled once
    few, many = _many(tmp_path, 1_500), _many(tmp_path, 4_500)
    assert (_peak(many) - _peak(few)) / 3_000 < 16


def test_samples_can_be_gone_through_again_and_at_the_same_time(tmp_path: Path) -> None:
    samples = load_benchmark(_many(tmp_path, 5), scorers=["exact"]).samples
    first = list(samples)
    assert len(samples) == len(first) == 5
    assert all(one == other for one, other in zip(samples, samples, strict=True))
    assert list(samples) == first


def test_a_file_that_changed_under_the_run_is_refused(tmp_path: Path) -> None:
    file = _many(tmp_path, 5)
    samples = load_benchmark(file, scorers=["exact"]).samples
    write(tmp_path, "5.jsonl", '{"prompt": "another"}')
    with pytest.raises(BenchmarkError, match="has changed since it was read"):
        list(samples)
