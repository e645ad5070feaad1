"""The comparison for a terminal, and for Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compare.sections import Tone, headline, scope, sections
from harness.report.markdown import plain, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compare.record import Comparison, Side
    from harness.report.terminal import Line

_STYLES = {Tone.WORSE: "red", Tone.UNKNOWN: "magenta", Tone.BETTER: "green", Tone.NEUTRAL: None}
_SIGNS = {Tone.WORSE: "❌", Tone.UNKNOWN: "❓", Tone.BETTER: "✅", Tone.NEUTRAL: "⚪"}

_ITEMS, _DETAILS = 10, 7
"""Of a section and of an item, on a terminal; the other formats have all."""


def lines(comparison: Comparison) -> Iterator[Line]:
    """For a terminal."""
    said, tone = headline(comparison)
    style = _STYLES[tone]
    yield said, style and f"bold {style}"
    yield f"  old: {told(comparison.old)}", "dim"
    yield f"  new: {told(comparison.new)}", "dim"
    for section in sections(comparison):
        yield "", None
        yield section.title, _STYLES[section.tone]
        for item in section.items[:_ITEMS]:
            yield f"  {_joined(item.name, item.text)}", None
            yield from ((f"    {detail}", None) for detail in item.details[:_DETAILS])
            if more := len(item.details[_DETAILS:]):
                yield f"    and {more} more", "dim"
        if more := len(section.items[_ITEMS:]):
            yield f"  and {more} more", "dim"
    yield "", None
    yield scope(comparison), "dim"


def markdown(comparison: Comparison) -> str:
    """For a CI step summary: the verdict, then each section; what changed in neither direction is folded."""
    said, tone = headline(comparison)
    page = [
        f"# {_SIGNS[tone]} {said}",
        "",
        f"- old: {plain(told(comparison.old))}",
        f"- new: {plain(told(comparison.new))}",
    ]
    page += ["", f"{scope(comparison)}."]
    for section in sections(comparison):
        folded = section.tone is Tone.NEUTRAL
        title = f"{_SIGNS[section.tone]} {section.title} ({len(section.items)})"
        page += ["", f"<details><summary>{title}</summary>" if folded else f"## {title}", ""]
        for item in section.items:
            page.append(f"- {_joined(f'**{plain(item.name)}**', plain(item.text))}")
            page += [f"  - {plain(detail)}" for detail in item.details]
        page += ["", "</details>"] if folded else []
    return "".join(f"{printable(line)}\n" for line in page)


def told(side: Side) -> str:
    """One of the two runs in one line."""
    return f"{side.target} is {side.outcome} ({side.contract}), {side.started:%Y-%m-%d %H:%M:%S} UTC, {side.file}"


def _joined(name: str, text: str) -> str:
    return f"{name}: {text}" if text else name
