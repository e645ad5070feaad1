"""Tests whether calls take longer than before, request by request, by more than chance explains."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from harness.compare.behaviour import pairs
from harness.compare.record import LatencyShift
from harness.median import FEWEST_PAIRS, median_interval
from harness.report.call_kind import call_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.report.record import ScenarioRecord

_RESOLUTION = 0.0005
"""Seconds. Times are recorded to a tenth of a millisecond; instant answers get no meaningful ratio."""


def latency_shifts(
    scenarios: Iterable[tuple[ScenarioRecord, ScenarioRecord]], base_url: str, threshold: float
) -> Iterator[LatencyShift]:
    """The shift of each kind of call that was answered with the same status in both runs, slowest first.

    Args:
        scenarios: old and new.
        base_url: of the new run's target.
        threshold: such as 1.5: a median half as long again, or shorter by the same factor, is flagged if it is certain.
    """
    times: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for old, new in scenarios:
        for before, after in pairs(old, new):
            if before.response and after.response and before.response.status == after.response.status:
                times[call_of(after, base_url)].append((before.seconds, after.seconds))
    shifts = (_shift(call, measured, threshold) for call, measured in times.items() if len(measured) >= FEWEST_PAIRS)
    yield from sorted(shifts, key=lambda shift: shift.ratio, reverse=True)


def _shift(call: str, measured: Sequence[tuple[float, float]], threshold: float) -> LatencyShift:
    ratios = sorted(max(new, _RESOLUTION) / max(old, _RESOLUTION) for old, new in measured)
    ratio = median(ratios)
    low, high = median_interval(ratios)
    return LatencyShift(
        call=call,
        pairs=len(measured),
        old=round(median(old for old, _ in measured), 4),
        new=round(median(new for _, new in measured), 4),
        ratio=round(ratio, 3),
        low=round(low, 3),
        high=round(high, 3),
        flagged=(low > 1 and ratio >= threshold) or (high < 1 and ratio <= 1 / threshold),
    )
