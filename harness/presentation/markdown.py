"""GitHub-flavoured Markdown, line by line, that steers no terminal which shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.presentation.plain import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def document(lines: Iterable[str]) -> str:
    """The whole text; what is given as one line may be several."""
    return "".join(f"{printable(line)}\n" for text in lines for line in text.split("\n"))


def table(rows: Iterable[Iterable[object]], heads: Sequence[str], *, numbers: bool = True) -> str:
    """A table; columns of numbers are aligned at the right unless `numbers` are text like any other."""
    from tabulate import tabulate

    return tabulate(rows, heads, tablefmt="github", disable_numparse=not numbers)


def cell(text: str) -> str:
    """A text of ours, Markdown and all, in one line that ends no cell."""
    return " ".join(text.split()).replace("|", "\\|")


def folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines that are shown when somebody wants to see them."""
    yield from (f"<details><summary>{title}</summary>", "", *lines, "</details>")
