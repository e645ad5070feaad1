"""Multiple choice: the right answer as a letter, however a file gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.benchmark.formats.format import LETTERS
from harness.evals.benchmark.row import seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evals.benchmark.row import Row
    from harness.json_value import Json


def letter(row: Row, key: str, value: Json, choices: Sequence[str]) -> str:
    """The letter of the right choice, given as a letter, an index (from 0) or its text.

    Raises:
        BenchmarkError: it is none of the choices, or there are too few or too many of them.
    """
    if not 2 <= len(choices) <= len(LETTERS):
        raise row.problem("choices", f"{len(choices)} choices: there are 2 to {len(LETTERS)} of them")
    letters = LETTERS[: len(choices)]
    match value:
        case str() if len(value) == 1 and value in letters:
            return value
        case str() if value in choices:
            return letters[list(choices).index(value)]
        case str() if value.isascii() and value.isdigit() and len(value) <= 2 and int(value) < len(choices):
            return letters[int(value)]
        case int() if not isinstance(value, bool) and 0 <= value < len(choices):
            return letters[value]
    known = f"a letter ({letters[0]} to {letters[-1]}), a place from 0, or a text"
    raise row.problem(key, f"{seen(value)} is none of the choices: {known}")
