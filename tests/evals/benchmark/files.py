"""Benchmarks written into a folder and read: what the tests of this folder have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.evals.benchmark.load import load_benchmark
from harness.evals.sample import BenchmarkError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.evals.sample import Sample


def write(folder: Path, name: str, content: str | bytes) -> str:
    """Write a file; its path, as one types it."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def only_sample(argument: str, **options: Any) -> Sample:
    """The one sample of a benchmark."""
    (sample,) = load_benchmark(argument, **options).samples
    return sample


def complaint(argument: str, **options: Any) -> str:
    """The error message for a benchmark that can't be used, without its folder."""
    with pytest.raises(BenchmarkError) as error:
        load_benchmark(argument, **options)
    return str(error.value).replace(argument.rpartition("/")[0] + "/", "")
