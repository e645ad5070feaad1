"""Problems of a scenario file, for its author: `file:line:column: message`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Location(NamedTuple):
    """A position in a file; line and column count from 1.

    Reading the suite creates tens of thousands, and a frozen dataclass would take twice as long.
    """

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake and its location; the message is one line and says what to do unless that is obvious."""

    location: Location
    message: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


class FileError(HarnessError):
    """Invalid scenario files. `problems` holds all problems, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(map(str, self.problems)))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sorted by file, line and column, without duplicates: a mistake in a table of cases occurs in every case."""
    return tuple(
        sorted(dict.fromkeys(problems), key=lambda it: (it.location.file, it.location.line, it.location.column))
    )


def unknown_value(word: str, known: Iterable[str]) -> str:
    """The message for an unknown value, with the closest known value or all of them."""
    known = list(known)
    return f"unknown value `{word}`" + (did_you_mean(word, known) or f": it is one of {listed(known)}")


def listed(words: Iterable[str]) -> str:
    """Words in backquotes, separated by commas."""
    return ", ".join(f"`{word}`" for word in words)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?` if a known word is close, else an empty text."""
    from difflib import get_close_matches  # 9 ms, and most files have no mistake

    known = list(known)
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean `{folded[close[0]]}`?" if close else ""
