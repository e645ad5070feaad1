"""pass@k and pass^k: whether one of k tries is right, and whether all of them are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Passes:
    """Estimates for one k, from the samples with at least k scored epochs; the others say nothing without bias.

    Attributes:
        k: tries.
        at: pass@k, the chance that at least one of k tries is right.
        hat: pass^k, the chance that all of k tries are right.
    """

    k: int
    at: float
    hat: float


def passes(values: NDArray[np.float64]) -> tuple[Passes, ...]:
    """Both estimates for k = 1, 2, 4 and so on, and for the number of epochs; without bias.

    The chance is that of k epochs drawn without replacement from those of a sample: 1 - C(n - c, k) / C(n, k) with c of
    n right (Chen et al. 2021, arXiv 2107.03374), and C(c, k) / C(n, k) for all (Yao et al. 2024, arXiv 2406.12045).

    Args:
        values: [samples, epochs], NaN where there is no score. Right is what has the full score, 1.

    Returns:
        In order of k; none where no sample has k scores.
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
    """C(few, k) / C(n, k), as a product, since the binomials themselves outgrow a float."""
    steps = np.arange(k)
    return np.prod(np.maximum(few[:, None] - steps, 0) / (n[:, None] - steps), axis=1)
