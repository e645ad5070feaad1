"""From the reports of the targets to the matrix: what each does, and over which releases it does the same."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from packaging.version import Version

from harness.matrix.record import Cell, Column, Row, Span
from harness.report.markdown import without_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.report.record import Report, RequirementRecord


def rows(columns: Sequence[Column], reports: Sequence[Report | None]) -> tuple[Row, ...]:
    """A row for each requirement that any report speaks of, in the order of the reports.

    Args:
        columns: the targets.
        reports: theirs, in the same order; None where there is none.
    """
    requirements: dict[str, RequirementRecord] = {}
    for report in reports:
        requirements |= {each.id: each for each in report.requirements if each.id not in requirements} if report else {}
    cells = [_cells(report) if report else {} for report in reports]
    unknown = Cell(state=None, reason=None, behaviour="")
    found = []
    for each in requirements.values():
        row = tuple(column.get(each.id, unknown) for column in cells)
        found.append(
            Row(
                id=each.id,
                area=each.area,
                level=each.level,
                text=each.text,
                source=each.source,
                contracts=each.contracts,
                cells=row,
                spans=tuple(_spans(columns, row)),
            )
        )
    return tuple(found)


def _cells(report: Report) -> dict[str, Cell]:
    """What a target does, by requirement.

    Values that a model or a random word brought must not make two targets differ, so a behaviour is told by what was
    looked at and found otherwise, and only of a status also by what it was.
    """
    behaviour: dict[str, list[str]] = {}
    for scenario in report.scenarios:
        for finding in scenario.findings:
            value = f"={finding.actual}" if finding.check == "status" else ""
            behaviour.setdefault(scenario.requirement, []).append(f"{scenario.id} {finding.check}{value}")
    return {
        each.id: Cell(
            state=each.state,
            reason=each.reason and without_scenario(each.reason),
            behaviour="; ".join([each.state, *sorted(behaviour.get(each.id, []))]),
        )
        for each in report.requirements
    }


def _spans(columns: Sequence[Column], cells: Sequence[Cell]) -> Iterator[Span]:
    releases = [
        (column.release, cell) for column, cell in zip(columns, cells, strict=True) if column.release is not None
    ]
    releases.sort(key=lambda each: Version(each[0]))
    for _, group in groupby(releases, key=lambda each: each[1].behaviour):
        same = list(group)
        (first, cell), (last, _) = same[0], same[-1]
        yield Span(first=first, last=last, state=cell.state, reason=cell.reason)
