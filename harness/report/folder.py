"""Where reports go: `reports/<target>/<time>/`, each file written whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from harness.report.formats import ALWAYS, FORMATS, write_whole

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from harness.report.record import Report


class FolderError(Exception):
    """The folder for a report can't be made or written to: which, why, what to do."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"can't write reports to {folder}: {error.strerror}; choose a folder with --reports FOLDER")


def make_folder(reports: Path, target: str, started: datetime) -> Path:
    """Make the folder of one run, before the run: what can't be written must not be found out afterwards.

    Raises:
        FolderError: no permission, no space, a file is in the way.
    """
    stem = f"{started:%Y-%m-%dT%H-%M-%SZ}"
    folder = reports / target / stem
    try:
        number = 1
        while True:
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                if number > 1000 or not folder.is_dir():
                    raise
                number += 1
                folder = reports / target / f"{stem}-{number}"
            else:
                break
        probe = folder / "report.json.partial"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise FolderError(folder, error) from error
    return folder


def remove_folder(folder: Path) -> None:
    """Take back the folder of a run that brought no report, and the target's if this was its first."""
    with suppress(OSError):  # somebody has put something into it
        folder.rmdir()
        folder.parent.rmdir()


def write_reports(report: Report, folder: Path) -> None:
    """Write `report.json` and `report.md`.

    Raises:
        FolderError: the disk is full, the folder is gone.
    """
    try:
        for name in ALWAYS:
            write_whole(folder / FORMATS[name].file, FORMATS[name].render(report))
    except OSError as error:
        raise FolderError(folder, error) from error
