"""How a state, a verdict or a tone looks, by the word that names it: never by its colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harness.presentation.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Mapping


class Look(NamedTuple):
    """A picture for Markdown, a character for a page, and a style for a terminal."""

    picture: str
    sign: str
    style: str


_GOOD = Look("✅", "✓", "bold green")
_BAD = Look("❌", "✗", "bold red")
_OPEN = Look("❓", "?", "bold magenta")

LOOKS = {
    # a scenario, a requirement
    "passed": Look("✅", "✓", "green"),
    "not assessed": Look("⚪", "○", "dim"),
    "known": Look("📌", "≈", "cyan"),
    "warned": Look("⚠️", "!", "yellow"),
    "could not run": Look("❓", "?", "magenta"),
    "flaky": Look("🎲", "≠", "red"),
    "failed": Look("❌", "✗", "red"),
    "harness error": Look("💥", "⚡", "bold magenta"),
    # a contract
    "conformant": _GOOD,
    "non-conformant": _BAD,
    "incomplete": _OPEN,
    # an evaluation, which may be incomplete too
    "complete": _GOOD,
    "gate missed": _BAD,
    # a sample
    "right": Look("✅", "✓", "green"),
    "partly": Look("🌓", "≈", "yellow"),
    "wrong": Look("❌", "✗", "red"),
    "error": Look("❓", "?", "magenta"),
    # what changed
    "better": Look("✅", "✓", "green"),
    "worse": Look("❌", "✗", "red"),
    "unknown": Look("❓", "?", "magenta"),
    "neutral": Look("⚪", "○", ""),
    # a mutant, an honest gateway that is not conformant
    "caught, and elsewhere too": Look("❌", "✗", "red"),
    "caught only elsewhere": Look("❌", "✗", "red"),
    "survived": _BAD,
    "false alarm": _BAD,
    "not judged": Look("❓", "?", "magenta"),
}


def slug(word: str) -> str:
    """Its class in the style sheet, and its name in the page's address."""
    return word.replace(" ", "-")


def badge(word: str) -> Markup:
    """Its sign and the word itself, for a page."""
    shown = tag("span", LOOKS[word].sign, aria_hidden="true")
    return tag("span", shown, f" {word}", class_=f"state {slug(word)}")


def bar(counts: Mapping[str, int]) -> Markup:
    """How many there are of each, as one bar; the numbers stand beside it, so it is hidden from screen readers."""
    total = sum(counts.values()) or 1
    parts, begin = [], 0.0
    for word, count in counts.items():
        width = 100 * count / total
        parts.append(tag("rect", x=f"{begin:.2f}", y=0, width=f"{width:.2f}", height=8, class_=slug(word)))
        begin += width
    return tag("svg", *parts, class_="bar", viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true")
