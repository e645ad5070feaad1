"""pass@k and pass^k: the chance that at least one of k tries is right, and that all are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Passes:
    """Estimates for one k, from the samples with at least k scored epochs; others allow no unbiased estimate.

    Attributes:
        k: tries.
        at: pass@k, the chance that at least one of k tries is right.
        hat: pass^k, the chance that all of k tries are right.
    """

    k: int
    at: float
    hat: float


def passes(values: NDArray[np.float64]) -> tuple[Passes, ...]:
    """Unbiased estimates of both for k = 1, 2, 4 and so on, and for the number of epochs.

    For k epochs drawn without replacement from a sample's n, c of them right: 1 - C(n - c, k) / C(n, k) for at least
    one (Chen et al. 2021, arXiv 2107.03374), and C(c, k) / C(n, k) for all (Yao et al. 2024, arXiv 2406.12045).

    Args:
        values: [samples, epochs], NaN for no score. Only the full score, 1, is right.

    Returns:
        In order of k; without those k for which no sample has k scores.
    """
    scored = (~np.isnan(values)).sum(axis=1)
    right = (values >= 1).sum(axis=1)
    epochs = values.shape[1]
    tries = sorted({*(2**power for power in range(epochs.bit_length())), epochs} & set(range(1, epochs + 1)))
    found = []
    for k in tries:
        enough = scored >= k
        if enough.any():
            n, c = scored[enough], right[enough]
            none = _all_of(n - c, n, k)
            found.append(Passes(k, float(1 - none.mean()), float(_all_of(c, n, k).mean())))
    return tuple(found)


def _all_of(few: NDArray[np.int_], n: NDArray[np.int_], k: int) -> NDArray[np.float64]:
    """C(few, k) / C(n, k), as a product, since the binomials overflow a float."""
    steps = np.arange(k)
    return np.prod(np.maximum(few[:, None] - steps, 0) / (n[:, None] - steps), axis=1)
