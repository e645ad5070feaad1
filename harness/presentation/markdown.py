"""GitHub-flavoured Markdown without terminal control characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.presentation.plain import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def document(lines: Iterable[str]) -> str:
    """Join lines into a document; an item may hold several lines."""
    return "".join(f"{printable(line)}\n" for text in lines for line in text.split("\n"))


def table(rows: Iterable[Iterable[object]], heads: Sequence[str], *, numbers: bool = True) -> str:
    """A table; numbers are aligned right unless `numbers` is false."""
    from tabulate import tabulate

    return tabulate(rows, heads, tablefmt="github", disable_numparse=not numbers)


def cell(text: str) -> str:
    """Our own Markdown as one line that can't end a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines in a collapsed block."""
    yield from (f"<details><summary>{title}</summary>", "", *lines, "</details>")
