"""Many tests at once: one in twenty true nulls looks like a finding, unless all of them are judged together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Each p-value as Benjamini and Hochberg (1995) adjust it: those below 0.05 hold 5 % false findings at most.

    None, for what could not be tested, stays None and is not counted.
    """
    found = sorted((p, position) for position, p in enumerate(p_values) if p is not None)
    result: list[float | None] = [None] * len(p_values)
    least = 1.0
    for rank in range(len(found), 0, -1):
        p, position = found[rank - 1]
        least = min(least, p * len(found) / rank)
        result[position] = least
    return result
