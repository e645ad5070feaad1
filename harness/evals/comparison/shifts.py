"""Tests whether samples take more time or tokens than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.evals.comparison.record import Measure, Shift
from harness.evals.statistics.summary import sample_means
from harness.median import FEWEST_PAIRS, median_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.evals.comparison.runs import Run

_RESOLUTION = 0.0005
"""Seconds: half of the rounding step. Values that round to zero have no ratio."""


def shifts(old: Run, new: Run, samples: Sequence[str], threshold: float) -> Iterator[Shift]:
    """The shift of each measure that enough samples have in both runs.

    Args:
        old: the earlier run.
        new: the later one.
        samples: the samples to compare.
        threshold: such as 1.5: a median half as much again, or smaller by the same factor, is flagged if it is certain.
    """
    for measure in Measure:
        before, after = (sample_means(run.values(measure, samples)) for run in (old, new))
        if measure is Measure.SECONDS:
            before, after = np.maximum(before, _RESOLUTION), np.maximum(after, _RESOLUTION)
        both = (before > 0) & (after > 0)
        if both.sum() < FEWEST_PAIRS:
            continue
        ratios = np.sort(after[both] / before[both])
        ratio, (low, high) = float(np.median(ratios)), median_interval(ratios.tolist())
        yield Shift(
            measure=measure,
            pairs=len(ratios),
            old=float(np.median(before[both])),
            new=float(np.median(after[both])),
            ratio=ratio,
            low=low,
            high=high,
            flagged=(low > 1 and ratio >= threshold) or (high < 1 and ratio <= 1 / threshold),
        )
