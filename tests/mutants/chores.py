"""Jobs for worker processes: good, bad and endless."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def prepare() -> Callable[[str], tuple[int, object]]:
    """A worker that answers each job with its process id and the result."""
    done: list[str] = []

    def do(chore: str) -> tuple[int, object]:
        done.append(chore)
        if chore == "raise":
            raise ValueError("no such chore")
        if chore == "die":
            os._exit(7)
        if chore == "hang":
            threading.Event().wait()
        if chore == "scribble":
            folder = Path(tempfile.mkdtemp())
            (folder / "file").touch()
            return os.getpid(), str(folder)
        if chore == "wait":
            time.sleep(0.1)
        return os.getpid(), tuple(done)

    return do


def prepare_badly() -> Callable[[str], tuple[int, object]]:
    """A worker that never starts its work."""
    os._exit(5)
