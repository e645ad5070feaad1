from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.sessions import Sessions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path) -> Sessions:
    """pytest, in a folder with a suite; it knows the session key that the servers here expect."""
    return Sessions(tmp_path)
