"""How certain the median of a few values is, without numpy and without chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_PAIRS = 6
"""Fewer prove nothing at 95 %: that five of five are slower happens by chance in one case of 16, either way."""


def median_interval(ordered: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of the median of values in ascending order.

    It is the one that infinitely many resamples would give, so there is no seed: the median of n values drawn with
    replacement is at most the k-th smallest when half of the draws are among the k smallest, which has the probability
    of a binomial tail (Efron 1979, section 3). An even number of values has two medians; the outer one counts.
    """
    count = len(ordered)
    half, tail = (count + 1) // 2, (1 - 0.95) / 2
    low, high = 1, count
    while low < high:
        middle = (low + high) // 2
        if _at_least(half, count, middle / count) > tail:
            high = middle
        else:
            low = middle + 1
    return ordered[low - 1], ordered[count - low]


def _at_least(least: int, count: int, chance: float) -> float:
    """The probability that so many of `count` draws succeed."""
    if chance >= 1:
        return 1.0
    yes, no, all_ways = math.log(chance), math.log1p(-chance), math.lgamma(count + 1)
    return math.fsum(
        math.exp(all_ways - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * yes + (count - k) * no)
        for k in range(least, count + 1)
    )
