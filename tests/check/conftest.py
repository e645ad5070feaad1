from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.check.suite import Runner

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-planted-key/42"


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """`check`, with the session key that the servers here expect."""
    for name in ("AGENT_SERVER_URL", "OPENHANDS_MODEL", "LLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SESSION_API_KEY", KEY)
    return Runner(tmp_path)
