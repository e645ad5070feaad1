"""The scores of one run in a few numbers, with their uncertainty."""

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
    """A summary of one scorer's scores. Unknown numbers are None, never NaN.

    Attributes:
        n_samples: samples with at least one score, over which the mean is taken.
        n_clusters: how many independent clusters they form; a sample without a cluster counts as one.
        mean: over samples, of each sample's mean over its scored epochs.
        standard_error: of the mean; None with fewer than two clusters.
        interval: 95 %, within 0 and 1.
        method: of the interval: `wilson` for right or wrong in one epoch, and when all scores are 0 or all are 1, where
            the others have no width; `clustered` when samples share clusters; else `clt`. The last two use Student's t
            with one degree of freedom less than clusters.
        low_bound: the mean over everything planned if missing scores were wrong.
        high_bound: likewise, if they were right.
        passes: pass@k and pass^k; empty with one epoch.
        minimum_detectable_effect: the smallest true difference to another run of this size that is detected with 80 %
            power, if the scores of both were independent. A comparison pairs them by sample, and detects smaller ones.
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
    """Summarise the scores of one scorer.

    Args:
        values: [samples, epochs], from 0 to 1, NaN for no score.
        clusters: of each sample; samples of one cluster are not independent. None: independent.
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
    """The mean of each sample over its scored epochs; NaN without any."""
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
    """The minimum detectable effect; None when not even a difference of 1 would be detected."""
    if error is None or interval is None:
        return None
    if error == 0:  # all scores are equal; the interval, unlike the error, allows for other samples
        error = (interval[1] - interval[0]) / (2 * NormalDist().inv_cdf(TWO_SIDED))
    effect = minimum_detectable(math.sqrt(2) * error, count - 1)
    return effect if 0 < effect <= 1 else None
