"""The state folder: a lock for one gateway at a time, its secret key, and atomic writes."""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StateError(Exception):
    """The state folder can't be used: another gateway uses it, or its key is damaged."""


def claim(state: Path) -> None:
    """Create the folder, readable by its owner only, and lock it until this process ends. Raises StateError."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(state / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StateError(f"another gateway works on {state}") from None


def kept_secret_key(state: Path) -> str:
    """The folder's own key, used if none is configured: generated once, readable by its owner only.

    It protects single files that are copied or searched; only a key from outside (`OH_SECRET_KEY`) protects the whole
    folder. Raises StateError if the stored key is damaged.
    """
    path = state / "secret.key"
    if not path.exists():
        replace_file(path, secrets.token_urlsafe(32).encode())
    key = path.read_bytes()
    if not key or not key.isascii():
        raise StateError(f"{path} is damaged; put the old one back; without it the stored keys of models are lost")
    return key.decode()


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically; only its owner can read it.

    A `kill -9` at any moment leaves the old file or the new one, never half of one.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)  # noqa: PTH105 - pathlib's form takes no plain string
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108 - likewise
        raise
