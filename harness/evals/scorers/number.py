"""The scorer of numbers."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from harness.evals.scorers.marked import boxed, ends, hashes, marked
from harness.evals.scorers.numeral import Numeral, numerals
from harness.evals.scorers.scorer import Mark, Scorer

if TYPE_CHECKING:
    from harness.evals.outcome import Outcome
    from harness.evals.sample import Sample

_Tolerance = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Number(Scorer):
    r"""Right when the answer's number is a target's.

    `which` chooses the number: `auto` takes the one that the answer marks as its result (`\boxed{}`, `#### `, `the
    answer is`), or else the last one; `boxed` and `hashes` require that mark.
    """

    which: Literal["auto", "last", "first", "boxed", "hashes"] = "auto"
    tolerance: _Tolerance = Decimal(0)
    """The largest difference from the target."""
    relative: _Tolerance = Decimal(0)
    """The largest difference as a fraction of the target: 0.01 is 1 %. The larger of the two tolerances counts."""
    decimal_comma: bool = False
    """Whether answers use a decimal comma, as in `1.234,5`; targets always use a decimal point."""

    def lacks(self, sample: Sample) -> str | None:
        """A target that is a number."""
        return None if sample.target and all(map(_of_target, sample.target)) else "a target with a number in it"

    def score(self, sample: Sample, outcome: Outcome) -> Mark:
        """Compare the chosen number with the targets."""
        found = _chosen(outcome.answer, self.which, decimal_comma=self.decimal_comma)
        if found is None:
            return Mark(0.0, explanation="there is no number")
        for target in sample.target:
            wanted = _of_target(target)
            if wanted is not None and self._same(found, wanted):
                return Mark(1.0, found.text)
        return Mark(0.0, found.text)

    def _same(self, found: Numeral, wanted: Numeral) -> bool:
        # Two percentages are compared as written: 0.5 % is not 50 %.
        alike = len(found.readings) == len(wanted.readings) and len(found.readings) > 1
        pairs = (
            zip(found.readings, wanted.readings, strict=True)
            if alike
            else ((mine, yours) for mine in found.readings for yours in wanted.readings)
        )
        return any(self._close(mine, yours) for mine, yours in pairs)

    def _close(self, mine: Decimal, wanted: Decimal) -> bool:
        if mine == wanted:
            return True
        if not (self.tolerance or self.relative) or not (mine.is_finite() and wanted.is_finite()):
            return False
        return abs(mine - wanted) <= max(self.tolerance, self.relative * abs(wanted))


@lru_cache(maxsize=4096)
def _of_target(text: str) -> Numeral | None:
    return _chosen(text, "auto", decimal_comma=False)


def _chosen(text: str, which: str, *, decimal_comma: bool) -> Numeral | None:
    text = ends(text)
    match which:
        case "boxed" | "hashes":
            marks = boxed(text) if which == "boxed" else hashes(text)
        case "auto":
            marks = marked(text)
        case _:
            marks = None
    if marks is not None:
        # In `3 + 4 = 7 apples` the number follows the equals sign; `42, since 6 * 7 is` begins with it.
        for part in (marks.rpartition("=")[2], marks):
            for each in numerals(part, decimal_comma=decimal_comma):
                return each
    if which in {"boxed", "hashes"}:
        return None
    counting = None
    for each in numerals(text, decimal_comma=decimal_comma, backwards=which != "first"):
        if not each.counts:
            return each
        counting = counting or each
    return counting
