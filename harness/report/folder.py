"""Writes reports to `reports/<target>/<time>/`, each file whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.presentation.files import FolderError, write_whole
from harness.report.formats import ALWAYS, FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from harness.report.record import Report


def write_reports(report: Report, folder: Path) -> None:
    """Write `report.json` and `report.md`.

    Raises:
        FolderError: the disk is full, or the folder is gone.
    """
    try:
        for name in ALWAYS:
            write_whole(folder / FORMATS[name].file, FORMATS[name].render(report))
    except OSError as error:
        raise FolderError(folder, error) from error
