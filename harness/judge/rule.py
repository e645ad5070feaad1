"""What a passive rule is given and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.judge.answer import Answer

MINUTES = 5 * 60
"""Seconds by which a server's clock may be off."""


class Difference(NamedTuple):
    """What does not hold: what was looked at, what should be there, what is."""

    check: str
    expected: str
    actual: str


type Look = Difference | None
type Rule = Callable[[Answer, "Context"], Iterator[Look]]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the run.

    Attributes:
        began: Unix seconds at which the clock of the exchanges stood at zero.
        keys: those that no answer may hold, every spelling of each.
        ids: those of earlier answers, and which they were.
    """

    began: float
    keys: tuple[tuple[bytes, ...], ...]
    ids: Mapping[str, str]
