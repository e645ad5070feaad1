"""HTML tables that scroll sideways on narrow pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.presentation.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterable


def table(label: str, heads: Iterable[str], rows: Iterable[Markup], *, name: str | None = None) -> Markup:
    """A table.

    Args:
        label: what the table shows, for screen readers.
        heads: the column headings.
        rows: `tr` elements, such as `row` makes.
        name: CSS class.
    """
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    made = tag("table", head, tag("tbody", *rows), class_=name)
    return tag("div", made, class_="scroll", tabindex="0", role="region", aria_label=label)


def row(first: str, *rest: str) -> Markup:
    """A row whose first cell is its heading."""
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
