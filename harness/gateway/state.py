"""The folder that holds everything durable: one gateway at a time, and a key for what is secret in it."""

from __future__ import annotations

import fcntl
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StateInUseError(Exception):
    """Another gateway works on the state folder."""


def claim(state: Path) -> None:
    """Make the folder, readable by its owner only, and hold it for this process's life. Raises StateInUseError."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(state / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StateInUseError(f"another gateway works on {state}") from None


def kept_secret_key(state: Path) -> str:
    """The key of a folder that was given none: made once, kept beside the data, readable by its owner only.

    It keeps secrets out of what is copied or searched file by file; against someone who has the whole folder, only a
    key from outside (`OH_SECRET_KEY`) helps.
    """
    path = state / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text()
