"""The comparison for a terminal, and for Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compare.sections import Tone, headline, scope, sections
from harness.presentation.plain import plain, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.compare.record import Comparison, Side
    from harness.compare.sections import Section
    from harness.presentation.lines import Line

STYLES = {Tone.WORSE: "red", Tone.UNKNOWN: "magenta", Tone.BETTER: "green", Tone.NEUTRAL: None}
SIGNS = {Tone.WORSE: "❌", Tone.UNKNOWN: "❓", Tone.BETTER: "✅", Tone.NEUTRAL: "⚪"}

_ITEMS, _DETAILS = 10, 7
"""Of a section and of an item, on a terminal; the other formats have all."""


def lines(comparison: Comparison) -> Iterator[Line]:
    """For a terminal."""
    said, tone = headline(comparison)
    style = STYLES[tone]
    yield said, style and f"bold {style}"
    yield f"  old: {told(comparison.old)}", "dim"
    yield f"  new: {told(comparison.new)}", "dim"
    yield from section_lines(sections(comparison))
    yield "", None
    yield scope(comparison), "dim"


def section_lines(sections: Iterable[Section]) -> Iterator[Line]:
    """What changed, on a terminal; the first of each kind."""
    for section in sections:
        yield "", None
        yield section.title, STYLES[section.tone]
        for item in section.items[:_ITEMS]:
            yield f"  {_joined(item.name, item.text)}", None
            yield from ((f"    {detail}", None) for detail in item.details[:_DETAILS])
            if more := len(item.details[_DETAILS:]):
                yield f"    and {more} more", "dim"
        if more := len(section.items[_ITEMS:]):
            yield f"  and {more} more", "dim"


def markdown(comparison: Comparison) -> str:
    """For a CI step summary: the verdict, then each section; what changed in neither direction is folded."""
    said, tone = headline(comparison)
    page = [
        f"# {SIGNS[tone]} {said}",
        "",
        f"- old: {plain(told(comparison.old))}",
        f"- new: {plain(told(comparison.new))}",
    ]
    page += ["", f"{scope(comparison)}.", *section_markdown(sections(comparison))]
    return "".join(f"{printable(line)}\n" for line in page)


def section_markdown(sections: Iterable[Section]) -> Iterator[str]:
    """What changed, as lines of Markdown."""
    for section in sections:
        folded = section.tone is Tone.NEUTRAL
        title = f"{SIGNS[section.tone]} {section.title} ({len(section.items)})"
        yield from ("", f"<details><summary>{title}</summary>" if folded else f"## {title}", "")
        for item in section.items:
            yield f"- {_joined(f'**{plain(item.name)}**', plain(item.text))}"
            yield from (f"  - {plain(detail)}" for detail in item.details)
        yield from ("", "</details>") if folded else ()


def told(side: Side) -> str:
    """One of the two runs in one line."""
    return f"{side.target} is {side.outcome} ({side.contract}), {side.started:%Y-%m-%d %H:%M:%S} UTC, {side.file}"


def _joined(name: str, text: str) -> str:
    return f"{name}: {text}" if text else name
