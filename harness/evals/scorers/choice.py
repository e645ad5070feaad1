"""The scorer of multiple-choice questions."""

from __future__ import annotations

import re
from functools import lru_cache
from string import ascii_uppercase
from typing import TYPE_CHECKING

from harness.evals.scorers.marked import ends, marked
from harness.evals.scorers.scorer import Mark, Scorer
from harness.evals.scorers.wording import normalised

if TYPE_CHECKING:
    from harness.evals.outcome import Outcome
    from harness.evals.sample import Sample


class Choice(Scorer):
    r"""Right when the answer chooses the target, by its letter or its text: `B`, `(B)`, `**B) Rome**`, `\boxed{B}`.

    An answer that commits to several choices, or to none, is wrong.
    """

    def lacks(self, sample: Sample) -> str | None:
        """A target among the choices."""
        letters = _letters(sample)
        if not sample.target:
            return "a target"
        known = all(_of_target(target, letters, sample.choices) for target in sample.target)
        return None if known else f"a target among its choices ({letters[0]} to {letters[-1]}, or the text of one)"

    def score(self, sample: Sample, outcome: Outcome) -> Mark:
        """Compare the chosen letter with the target."""
        letters = _letters(sample)
        chosen = _chosen(ends(outcome.answer), letters, sample.choices)
        if len(chosen) != 1:
            return Mark(0.0, explanation=f"several are chosen: {', '.join(chosen)}" if chosen else "none is chosen")
        right = chosen[0] in {_of_target(target, letters, sample.choices) for target in sample.target}
        return Mark(float(right), chosen[0])


def _letters(sample: Sample) -> str:
    # Without a list of choices they are in the question, which rarely has more than ten.
    return ascii_uppercase[: len(sample.choices) or 10]


def _of_target(target: str, letters: str, choices: tuple[str, ...]) -> str | None:
    letter = target.strip().strip("().").upper()
    return letter if len(letter) == 1 and letter in letters else _by_text(target, letters, choices)


def _chosen(text: str, letters: str, choices: tuple[str, ...]) -> list[str]:
    """The letters that the answer commits to: one, several or none."""
    names = _Names.of(letters)
    lines = [line for line in text.splitlines() if line.strip("*_`$ \t")]
    commitments = [(marked(text), names.named), *((line, names.alone) for line in lines[-1:] + lines[:1])]
    for said, pattern in commitments:
        if said is None:
            continue
        plain = said.replace("*", "").replace("$", "").strip("_` \t\n")
        if by_text := _by_text(plain, letters, choices):
            return [by_text]
        if found := pattern.match(plain):
            # `(A) is wrong, (B) is right` names two.
            others = names.bracketed.findall(plain) if pattern is names.alone else []
            return sorted({*names.letter.findall(found[0].upper()), *others})
    plain = text.replace("*", "")
    if bracketed := set(names.bracketed.findall(plain)):
        return sorted(bracketed)
    said_texts = _in_text(plain, letters, choices)
    return said_texts if len(said_texts) == 1 else sorted(set(names.anywhere.findall(plain))) or said_texts


class _Names:
    """Patterns by which an answer names one of the letters, or several in a row.

    `A` and `I` are words too: followed by another word they name no choice, unless a mark such as `Answer:` precedes.
    """

    def __init__(self, letters: str) -> None:
        letter = f"[{letters}]"
        bracketed = rf"[(\[{{]\s*(?i:{letter})\s*[)\]}}]"
        more = rf"(?:\s*(?:,|/|&|\band\b|\bor\b)+\s*(?:and\s+|or\s+)?(?:{bracketed}|{letter}(?![\w'])))*"
        before = r"(?:(?i:option|choice|answer)[\s:]+)?"
        alone = rf"{bracketed}|(?i:{letter})(?=\s*(?:[).:,;!/&\]]|$)|\s+(?:or|and)\s)"
        self.letter = re.compile(rf"(?<![\w']){letter}(?![\w'])")
        self.alone = re.compile(rf"{before}(?:{alone}){more}")
        self.named = re.compile(rf"{before}(?:{alone}|{letter}(?=\s)){more}")
        self.bracketed = re.compile(rf"\(({letter})\)")
        words = letter if len(letters) == 1 else f"[{letters.replace('A', '').replace('I', '')}]"
        self.anywhere = re.compile(rf"(?<![\w'])(?:{words}(?![\w'])|{letter}(?=\s*(?:[).:,;!\]]|$)|\s+(?:or|and)\s))")

    @staticmethod
    @lru_cache(maxsize=32)
    def of(letters: str) -> _Names:
        """The patterns for these letters, compiled once."""
        return _Names(letters)


@lru_cache(maxsize=1024)
def _key(text: str) -> str:
    return normalised(text) or text.strip()  # normalising `+` leaves nothing


def _by_text(text: str, letters: str, choices: tuple[str, ...]) -> str | None:
    """The letter of the only choice that equals the text."""
    key = _key(text) if choices else ""
    same = [letter for letter, choice in zip(letters, choices, strict=False) if _key(choice) == key]
    return same[0] if len(same) == 1 else None


def _in_text(text: str, letters: str, choices: tuple[str, ...]) -> list[str]:
    """The letters of the choices in the text; a choice within another one counts only if it also stands alone."""
    rest, found = f" {normalised(text)} ", []
    for choice, letter in sorted(zip(choices, letters, strict=False), key=lambda pair: -len(pair[0])):
        words = normalised(choice)
        if words and f" {words} " in rest:
            rest = rest.replace(f" {words} ", "  ")
            found.append(letter)
    return sorted(found)
