"""Two runs over the same samples: the difference, pair by pair, and whether chance explains it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.evals.statistics.interval import around, cluster_numbers, minimum_detectable, standard_error
from harness.evals.statistics.resample import bootstrap, sign_flip
from harness.evals.statistics.summary import sample_means

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

type Test = Literal["mcnemar", "sign-flip"]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """What two runs say of the same samples. No number is NaN: what can't be said is None.

    Attributes:
        n_pairs: samples with a score in both runs; all but the bounds are theirs.
        n_clusters: how many of them are independent.
        old: mean of the old run over the pairs; of each sample's mean over its scored epochs.
        new: likewise.
        difference: new - old.
        standard_error: of the difference, over pairs or their clusters.
        interval: 95 %, within -1 and 1.
        bootstrap: 95 % too, from 10,000 resamples of the pairs, or of their clusters as wholes: a second opinion that
            assumes no distribution.
        p_value: of no difference, two-sided.
        test: `mcnemar`, exact, for right or wrong in one epoch; else `sign-flip`, the same test for any values.
        low_bound: the difference over all samples, if what has no score were wrong in the new run and right in the old.
        high_bound: likewise, the other way round.
        minimum_detectable_effect: the smallest true difference that such a comparison notices in four of five cases;
            None when there is none that it would.
    """

    n_pairs: int
    n_clusters: int
    old: float | None
    new: float | None
    difference: float | None
    standard_error: float | None
    interval: tuple[float, float] | None
    bootstrap: tuple[float, float] | None
    p_value: float | None
    test: Test | None
    low_bound: float | None
    high_bound: float | None
    minimum_detectable_effect: float | None

    @property
    def is_certain(self) -> bool:
        """Whether it is no chance: the interval leaves out 0, and the test agrees.

        With few pairs the interval alone would be too sure: three that all got worse are one chance in four.
        """
        return (
            self.interval is not None
            and self.p_value is not None
            and not self.interval[0] <= 0 <= self.interval[1]
            and self.p_value < 0.05
        )


def paired_difference(
    old: NDArray[np.float64], new: NDArray[np.float64], clusters: Sequence[Hashable | None]
) -> PairedDifference:
    """Hold two runs against each other.

    Args:
        old: [samples, epochs], from 0 to 1, NaN where there is no score.
        new: the same samples in the same order; epochs may be more or fewer.
        clusters: of each sample; None: on its own.
    """
    before, after = sample_means(old), sample_means(new)
    both = ~np.isnan(before) & ~np.isnan(after)
    before, after = before[both], after[both]
    differences = after - before
    numbers = cluster_numbers([cluster for cluster, has in zip(clusters, both, strict=True) if has])
    count = int(numbers.max(initial=-1)) + 1
    low, high = _bounds(old, new)
    if not count:
        return PairedDifference(0, 0, None, None, None, None, None, None, None, None, low, high, None)
    single = count == len(differences) and old.shape[1] == new.shape[1] == 1
    right_or_wrong = single and bool(np.isin([before, after], (0, 1)).all())
    error = standard_error(differences, numbers)
    sums = np.bincount(numbers, differences)
    sizes = np.bincount(numbers)
    interval, detectable = _interval(differences, sums / sizes, error, adjust=right_or_wrong)
    return PairedDifference(
        n_pairs=len(differences),
        n_clusters=count,
        old=float(before.mean()),
        new=float(after.mean()),
        difference=float(differences.mean()),
        standard_error=error,
        interval=interval,
        bootstrap=bootstrap(sums, sizes),
        p_value=mcnemar(int((differences > 0).sum()), int((differences < 0).sum()))
        if right_or_wrong
        else sign_flip(sums),
        test="mcnemar" if right_or_wrong else "sign-flip",
        low_bound=low,
        high_bound=high,
        minimum_detectable_effect=detectable,
    )


def mcnemar(better: int, worse: int) -> float:
    """The exact two-sided p-value of so many pairs that got better and worse, by the binomial distribution."""
    pairs, few = better + worse, min(better, worse)
    whole = math.lgamma(pairs + 1) - pairs * math.log(2)
    tail = math.fsum(math.exp(whole - math.lgamma(k + 1) - math.lgamma(pairs - k + 1)) for k in range(few + 1))
    return min(1.0, 2 * tail)


def _interval(
    differences: NDArray[np.float64], of_clusters: NDArray[np.float64], error: float | None, *, adjust: bool
) -> tuple[tuple[float, float] | None, float | None]:
    """The interval, and the smallest effect that would be noticed.

    For right or wrong in one epoch it is that of Bonett and Price (2012, doi 10.3102/1076998611411915): the usual one
    after a pair that got better and one that got worse are added. It has a width when no pair changed, or all did; so
    it serves there for other scores too.
    """
    if error is None:
        return None, None
    middle, freedom = float(differences.mean()), float(len(of_clusters) - 1)
    if adjust or error == 0:
        added = np.append(of_clusters, (1.0, -1.0))
        middle, error, freedom = float(added.mean()), float(added.std()) / math.sqrt(len(added)), math.inf
    low, high = around(middle, error, freedom)
    effect = minimum_detectable(error, freedom)
    return (max(low, -1.0), min(high, 1.0)), effect if effect <= 1 else None


def _bounds(old: NDArray[np.float64], new: NDArray[np.float64]) -> tuple[float | None, float | None]:
    if not old.size or not new.size:
        return None, None
    worst = np.nan_to_num(new, nan=0.0).mean() - np.nan_to_num(old, nan=1.0).mean()
    best = np.nan_to_num(new, nan=1.0).mean() - np.nan_to_num(old, nan=0.0).mean()
    return float(worst), float(best)
