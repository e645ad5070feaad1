"""Where a run is kept: `reports/evals/<benchmark>/<target>/<time>/`, and which run there is to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.journal.header import header_of
from harness.evals.journal.journal import Journal
from harness.evals.results.record import read_run
from harness.presentation.files import make_folder
from harness.records import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from harness.evals.journal.header import RunHeader

JOURNAL_FILE = "journal.jsonl"


def open_journal(
    folder: Path, header: RunHeader, *, started: datetime, anew: bool, again: bool, check: Callable[[], object]
) -> Journal:
    """The journal of a new run, or of the newest one in the folder that is the same run, unless that came to its end.

    Other runs in between, of a part of the samples or at work on another shard, are no matter of ours.

    Args:
        folder: of all runs of that benchmark and target.
        header: of the run that is wanted.
        started: when, for the name of a new folder.
        anew: a new one in any case.
        again: one that has come to its end, too: its errors are to be asked again.
        check: called before a new run gets its folder; what it raises is passed on.

    Raises:
        FolderError: the folder of a new run can't be made.
        JournalError: that run is at work, or a journal is damaged.
    """
    journals = [] if anew else folder.glob(f"*/{JOURNAL_FILE}")
    same = [
        (found.created, path.stat().st_mtime_ns, path)  # `score` writes to old ones, too
        for path in journals
        if (found := header_of(path)) is not None and not found.differs_in(header)
    ]
    *_, newest = max(same, default=(None,))
    if newest is not None and (again or not _ended(newest.parent)):
        return Journal.open(newest, header)
    check()
    return Journal.open(make_folder(folder.parent, folder.name, started) / JOURNAL_FILE, header)


def _ended(folder: Path) -> bool:
    """Whether nothing of a run is left to ask, as its record says, which is written last."""
    try:
        return not read_run(folder).counts.pending
    except RecordError:
        return False
