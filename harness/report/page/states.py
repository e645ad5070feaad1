"""How a state looks: a sign and a word, so that nothing is said by colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.presentation.markup import Markup, tag
from harness.verdict import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGNS: dict[State | Outcome, str] = {
    State.PASSED: "✓",
    State.NOT_ASSESSED: "○",
    State.KNOWN: "≈",
    State.WARNED: "!",
    State.COULD_NOT_RUN: "?",
    State.FLAKY: "≠",
    State.FAILED: "✗",
    State.HARNESS_ERROR: "⚡",
    Outcome.CONFORMANT: "✓",
    Outcome.NON_CONFORMANT: "✗",
    Outcome.INCOMPLETE: "?",
}


def slug(state: State | Outcome) -> str:
    """The state's class in the style sheet, and its name in the page's address."""
    return state.value.replace(" ", "-")


def sign(state: State | Outcome) -> str:
    """The state as one character."""
    return _SIGNS.get(state, "•")


def badge(state: State | Outcome) -> Markup:
    """The state's sign and word."""
    shown = tag("span", sign(state), aria_hidden="true")
    return tag("span", shown, " ", state.value, class_=f"state {slug(state)}")


def bar(counts: Mapping[State, int]) -> Markup:
    """How many are in each state, as one bar; the numbers stand beside it, so it is hidden from screen readers."""
    total = sum(counts.values()) or 1
    parts, begin = [], 0.0
    for state, count in reversed(list(counts.items())):
        width = 100 * count / total
        parts.append(tag("rect", x=f"{begin:.2f}", y=0, width=f"{width:.2f}", height=8, class_=slug(state)))
        begin += width
    return tag("svg", *parts, class_="bar", viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true")
