"""Two runs over the same samples: their paired difference, and whether chance explains it."""

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
    """The difference between two runs over the same samples. Unknown numbers are None, never NaN.

    Attributes:
        n_pairs: samples with a score in both runs; everything but the bounds is about these.
        n_clusters: how many independent clusters they form.
        old: the old run's mean over the pairs, of each sample's mean over its scored epochs.
        new: likewise for the new run.
        difference: new - old.
        standard_error: of the difference, over pairs or their clusters.
        interval: 95 %, within -1 and 1.
        bootstrap: also 95 %, from 10,000 resamples of the pairs or whole clusters; assumes no distribution.
        p_value: two-sided, for the hypothesis of no difference.
        test: `mcnemar`, exact, for right or wrong in one epoch; else `sign-flip`, the same test for any values.
        low_bound: the difference over all samples if missing scores were wrong in the new run and right in the old.
        high_bound: likewise, the other way round.
        minimum_detectable_effect: the smallest true difference that such a comparison detects with 80 % power; None
            when there is none.
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
        """Whether the difference is significant: the interval excludes 0 and the test agrees.

        With few pairs the interval alone is too narrow: by chance, three pairs all change one way in one of four cases.
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
    """Compare two runs.

    Args:
        old: [samples, epochs], from 0 to 1, NaN for no score.
        new: the same samples in the same order; the number of epochs may differ.
        clusters: of each sample; None: independent.
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
    """The exact two-sided p-value for the numbers of better and worse pairs, from the binomial distribution."""
    pairs, few = better + worse, min(better, worse)
    whole = math.lgamma(pairs + 1) - pairs * math.log(2)
    tail = math.fsum(math.exp(whole - math.lgamma(k + 1) - math.lgamma(pairs - k + 1)) for k in range(few + 1))
    return min(1.0, 2 * tail)


def _interval(
    differences: NDArray[np.float64], of_clusters: NDArray[np.float64], error: float | None, *, adjust: bool
) -> tuple[tuple[float, float] | None, float | None]:
    """The interval, and the minimum detectable effect.

    For right or wrong in one epoch it is that of Bonett and Price (2012, doi 10.3102/1076998611411915): the usual one
    with one better and one worse pair added. It has a width even when no pair changed or all did, so in those cases it
    is used for other scores too.
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
