"""The journal of a run: what it creates on someone's server, written down as it happens, for when the run is killed.

`created.jsonl` in the run's report folder: a line on the run, then one for each thing, as a path of the native API. The
file is gone when all of it is.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.run.cleanup import created

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harness.trace import Exchange

FILE = "created.jsonl"


class CreatedLog:
    """A journal that is being written.

    Args:
        file: where; made with the first thing that is created.
        target: the server's address.
        run: the run's id.
    """

    def __init__(self, file: Path, target: str, run: str) -> None:
        self._file = file
        self._head = {"target": target, "run": run, "host": socket.gethostname(), "pid": os.getpid()}
        self._written: set[str] = set()

    def note(self, exchange: Exchange) -> None:
        """Write down what a request creates: once when it goes out, as far as it tells, and once with its answer."""
        self._append([path for path in created([exchange]) if path not in self._written])

    def close(self, left: Iterable[str]) -> None:
        """The run has cleaned up, but for this."""
        with suppress(FileNotFoundError):
            self._file.unlink()
        self._written.clear()
        self._append(list(left))

    def _append(self, paths: list[str]) -> None:
        if not paths:
            return
        lines: list[object] = [] if self._written else [self._head]
        lines += [{"created": path} for path in paths]
        with suppress(OSError), self._file.open("a", encoding="utf-8") as stream:  # a full disk must not end the run
            stream.writelines(f"{json.dumps(line)}\n" for line in lines)
        self._written.update(paths)


@dataclass(frozen=True, slots=True)
class FoundLog:
    """A journal that was left.

    Attributes:
        is_alive: the run goes on, on this machine.
    """

    file: Path
    target: str
    run: str
    paths: tuple[str, ...]
    is_alive: bool


def keep(journal: FoundLog, left: Iterable[str]) -> None:
    """Rewrite a journal to what is left of it; with nothing left it is gone."""
    lines = [json.dumps({"created": path}) for path in left]
    head, *_ = _whole_lines(journal.file)
    if lines:
        journal.file.write_text("\n".join([head, *lines, ""]), "utf-8")
    else:
        journal.file.unlink()


def read_logs(reports: Path) -> Iterator[FoundLog]:
    """The journals below a folder of reports, in the order of their folders; what is none of ours is passed over."""
    for file in sorted(reports.glob(f"*/*/{FILE}")):
        with suppress(OSError, ValueError, LookupError, TypeError):
            head, *lines = [json.loads(line) for line in _whole_lines(file)]
            alive = head["host"] == socket.gethostname() and is_alive(int(head["pid"]))
            paths = tuple(str(line["created"]) for line in lines)
            yield FoundLog(file, str(head["target"]), str(head["run"]), paths, alive)


def _whole_lines(file: Path) -> list[str]:
    """The lines; the last one may have been cut when the run was killed."""
    *whole, _ = file.read_text("utf-8").split("\n")
    return whole


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
