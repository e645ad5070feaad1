"""Resampling: the bootstrap and the sign-flip test; seeded, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_RESAMPLES = 10_000
_SEED = 7
_CELLS = 2_000_000
"""Floats in memory at once: 16 MB."""

_FEW = 400
"""Up to this many kinds of clusters, it is faster to draw how often each kind occurs; 0/1 scores have three kinds."""

_DIGITS = 12
"""Decimals by which sums are told apart; further ones only reflect the order of addition."""

_EXACT = 14
"""Up to this many signs, all combinations are tried: not many more than would be drawn at random."""


def bootstrap(sums: NDArray[np.float64], sizes: NDArray[np.intp]) -> tuple[float, float] | None:
    """The 95 % percentile interval of a mean, from whole clusters drawn with replacement (Efron 1979).

    Args:
        sums: of each cluster, over its samples.
        sizes: how many samples each has.

    Returns:
        None with fewer than two clusters.
    """
    if len(sums) < 2:
        return None
    random = np.random.default_rng(_SEED)
    kinds, counts = np.unique(np.column_stack((sums.round(_DIGITS), sizes)), axis=0, return_counts=True)
    means = []
    if len(kinds) <= _FEW:
        for rows in _chunks(len(kinds)):
            drawn = random.multinomial(len(sums), counts / len(sums), size=rows) @ kinds
            means.append(drawn[:, 0] / drawn[:, 1])
    else:
        for rows in _chunks(len(sums)):
            which = random.integers(0, len(sums), (rows, len(sums)))
            means.append(sums[which].sum(axis=1) / sizes[which].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return float(low), float(high)


def sign_flip(sums: NDArray[np.float64]) -> float:
    """The two-sided p-value of no difference: how often random signs give a total at least as large (Fisher 1935).

    Without a true difference, each cluster's difference is as likely to have the other sign. The test assumes no
    distribution, so it holds for few clusters; for differences of one size it is McNemar's exact test.

    Args:
        sums: of the differences, of each cluster.
    """
    sizes = np.abs(sums).round(_DIGITS)
    sizes = np.sort(sizes[sizes > 0])
    least = abs(float(sums.sum())) - 1e-9
    if len(sizes) <= _EXACT:
        signs = 2 * (np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes)) & 1) - 1
        return float(np.mean(np.abs(signs @ sizes) >= least))
    random = np.random.default_rng(_SEED)
    kinds, counts = np.unique(sizes, return_counts=True)
    as_large = 0
    if len(kinds) <= _FEW:
        for rows in _chunks(len(kinds)):
            positive = random.binomial(counts, 0.5, (rows, len(kinds))) @ kinds
            as_large += int((np.abs(2 * positive - sizes.sum()) >= least).sum())
    else:
        for rows in _chunks(len(sizes)):
            bits = random.integers(0, 256, (rows, -(-len(sizes) // 8)), dtype=np.uint8)
            positive = np.unpackbits(bits, axis=1, count=len(sizes)) @ sizes
            as_large += int((np.abs(2 * positive - sizes.sum()) >= least).sum())
    return (1 + as_large) / (1 + _RESAMPLES)


def _chunks(width: int) -> Iterator[int]:
    """The numbers of resamples to draw at a time, each `width` numbers wide, until there are enough."""
    rows = max(1, _CELLS // width)
    for done in range(0, _RESAMPLES, rows):
        yield min(rows, _RESAMPLES - done)
