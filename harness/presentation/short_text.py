"""Short forms of texts, lists, counts and times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.json_value import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def cut_line(text: str, most: int) -> str:
    """Collapse a text into one line of at most `most` characters."""
    return cut(" ".join(text.split()), most)


def first(names: Sequence[str], most: int = 5) -> str:
    """The first names of a list, such as `a, b and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def counted[Word: str](counts: Mapping[Word, int]) -> str:
    """Counts and what they count, such as `3 passed, 1 failed`."""
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def duration(seconds: float) -> str:
    """The duration of one request, such as `1.23 s` or `340 ms`."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
