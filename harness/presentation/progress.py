"""A progress line on stderr when it is a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class LiveProgress:
    """A progress bar with a description.

    Args:
        quiet: show nothing, even on a terminal.
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
        """Show what the command is waiting for."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=what, refresh=True)

    def begin(self, total: int, what: str, *, done: int = 0) -> None:
        """Start counting to `total`, of which `done` are finished already."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total, completed=done, description=what)

    def advance(self, what: str) -> None:
        """Count one as finished."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1, description=what)

    def close(self) -> None:
        """Remove the progress line."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
