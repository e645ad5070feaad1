"""Storage of a conversation's events and state."""

from __future__ import annotations

import json
import os
import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from openhands.sdk.io import FileStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.json_value import Json

WITHHELD = "The reason is withheld: it may quote the model's provider."
# Errors whose detail the SDK or the gateway writes, never a provider.
OWN_ERRORS = frozenset({"MaxIterationsReached", "MaxBudgetReached", "TurnBroken"})


class ConversationFolder(FileStore):
    """One conversation's folder, in the SDK's own layout, written by this process alone.

    Writes are atomic (temporary file, then rename), so a killed process loses nothing: the page cache survives it.
    There is no fsync: only a power failure could lose the last seconds. The SDK's own store syncs seven times a turn
    and doubles the turn's CPU (7.9 against 4.2 ms, SDK 1.58). The only writer needs no lock files, and keeps the SDK's
    length markers (its check for other writers) in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._markers: set[str] = set()
        self._lock = threading.RLock()

    def write(self, path: str, contents: str | bytes) -> None:
        """Replace the file atomically, without a provider's error text."""
        if path.endswith(".marker"):
            self._markers.add(path)
            return
        text = contents.decode() if isinstance(contents, bytes) else contents
        if '"ConversationErrorEvent"' in text:
            text = json.dumps(without_reason(json.loads(text)))
        target = self._folder / path
        temporary = target.with_name(".beside")  # the SDK's scan skips names that begin with a dot
        try:
            temporary.write_text(text, encoding="utf-8")
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)

    def read(self, path: str) -> str:
        """Raises FileNotFoundError."""
        return (self._folder / path).read_text(encoding="utf-8")

    def list(self, path: str) -> list[str]:
        """The paths of a folder's entries; empty if there is no such folder."""
        try:
            return [f"{path}/{name}" for name in os.listdir(self._folder / path)]  # noqa: PTH208  (names, not paths)
        except FileNotFoundError:
            return []

    def delete(self, path: str) -> None:
        """Delete a file or a folder; a missing one is no error."""
        if path.endswith(".marker"):
            self._markers.discard(path)
            return
        target = self._folder / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)

    def exists(self, path: str) -> bool:
        """Whether the file exists."""
        return path in self._markers if path.endswith(".marker") else (self._folder / path).exists()

    def get_absolute_path(self, path: str) -> str:
        """The path on disk."""
        return str(self._folder / path)

    @contextmanager
    def lock(self, path: str, timeout: float = 30.0) -> Iterator[None]:
        """Serialise the threads of this process; one lock per conversation."""
        if not self._lock.acquire(timeout=timeout):
            raise TimeoutError(path)
        try:
            yield
        finally:
            self._lock.release()


def without_reason(event: dict[str, Json]) -> dict[str, Json]:
    """The event, fit to store and show: of a provider's error only the code, a class name, is kept."""
    if event.get("kind") != "ConversationErrorEvent" or event.get("code") in OWN_ERRORS:
        return event
    return {**event, "detail": WITHHELD}
