"""Scorers that compare wording: identical, identical after normalisation, or contained."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from harness.evals.scorers.marked import ends, marked
from harness.evals.scorers.scorer import Mark, Scorer

if TYPE_CHECKING:
    from harness.evals.outcome import Outcome
    from harness.evals.sample import Sample


class Exact(Scorer):
    """Right when the answer equals a target, apart from white space around it."""

    ignore_case: bool = False

    def score(self, sample: Sample, outcome: Outcome) -> Mark:
        """Compare the whole answer."""
        answer = outcome.answer.strip()
        said = answer.casefold() if self.ignore_case else answer
        for target in sample.target:
            if said == (target.strip().casefold() if self.ignore_case else target.strip()):
                return Mark(1.0, answer)
        return Mark(0.0, answer or None)


class Normalised(Scorer):
    r"""Right when the answer equals a target after normalisation.

    Case, punctuation, Markdown, articles, white space and Unicode forms make no difference; a point within a number
    does. An answer that marks its result (`Answer: ...`, `\boxed{...}`) may contain other text.
    """

    articles: bool = False
    """Whether `a`, `an` and `the` make a difference."""

    def score(self, sample: Sample, outcome: Outcome) -> Mark:
        """Compare the result that the answer marks, or the whole answer."""
        text = ends(outcome.answer).strip()
        answer = marked(text) or text
        said = {normalised(each, articles=self.articles) for each in (answer, text)} - {""}
        right = any(normalised(target, articles=self.articles) in said for target in sample.target)
        return Mark(float(right), answer or None)


class Contains(Scorer):
    """Right when the answer contains the targets."""

    mode: Literal["any", "all"] = "any"
    ignore_case: bool = True
    words: bool = False
    """Whether a target must be a whole word; otherwise `concatenate` contains `cat`."""

    def score(self, sample: Sample, outcome: Outcome) -> Mark:
        """Look for the targets in the whole answer."""
        text = _folded(outcome.answer, ignore_case=self.ignore_case)
        found = [target for target in sample.target if self._is_in(target, text)]
        missing = len(sample.target) - len(found)
        right = bool(found) and (self.mode == "any" or not missing)
        return Mark(float(right), "; ".join(found) or None)

    def _is_in(self, target: str, text: str) -> bool:
        target = _folded(target, ignore_case=self.ignore_case)
        if not self.words:
            return target in text
        return re.search(rf"(?<!\w){re.escape(target)}(?!\w)", text) is not None


_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_WORDS = re.compile(r"(?<=\d)([.,])(?=\d)|(?<![^\W_])([-\u2212])(?=\d)|['\u2019`]|[^\w\s]|_")
"""Characters that separate words. A number keeps its point and sign; an apostrophe joins what is around it."""


def normalised(text: str, *, articles: bool = False) -> str:
    """The text's words, case-folded, separated by single spaces."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _NO_WORDS.sub(lambda found: "-" if found[2] else found[1] or ("" if found[0] in "'\u2019`" else " "), text)
    if not articles:
        # An answer that is only an article, such as the letter of a choice, keeps it.
        text = _ARTICLES.sub(" ", text) if _ARTICLES.sub("", text).strip() else text
    return " ".join(text.split())


def _folded(text: str, *, ignore_case: bool) -> str:
    text = unicodedata.normalize("NFC", text)
    return " ".join((text.casefold() if ignore_case else text).split())
