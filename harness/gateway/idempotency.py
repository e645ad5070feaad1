"""Answers that were given to a request with an `Idempotency-Key`, kept so that its repetition starts no second agent.

One small file per key, replaced whole, so a `kill -9` leaves the old or the new one. A record without an outcome
whose turn is not running any more belongs to a turn that a dying process took with it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import BaseModel, ValidationError

from harness.gateway.chat import ChatCompletion
from harness.gateway.state import replace_file

if TYPE_CHECKING:
    from pathlib import Path

# As long as Stripe keeps them at least.
_KEPT_SECONDS = 24 * 3600.0
_PRUNE_SECONDS = 3600.0


class Failure(BaseModel):
    """A turn that ended without an answer."""

    status: int
    code: str
    message: str


class Outcome(BaseModel):
    """How a turn ended: with a completion, or with a failure."""

    conversation: UUID
    completion: ChatCompletion | None = None
    failure: Failure | None = None


class Record(BaseModel):
    """What is known of a key: the request that it came with, and the outcome when there is one."""

    fingerprint: str
    conversation: UUID
    outcome: Outcome | None = None


class IdempotencyStore:
    """Records by key, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pruned = 0.0
        self._pruning = threading.Lock()

    def read(self, key: str) -> Record | None:
        """The record of a key; it is kept for a day at least."""
        try:
            return Record.model_validate_json(self._path(key).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, key: str, record: Record) -> None:
        """Keep a record; drop those that are too old, once an hour."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path(key), record.model_dump_json().encode())
        with self._pruning:
            if time.time() - self._pruned < _PRUNE_SECONDS:
                return
            self._pruned = time.time()
            for path in self._folder.glob("*.json"):
                if path.stat().st_mtime < self._pruned - _KEPT_SECONDS:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
