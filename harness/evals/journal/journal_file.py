"""The journal's file: locked while open, append-only, with one fsync for all writes that wait for one."""

from __future__ import annotations

import asyncio
import fcntl
import os
from typing import IO, TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path


class JournalError(HarnessError):
    """A journal can't be used: which, why and what to do."""

    exit_status = 3


class JournalFile:
    """A file that is locked and appended to; its folder is created.

    Raises:
        JournalError: another process holds the lock.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file: IO[bytes] = path.open("ab", buffering=0)
        self._waiting: list[bytes] = []
        self._durable: asyncio.Future[None] | None = None
        self._commits: asyncio.Task[None] | None = None
        self._broken: str | None = None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise JournalError(
                f"{path}: another run is writing to it; wait for it to end, or name another folder"
            ) from None

    def cut(self, size: int) -> None:
        """Truncate the file to a number of bytes."""
        self._file.truncate(size)

    def begin(self, content: bytes) -> None:
        """Write the start of a new file, and sync its folder so that its name survives too. Raises JournalError."""
        try:
            self._write(content)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as problem:
            raise JournalError(self._full(problem)) from None

    def append(self, content: bytes) -> Awaitable[None]:
        """Append content; await the result to know that it is on disk.

        Raises:
            JournalError: this write or an earlier one failed; also raised by the awaitable.
        """
        if self._broken is not None:
            raise JournalError(self._broken)
        self._waiting.append(content)
        if self._durable is None:
            self._durable = asyncio.get_running_loop().create_future()
        if self._commits is None:
            self._commits = asyncio.create_task(self._commit())
        return asyncio.shield(self._durable)  # shared by many waiters, any of which may be cancelled

    async def flush(self) -> None:
        """Wait until everything is on disk."""
        while self._commits is not None:
            await asyncio.shield(self._commits)

    def close(self) -> None:
        """Close the file and release the lock; call `flush` first."""
        self._file.close()

    async def _commit(self) -> None:
        """Write what is waiting until nothing is."""
        loop = asyncio.get_running_loop()
        try:
            while self._durable is not None:
                durable, self._durable = self._durable, None
                content, self._waiting = b"".join(self._waiting), []
                if self._broken is None:
                    try:
                        await loop.run_in_executor(None, self._write, content)
                    except OSError as problem:
                        # Half a line may be on disk; appending after it would leave damage in the middle of the file.
                        self._broken = self._full(problem)
                if self._broken is None:
                    durable.set_result(None)
                else:
                    durable.set_exception(JournalError(self._broken))
        finally:
            self._commits = None

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[self._file.write(view) :]
        os.fsync(self._file.fileno())

    def _full(self, problem: OSError) -> str:
        return f"{self._path}: it can't be written: {problem.strerror}; make room and run again"
