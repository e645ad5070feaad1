"""The picture of what a turn costs as its conversation grows."""

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
        for turn, value in series.items():
            axes.annotate(f"{value:.1f}", (turn, value), xytext=(0, 7), textcoords="offset points", ha="center")
    axes.set(xlabel="turn of the conversation", ylabel="CPU of the turn, ms", ylim=(0, None), xticks=list(floor))
    axes.margins(y=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
