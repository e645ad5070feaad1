"""The comparison as terminal lines and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compare.sections import headline, scope, sections
from harness.presentation.looks import LOOKS
from harness.presentation.markdown import document
from harness.presentation.plain import plain
from harness.presentation.sections import headline_line, section_lines, section_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compare.record import Comparison, Side
    from harness.presentation.lines import Line


def lines(comparison: Comparison) -> Iterator[Line]:
    """For a terminal."""
    said, tone = headline(comparison)
    yield headline_line(said, tone)
    yield f"  old: {told(comparison.old)}", "dim"
    yield f"  new: {told(comparison.new)}", "dim"
    yield from section_lines(sections(comparison))
    yield "", None
    yield scope(comparison), "dim"


def markdown(comparison: Comparison) -> str:
    """For a CI step summary: the verdict, then each section; neutral changes are folded."""
    said, tone = headline(comparison)
    head = [f"# {LOOKS[tone].picture} {said}", ""]
    sides = [f"- old: {plain(told(comparison.old))}", f"- new: {plain(told(comparison.new))}", ""]
    return document([*head, *sides, f"{scope(comparison)}.", *section_markdown(sections(comparison))])


def told(side: Side) -> str:
    """One of the two runs in one line."""
    return f"{side.target} is {side.outcome} ({side.contract}), {side.started:%Y-%m-%d %H:%M:%S} UTC, {side.file}"
