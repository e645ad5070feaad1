"""Writing so that a `kill -9` at any moment leaves the old file or the new one, and never half of one."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content; only its owner may read it."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)  # noqa: PTH105 - pathlib's form takes no plain string
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108 - likewise
        raise
