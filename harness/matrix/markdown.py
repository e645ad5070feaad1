"""`matrix.md`: the front page of published results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.markdown import SIGNS, plain, printable
from harness.scenarios.model import Contract, Level
from harness.verdict import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.matrix.record import Column, Matrix, Row, Span

UNKNOWN = "·"


def markdown(matrix: Matrix) -> str:
    """The matrix as GitHub-flavoured Markdown."""
    return "".join(f"{printable(line)}\n" for text in _lines(matrix) for line in text.split("\n"))


def label(column: Column) -> str:
    """What a column is called in little room: a release by its version alone."""
    return column.release or column.target


def told(row: Row) -> str:
    """How a requirement fared from release to release, in one sentence; empty when there was no release."""
    return "; ".join(map(_span, row.spans, [len(row.spans)] * len(row.spans)))


def _lines(matrix: Matrix) -> Iterator[str]:
    from tabulate import tabulate

    yield "# Compliance matrix"
    yield ""
    yield tabulate(map(_summary, matrix.columns), ["target", *Contract, "requests", "time"], tablefmt="github")
    yield ""
    for column in matrix.columns:
        if column.problem:
            yield f"**{label(column)}**: {plain(column.problem)}"
            yield ""
    signs = ", ".join(f"{SIGNS[state]} {state}" for state in State)
    yield f"{signs}; {UNKNOWN} unknown."
    yield "Each target's own report, with the exchanges, is behind its name."
    yield ""
    if changed := [row for row in matrix.rows if len(row.spans) > 1]:
        yield "## What changed between releases"
        yield ""
        yield from (f"- **{row.id}** ({row.level}): {plain(row.text)} {plain(told(row))}" for row in changed)
        yield ""
    if lasting := [row for row in matrix.rows if len(row.spans) == 1 and row.spans[0].state is not State.PASSED]:
        yield "## What no release does otherwise"
        yield ""
        yield from (f"- **{row.id}** ({row.level}): {plain(row.text)} {plain(told(row))}" for row in lasting)
        yield ""
    yield "## Requirements"
    for area in dict.fromkeys(row.area for row in matrix.rows):
        yield ""
        yield f"### {area}"
        yield ""
        yield _table(matrix.columns, [row for row in matrix.rows if row.area == area])


def _summary(column: Column) -> list[str]:
    outcomes = []
    for contract in Contract:
        judged = column.contracts.get(contract)
        if judged is None:
            outcomes.append(UNKNOWN)
            continue
        passed, total = judged.counts.get(State.PASSED, 0), sum(judged.counts.values())
        outcomes.append(f"{SIGNS[judged.outcome]} {judged.outcome}, {passed} of {total} passed")
    name = f"[{label(column)}]({column.folder}/report.md)" if column.contracts else label(column)
    requests = "" if column.requests is None else str(column.requests)
    return [name, *outcomes, requests, "" if column.seconds is None else f"{column.seconds:.0f} s"]


def _table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    from tabulate import tabulate

    cells = [
        [row.id, _level(row), *(UNKNOWN if each.state is None else SIGNS[each.state] for each in row.cells)]
        for row in rows
    ]
    return tabulate(cells, ["", "level", *map(label, columns)], tablefmt="github")


def _level(row: Row) -> str:
    only = "" if len(row.contracts) == len(Contract) else f" ({', '.join(row.contracts)})"
    return f"{row.level if row.level is not Level.MUST else '**MUST**'}{only}"


def _span(span: Span, spans: int) -> str:
    releases = span.first if span.first == span.last else f"{span.first} to {span.last}"
    state = "unknown" if span.state is None else span.state.value
    why = f" ({span.reason})" if span.reason and span.state is not State.PASSED else ""
    return f"{state}{why} in {'all' if spans == 1 else releases}"
