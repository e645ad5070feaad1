"""Files that are written whole or not at all, and the folders that they go to."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file by way of another beside it, so that nobody finds half of it.

    Raises:
        OSError: it can't be written; what was there before still is.
    """
    if path.is_symlink() or (
        path.exists() and not path.is_file()
    ):  # /dev/stdout, a pipe: nothing to put a file in place of
        path.write_text(text, "utf-8", errors="backslashreplace")
        return
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_text(text, "utf-8", errors="backslashreplace")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        error.filename = error.filename or str(path)  # a full disk names none
        raise


@contextmanager
def whole_lines(path: Path) -> Iterator[Callable[[str], object]]:
    """A function that writes a line into a file that appears when the block ends well.

    Raises:
        OSError: it can't be written; what was there before still is.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
            yield lambda line: file.write(f"{line}\n")
        partial.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


class FolderError(HarnessError):
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
