"""A run's summary for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.report.sentences import duration, notes, outcome, percent, span, title, verdict
from harness.presentation.plain import printable
from harness.presentation.states import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.evals.results.record import RunRecord
    from harness.presentation.lines import Line


def lines(record: RunRecord, folder: Path) -> Iterator[Line]:
    """Summarize a run and say where its reports are.

    Args:
        record: the run record.
        folder: the folder of its reports.
    """
    yield printable(title(record)), LOOKS[outcome(record)].style
    for sentence in verdict(record):
        yield f"  {printable(sentence)}", None
    for metric in record.metrics[1:]:
        yield f"  {printable(metric.scorer)}: {percent(metric.mean)} (95 %: {span(metric.interval)})", None
    if record.counts.failed:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in record.counts.failed.items())
        yield f"  errors: {kinds}", "magenta"
    for note in notes(record):
        yield f"  {printable(note)}", "dim"
    usage = record.usage
    cost = "" if usage.cost is None else f", ${usage.cost:.2f}"
    spent = f"{usage.prompt_tokens:,} prompt tokens, {usage.completion_tokens:,} completion tokens{cost}"
    took = f"; half of the answers came within {duration(record.latency.p50)}" if record.latency else ""
    yield f"  {spent}{took}", None
    yield f"report: {folder / 'report.html'}", None
