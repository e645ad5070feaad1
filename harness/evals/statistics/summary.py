"""The scores of one run in a few numbers, each with what it leaves open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.evals.statistics.interval import (
    TWO_SIDED,
    around,
    cluster_numbers,
    minimum_detectable,
    standard_error,
    wilson,
)
from harness.evals.statistics.passes import Passes, passes

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

type Method = Literal["wilson", "clt", "clustered"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the scores of one scorer say. No number is NaN: what can't be said is None.

    Attributes:
        n_samples: samples with at least one score; the mean is theirs.
        n_clusters: how many of them are independent: clusters, each sample without one counted as its own.
        mean: over samples, of each sample's mean over its scored epochs.
        standard_error: of the mean; None with fewer than two clusters.
        interval: 95 %, within 0 and 1.
        method: of the interval: `wilson` for right or wrong in one epoch, and where all scores are 0 or all are 1,
            which would leave the others without a width; `clustered` where samples share clusters; else `clt`. Both of
            these take Student's t, with one degree of freedom less than clusters.
        low_bound: the mean over everything that was planned, if what has no score were wrong.
        high_bound: likewise, if it were right.
        passes: pass@k and pass^k; empty with one epoch.
        minimum_detectable_effect: the smallest true difference to another run of the same size that would be noticed in
            four of five cases, if the samples' scores in both had nothing in common. A comparison pairs them by sample,
            and sees less than this.
    """

    n_samples: int
    n_clusters: int
    mean: float | None
    standard_error: float | None
    interval: tuple[float, float] | None
    method: Method | None
    low_bound: float | None
    high_bound: float | None
    passes: tuple[Passes, ...]
    minimum_detectable_effect: float | None

    @property
    def pass_at(self) -> dict[int, float]:
        """pass@k by k."""
        return {each.k: each.at for each in self.passes}

    @property
    def pass_hat(self) -> dict[int, float]:
        """pass^k by k."""
        return {each.k: each.hat for each in self.passes}


def summarise(values: NDArray[np.float64], clusters: Sequence[Hashable | None]) -> Summary:
    """Sum up the scores of one scorer.

    Args:
        values: [samples, epochs], from 0 to 1, NaN where there is no score.
        clusters: of each sample; samples of one cluster are not independent. None: on its own.
    """
    scored = ~np.isnan(values).all(axis=1)
    means = sample_means(values[scored])
    numbers = cluster_numbers([cluster for cluster, has in zip(clusters, scored, strict=True) if has])
    count = int(numbers.max(initial=-1)) + 1
    mean = float(means.mean()) if len(means) else None
    error = standard_error(means, numbers)
    method, interval = _interval(means, count, error, single=values.shape[1] == 1)
    return Summary(
        n_samples=len(means),
        n_clusters=count,
        mean=mean,
        standard_error=error,
        interval=interval,
        method=method,
        low_bound=float(np.nan_to_num(values, nan=0.0).mean()) if values.size else None,
        high_bound=float(np.nan_to_num(values, nan=1.0).mean()) if values.size else None,
        passes=passes(values) if values.shape[1] > 1 else (),
        minimum_detectable_effect=_detectable(error, interval, count),
    )


def sample_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each sample over its scored epochs, NaN for one without any."""
    scored = (~np.isnan(values)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = np.nansum(values, axis=1) / scored
    return means


def _interval(
    means: NDArray[np.float64], count: int, error: float | None, *, single: bool
) -> tuple[Method | None, tuple[float, float] | None]:
    if not count:
        return None, None
    extreme = bool((means == 0).all() or (means == 1).all())
    right_or_wrong = single and count == len(means) and bool(np.isin(means, (0, 1)).all())
    if extreme or right_or_wrong:
        return "wilson", wilson(float(means.mean()) * count, count)
    if error is None:
        return None, None
    low, high = around(float(means.mean()), error, count - 1)
    return "clt" if count == len(means) else "clustered", (max(low, 0.0), min(high, 1.0))


def _detectable(error: float | None, interval: tuple[float, float] | None, count: int) -> float | None:
    """What a difference to another such run would have to be; None when even one from 0 to 1 would go unnoticed."""
    if error is None or interval is None:
        return None
    if error == 0:  # all the same; unlike the error, the interval knows that the next sample may be another
        error = (interval[1] - interval[0]) / (2 * NormalDist().inv_cdf(TWO_SIDED))
    effect = minimum_detectable(math.sqrt(2) * error, count - 1)
    return effect if 0 < effect <= 1 else None
