"""Plots as inline SVG, coloured by the page's style sheet, so that they follow its light or dark theme.

Plot libraries don't fit: pygal 3.1 puts a style sheet and a script into each chart, which the page's policy forbids;
leather 0.4 has no intervals. Only bars and whiskers are needed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.presentation.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evals.results.record import DistributionRecord, MetricRecord

_WIDTH, _HEIGHT = 200, 16
_BARS_WIDTH, _BARS_HEIGHT = 480, 96


def rate(metric: MetricRecord) -> Markup:
    """A mean between 0 and 1 as a bar, its interval as a whisker, and behind them the range that errors leave open.

    Hidden from screen readers because the numbers stand beside it.
    """
    parts = [tag("rect", x=0, y=3, width=_WIDTH, height=_HEIGHT - 6, class_="ground")]
    if metric.mean is not None:
        parts.append(_bar(0, metric.mean, "mean"))
    if metric.low_bound is not None and metric.high_bound is not None and metric.low_bound < metric.high_bound:
        parts.append(_bar(metric.low_bound, metric.high_bound, "open"))
    if metric.interval is not None:
        low, high = (_x(end) for end in metric.interval)
        middle = _HEIGHT / 2
        parts.append(tag("line", x1=low, x2=high, y1=middle, y2=middle))
        parts += [tag("line", x1=end, x2=end, y1=middle - 4, y2=middle + 4) for end in (low, high)]
    return tag("svg", *parts, class_="rate", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", aria_hidden="true")


def _bar(low: float, high: float, name: str) -> Markup:
    return tag("rect", x=_x(low), y=3, width=f"{(high - low) * _WIDTH:.1f}", height=_HEIGHT - 6, class_=name)


def _x(share: float) -> str:
    return f"{share * _WIDTH:.1f}"


def histogram(distribution: DistributionRecord, said: str, marks: Sequence[float] = ()) -> Markup:
    """A histogram on a logarithmic scale, with lines at some values.

    Args:
        distribution: its edges have equal ratios, so that all bars are equally wide.
        said: the label for screen readers.
        marks: the values that get a line.
    """
    counts, edges = distribution.counts, distribution.edges
    width, highest = _BARS_WIDTH / len(counts), max(counts)
    parts = [tag("line", x1=0, x2=_BARS_WIDTH, y1=_BARS_HEIGHT, y2=_BARS_HEIGHT)]
    for number, count in enumerate(counts):
        if count:
            height = max(2.0, count / highest * (_BARS_HEIGHT - 4))
            place = {"x": f"{number * width:.1f}", "y": f"{_BARS_HEIGHT - height:.1f}"}
            parts.append(tag("rect", **place, width=f"{width - 1:.1f}", height=f"{height:.1f}"))
    for mark in marks:
        at = f"{_place(mark, edges) * _BARS_WIDTH:.1f}"
        parts.append(tag("line", x1=at, x2=at, y1=0, y2=_BARS_HEIGHT, class_="mark"))
    return tag(
        "svg",
        *parts,
        class_="histogram",
        viewBox=f"0 0 {_BARS_WIDTH} {_BARS_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=said,
    )


def _place(value: float, edges: Sequence[float]) -> float:
    """A value's position between the first edge (0) and the last (1)."""
    return min(1.0, max(0.0, math.log(max(value, edges[0]) / edges[0]) / math.log(edges[-1] / edges[0])))
