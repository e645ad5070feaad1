"""Stored answers to requests with an `Idempotency-Key`, so that a repeated request starts no second turn.

One small file per key, replaced atomically. A record without an outcome whose turn no longer runs belongs to a turn
that died with its process.
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

# Stripe keeps them for at least as long.
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
    """The request that a key came with, and its outcome once there is one."""

    fingerprint: str
    conversation: UUID
    outcome: Outcome | None = None


class IdempotencyStore:
    """Records by key, in one folder, kept for at least a day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pruned = 0.0
        self._pruning = threading.Lock()

    def read(self, key: str) -> Record | None:
        """The record of a key; None if there is none."""
        try:
            return Record.model_validate_json(self._path(key).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, key: str, record: Record) -> None:
        """Store a record; once an hour, drop the expired ones."""
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
