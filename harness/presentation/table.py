"""Tables of a page, which scroll by themselves where the page is narrower than they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.presentation.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterable


def table(label: str, heads: Iterable[str], rows: Iterable[Markup], *, name: str | None = None) -> Markup:
    """A table.

    Args:
        label: what it is of, for those who don't see it.
        heads: of the columns.
        rows: `tr` elements, such as `row` makes.
        name: its class in the style sheet.
    """
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    made = tag("table", head, tag("tbody", *rows), class_=name)
    return tag("div", made, class_="scroll", tabindex="0", role="region", aria_label=label)


def row(first: str, *rest: str) -> Markup:
    """A row, whose first cell says what it is about."""
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
