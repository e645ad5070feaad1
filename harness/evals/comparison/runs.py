"""Runs loaded for comparison: scores as arrays, without the texts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.evals.comparison.record import Measure
from harness.evals.results.record import RUN_FILE, read_run, read_samples
from harness.records import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.evals.results.record import RunRecord, SampleRecord


@dataclass(frozen=True, slots=True)
class Run:
    """A run and its samples' values.

    Attributes:
        folder: the name that the user gave.
        record: its `run.json`.
        rows: each sample's row in the arrays.
        categories: of the samples that have one.
        clusters: of the samples that have one.
        questions: a fingerprint of each question.
        columns: `[samples + 1, epochs]`, NaN where there is no value, by the name of the scorer or measure, such as
            `seconds`; the last row, all NaN, stands for any sample that the run does not have.
    """

    folder: Path
    record: RunRecord
    rows: Mapping[str, int]
    categories: Mapping[str, str]
    clusters: Mapping[str, str]
    questions: Mapping[str, int]
    columns: Mapping[str, NDArray[np.float64]]

    def values(self, column: str, samples: Iterable[str]) -> NDArray[np.float64]:
        """The values of these samples, in this order."""
        epochs = self.record.benchmark.epochs
        found = self.columns.get(column, np.full((len(self.rows) + 1, epochs), np.nan))
        return found[[self.rows.get(sample, -1) for sample in samples]]


def find_runs(path: Path) -> dict[str, Path]:
    """The folders of the runs at or below a path, by benchmark name.

    Raises:
        RecordError: there is no run, or there are two of one benchmark.
    """
    if path.is_file() or (path / RUN_FILE).is_file():
        folders = [path.parent if path.is_file() else path]
    else:
        folders = [each.parent for each in sorted(path.rglob(RUN_FILE))]
    if not folders:
        raise RecordError(
            f"{path}: no {RUN_FILE} in it; give the folder of a run of `gateway-harness eval`, or of several"
        )
    runs: dict[str, Path] = {}
    for folder in folders:
        name = read_run(folder).benchmark.name
        if name in runs:
            raise RecordError(
                f"{path}: there are two runs of {name}, {runs[name]} and {folder}; give the folder of one"
            )
        runs[name] = folder
    return runs


def read(folder: Path) -> Run:
    """Read a run.

    Raises:
        RecordError: a file can't be read, or is broken.
    """
    record = read_run(folder)
    epochs = record.benchmark.epochs
    rows: dict[str, int] = {}
    categories, clusters, questions = {}, {}, {}
    cells: defaultdict[str, list[tuple[int, int, float]]] = defaultdict(list)
    for sample in read_samples(folder):
        row = rows.setdefault(sample.id, len(rows))
        questions[sample.id] = hash((sample.question, sample.target))
        if sample.category is not None:
            categories[sample.id] = sample.category
        if sample.cluster is not None:
            clusters[sample.id] = sample.cluster
        if sample.epoch > epochs:
            raise RecordError(f"{folder}: epoch {sample.epoch} of {epochs}; `gateway-harness score` writes it anew")
        for column, value in _values(sample):
            cells[column].append((row, sample.epoch - 1, value))
    return Run(
        folder=folder,
        record=record,
        rows=rows,
        categories=categories,
        clusters=clusters,
        questions=questions,
        columns={column: _array(found, len(rows), epochs) for column, found in cells.items()},
    )


def score(scorer: str) -> str:
    """The column of a scorer; its name can't clash with a measure's."""
    return f"score: {scorer}"


def _values(sample: SampleRecord) -> Iterator[tuple[str, float]]:
    if sample.failure is not None:
        return
    yield from ((score(scorer), value) for scorer, value in sample.scores.items())
    yield Measure.SECONDS, sample.seconds
    if sample.usage is not None:
        yield Measure.PROMPT, sample.usage.prompt_tokens
        yield Measure.COMPLETION, sample.usage.completion_tokens
        if sample.usage.cost is not None:
            yield Measure.DOLLARS, sample.usage.cost


def _array(cells: Sequence[tuple[int, int, float]], samples: int, epochs: int) -> NDArray[np.float64]:
    array = np.full((samples + 1, epochs), np.nan)
    row, epoch, values = zip(*cells, strict=True)
    array[row, epoch] = values
    return array
