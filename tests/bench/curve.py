"""A plot of the cost of a turn as its conversation grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(path: Path, floor: Mapping[int, float], cost: Mapping[int, float]) -> None:
    """Write an SVG. Both map a turn's number to milliseconds of CPU."""
    mpl.rcParams["svg.hashsalt"] = "gateway-history"  # the same numbers give the same file
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for label, series, marker in (("SDK alone", floor, "o"), ("gateway", cost, "s")):
        axes.plot(list(series), list(series.values()), marker=marker, label=label)
        other = cost if series is floor else floor
        for turn, value in series.items():
            offset = (0, 8) if value >= other[turn] else (0, -15)  # outside of the two lines
            axes.annotate(f"{value:.1f}", (turn, value), xytext=offset, textcoords="offset points", ha="center")
    axes.set(xlabel="turn of the conversation", ylabel="CPU of the turn, ms", xticks=list(floor))
    axes.set_ylim(0, 1.15 * max(*floor.values(), *cost.values()))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
