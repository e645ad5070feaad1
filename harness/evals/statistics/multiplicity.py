"""Multiple testing: at 5 %, one in twenty true nulls would look like a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values adjusted after Benjamini and Hochberg (1995): at most 5 % of those below 0.05 are false findings.

    None, for what could not be tested, stays None and does not count.
    """
    found = sorted((p, position) for position, p in enumerate(p_values) if p is not None)
    result: list[float | None] = [None] * len(p_values)
    least = 1.0
    for rank in range(len(found), 0, -1):
        p, position = found[rank - 1]
        least = min(least, p * len(found) / rank)
        result[position] = least
    return result
