"""What a matrix says in words: what changed, what varies, what doesn't apply."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.presentation.brief import first
from harness.verdict import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.matrix.record import Column, Matrix, Row, Span

_MOST = 3
"""Of what makes one span differ from another that is told; the JSON has all."""


def label(column: Column) -> str:
    """What a column is called in little room: a release by its version alone."""
    return column.release or column.target


def changed(matrix: Matrix) -> list[Row]:
    """What some releases do otherwise than others, as far as each does the same each time."""
    return [row for row in matrix.rows if len(row.spans) > 1 and not row.is_chance]


def varying(matrix: Matrix) -> list[Row]:
    """What some target does not do the same each time, or might not."""
    return [row for row in matrix.rows if row.is_chance]


def lasting(matrix: Matrix) -> list[Row]:
    """What no release passes, and none does otherwise than the others."""
    return [
        row
        for row in matrix.rows
        if len(row.spans) == 1 and row.spans[0].state is not State.PASSED and not row.is_chance
    ]


def told(row: Row) -> str:
    """How a requirement fared from release to release, in one sentence; empty when there was no release."""
    parts = []
    for span in row.spans:
        outcome = _outcome(span)
        releases = _from_to(list(dict.fromkeys((span.first, span.last))))
        # The reason is that of one scenario; it can be the same where another scenario makes the difference.
        like = [_items(each) for each in row.spans if _outcome(each) == outcome]
        also = sorted(item for item in _items(span) if not all(item in items for items in like))
        besides = f", there also {first(also, _MOST)}" if also else ""
        parts.append(f"{outcome} in {'all' if len(row.spans) == 1 and not row.excluded else releases}{besides}")
    return "; ".join(parts)


def chance(row: Row, columns: Sequence[Column]) -> str:
    """In which targets' runs a requirement came out differently, how often each way; then how it fared as in `told`."""
    parts = []
    if any(cell.overlapped for cell in row.cells):
        parts.append("It is seen on requests that meet on the server, so what comes depends on which is sooner.")
    for column, cell in zip(columns, row.cells, strict=True):
        if cell.varies:
            counts = [f"{state} in {count}" for state, count in sorted(cell.states.items(), key=lambda each: -each[1])]
            ways = ", ".join(counts) if len(counts) > 1 else f"{counts[0]}, but not with the same findings each time"
            parts.append(f"Of {sum(cell.states.values())} runs of {label(column)}: {ways}.")
    if row.spans:
        parts.append(f"In the newest run of each release: {told(row)}")
    return " ".join(parts)


def excluded(rows: Iterable[Row]) -> Iterator[str]:
    """What does not apply to some of the releases, a line for each range of versions in an area."""
    ranges: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for row in rows:
        if row.versions and row.excluded:
            ranges.setdefault((row.area, row.versions, row.excluded), []).append(row.id)
    for (area, versions, releases), names in ranges.items():
        verb = "applies" if len(names) == 1 else "apply"
        yield f"{_listed(names)} ({area}) {verb} to releases {SpecifierSet(versions)}, so not to {_from_to(releases)}."


def ingredients(columns: Sequence[Column]) -> Iterator[str]:
    """What else differs between the releases: the packages that they were run with, as far as not all had the same."""
    releases = sorted((each for each in columns if each.release and each.packages), key=_version)
    names = dict.fromkeys(name for each in releases for name in each.packages if not name.startswith("openhands"))
    for name in names:
        groups = [
            (version, list(same)) for version, same in groupby(releases, key=lambda each: each.packages.get(name))
        ]
        if len(groups) > 1:
            yield f"{name} " + "; ".join(
                f"{version or 'absent'} in {_from_to([label(each) for each in same])}" for version, same in groups
            )


def _version(column: Column) -> Version:
    return Version(column.release or "0")


def _from_to(releases: Sequence[str]) -> str:
    return releases[0] if len(releases) == 1 else f"{releases[0]} to {releases[-1]}"


def _listed(names: Sequence[str]) -> str:
    """`OBS-1 to OBS-4, OBS-6`: runs of three and more in one."""
    groups: list[list[str]] = []
    for name in names:
        stem, _, number = name.rpartition("-")
        if groups and groups[-1][-1] == f"{stem}-{int(number) - 1}":
            groups[-1].append(name)
        else:
            groups.append([name])
    return ", ".join(f"{each[0]} to {each[-1]}" if len(each) > 2 else ", ".join(each) for each in groups)


def _outcome(span: Span) -> str:
    state = "unknown" if span.state is None else span.state.value
    return f"{state} ({span.reason})" if span.reason and span.state is not State.PASSED else state


def _items(span: Span) -> set[str]:
    """What was found otherwise: the behaviour without the state."""
    return set(span.behaviour.split("; ")[1:])
