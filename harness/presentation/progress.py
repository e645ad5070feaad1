"""Progress: one living line on stderr for a person who waits; nothing when nobody looks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class LiveProgress:
    """A bar with a description, on a terminal.

    Args:
        quiet: none, even on a terminal.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        if sys.stderr.isatty() and not quiet:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._progress.add_task("starting", total=None)
            self._progress.start()

    def say(self, what: str) -> None:
        """Tell what is being waited for."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=what, refresh=True)

    def begin(self, total: int, what: str, *, done: int = 0) -> None:
        """So many things are to be done, one after the other, and some of them are already."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total, completed=done, description=what)

    def advance(self, what: str) -> None:
        """One of them is done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1, description=what)

    def close(self) -> None:
        """Take it away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
