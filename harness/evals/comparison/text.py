"""The comparison of evaluations as terminal lines and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.comparison.sections import (
    EFFECT_HEADS,
    P_VALUES,
    describe,
    effect_row,
    headline,
    notes,
    scope,
    sections,
)
from harness.evals.report.sentences import marks
from harness.presentation.markdown import document, folded, table
from harness.presentation.plain import plain
from harness.presentation.sections import (
    Item,
    Section,
    Tone,
    headline_line,
    more_lines,
    section_lines,
    section_markdown,
)
from harness.presentation.short_text import cut_line
from harness.presentation.states import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.evals.comparison.record import EvaluationComparison, Flip
    from harness.presentation.lines import Line

_MOST_EFFECTS, _MOST_ROWS = 20, 60
"""The most differences on a terminal, and rows of the longest table in Markdown."""

_MOST_FLIPS, _MOST_FLAKES, _EXCERPT = 20, 20, 300
"""The most per benchmark in Markdown, which must fit into a pull request comment. The JSON form has all."""

_SHOWN, _LINE = 3, 160
"""The most flips on a terminal, and characters of a text."""


def lines(comparison: EvaluationComparison) -> Iterator[Line]:
    """For a terminal."""
    from tabulate import tabulate

    said, tone = headline(comparison)
    yield headline_line(said, tone)
    for task in comparison.tasks:
        yield f"  old: {describe(task.old)}", "dim"
        yield f"  new: {describe(task.new)}", "dim"
    yield "", None
    effects = [effect_row(task, effect) for task in comparison.tasks for effect in task.effects]
    for line in tabulate(effects[:_MOST_EFFECTS], EFFECT_HEADS, tablefmt="plain", disable_numparse=True).split("\n"):
        yield f"  {line}", None
    yield from more_lines("  ", len(effects) - _MOST_EFFECTS)
    yield from section_lines([notes(comparison), *sections(comparison), *_flips(comparison)])
    yield "", None
    yield scope(comparison), "dim"


def _flips(comparison: EvaluationComparison) -> Iterator[Section]:
    """The first samples that went from right to wrong and back, with both answers."""
    for title, tone, broke in (("Broke", Tone.WORSE, True), ("Fixed", Tone.BETTER, False)):
        items = [
            Item(f"{task.benchmark}, {flip.id}", _cut(flip.question, _LINE), tuple(_answers(flip)))
            for task in comparison.tasks
            for flip in task.flips
            if flip.broke is broke
        ]
        if items:
            shown = f"; the first {_SHOWN}" if len(items) > _SHOWN else ""
            yield Section(f"{title} ({len(items):,}{shown})", tone, tuple(items[:_SHOWN]))


def _answers(flip: Flip) -> Iterator[str]:
    if flip.target:
        yield f"right: {_cut(' or '.join(flip.target), _LINE)}"
    yield f"old:   {_cut(flip.old.answer, _LINE)}"
    yield f"new:   {_cut(flip.new.answer, _LINE)}"


def markdown(comparison: EvaluationComparison) -> str:
    """For a CI step summary or a comment: the verdict, the differences, then the details."""
    return document(_markdown(comparison))


def _markdown(comparison: EvaluationComparison) -> Iterator[str]:
    said, tone = headline(comparison)
    yield f"# {LOOKS[tone].picture} {plain(said)}"
    yield ""
    for task in comparison.tasks[:_MOST_ROWS]:
        yield f"- old: {plain(describe(task.old))}"
        yield f"- new: {plain(describe(task.new))}"
    effects = [effect_row(task, effect) for task in comparison.tasks for effect in task.effects]
    yield from ("", _table(effects[:_MOST_ROWS], EFFECT_HEADS))
    if more := len(effects[_MOST_ROWS:]):
        yield from ("", f"{more} more are in the JSON form.")
    yield from ("", f"{scope(comparison)}. {P_VALUES}")
    yield ""
    yield from (f"- **{plain(each.name)}**: {plain(each.text)}" for each in notes(comparison).items[:_MOST_ROWS])
    yield from section_markdown(sections(comparison))
    for task in comparison.tasks:
        rows = [[each.old, each.new, f"{each.samples:,}"] for each in task.transitions]
        yield from _folded(f"Samples of {task.benchmark} by what they got", rows, ("old", "new", "samples"))
        if task.flips:
            rows = [_flip_row(each) for each in task.flips[:_MOST_FLIPS]]
            heads = ("sample", "question", "right", "old answer", "new answer")
            yield from _folded(_counted(f"Flips of {task.benchmark}", rows, len(task.flips)), rows, heads)
        if task.flakes:
            rows = [[each.id, marks(each.old), marks(each.new)] for each in task.flakes[:_MOST_FLAKES]]
            title = _counted(f"Flaky samples of {task.benchmark}", rows, len(task.flakes))
            yield from _folded(title, rows, ("sample", "old epochs", "new epochs"))


def _flip_row(flip: Flip) -> list[str]:
    sign = "✗" if flip.broke else "✓"
    texts = (flip.question, " or ".join(flip.target), flip.old.answer, flip.new.answer)
    return [f"{sign} {flip.id}", *(_cut(text, _EXCERPT) for text in texts)]


def _counted(title: str, rows: list[list[str]], count: int) -> str:
    return f"{title} ({len(rows)} of {count:,}; the JSON form has all)" if len(rows) < count else f"{title} ({count:,})"


def _folded(title: str, rows: list[list[str]], heads: tuple[str, ...]) -> Iterator[str]:
    yield from ("", *folded(plain(title), [_table(rows, heads), ""]))


def _table(rows: list[list[str]], heads: tuple[str, ...]) -> str:
    return table([map(plain, row) for row in rows], heads, numbers=False)


def _cut(text: str, most: int) -> str:
    return cut_line(text, most) or "nothing"
