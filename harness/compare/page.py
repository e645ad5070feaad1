"""The comparison as one HTML file, styled and secured like the report of `check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compare.sections import headline, scope, sections
from harness.compare.text import describe
from harness.presentation import document as frame
from harness.presentation.markup import join, tag
from harness.presentation.sections import STYLE, section_parts
from harness.presentation.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.compare.record import Comparison, LatencyShift
    from harness.presentation.markup import Markup


def page(comparison: Comparison) -> str:
    """The comparison as HTML."""
    said, tone = headline(comparison)
    header = tag(
        "header",
        tag("h1", said),
        tag("p", f"old: {describe(comparison.old)}"),
        tag("p", f"new: {describe(comparison.new)}"),
        tag("p", f"{scope(comparison)}."),
        class_=tone.value,
    )
    parts = section_parts(sections(comparison))
    parts["latency"] = ("Latency of each call", _latency(comparison.latency))
    return frame.document(said, header, frame.sections(parts), style=STYLE)


def _latency(shifts: Iterable[LatencyShift]) -> Markup:
    rows = [
        tag(
            "tr",
            tag("th", tag("code", shift.call), scope="row"),
            *(
                tag("td", number, class_="number")
                for number in (
                    str(shift.pairs),
                    f"{shift.old * 1000:.1f} ms",
                    f"{shift.new * 1000:.1f} ms",
                    f"{shift.ratio:.2f}",
                    f"{shift.low:.2f} to {shift.high:.2f}",
                )
            ),
            tag("td", "flagged" if shift.flagged else ""),
        )
        for shift in shifts
    ]
    columns = ("call", "pairs", "old median", "new median", "ratio", "95 % interval", "")
    return table("Latency", columns, rows) if rows else join()
