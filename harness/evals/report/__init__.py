"""The reports of a run for people, all made from `run.json` and `samples.jsonl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.results.record import RUN_FILE
from harness.presentation.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from harness.evals.results.record import RunRecord


def write_reports(folder: Path, record: RunRecord) -> None:
    """Write `run.json` and the reports beside the run's `samples.jsonl`, each whole or not at all.

    `run.json` comes last: a run whose record says that it is complete is not resumed.

    Raises:
        RecordError: `samples.jsonl` can't be read.
        OSError: a file can't be written; its old content is kept.
    """
    from harness.evals.report.junit import write_junit
    from harness.evals.report.markdown import markdown
    from harness.evals.report.page import page

    write_whole(folder / "report.md", markdown(record))
    write_whole(folder / "report.html", page(folder, record))
    write_junit(folder, record)
    write_whole(folder / RUN_FILE, record.to_json())
