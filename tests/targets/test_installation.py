from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from harness.targets import TargetError, TargetUsageError
from harness.targets.installation import installed_server, requirements
from harness.targets.parse import parse_target

pytest.importorskip("fastapi")

if TYPE_CHECKING:
    from pathlib import Path


def test_the_packages_of_a_release_go_together() -> None:
    assert requirements("1.58.0") == [
        "openhands-agent-server==1.58.0",
        "openhands-sdk==1.58.0",
        "openhands-tools==1.58.0",
        "openhands-workspace==1.58.0",
    ]


@pytest.mark.parametrize(
    ("version", "pinned"),
    [
        ("1.28.0", ["fastapi==0.128.0", "litellm<1.106"]),
        ("1.47.0", ["fastapi==0.128.0", "litellm<1.106"]),
        ("1.48.0", ["litellm<1.106"]),
        ("1.55.1", ["litellm<1.106"]),
    ],
)
def test_an_old_release_gets_the_dependency_that_it_still_works_with(version: str, pinned: list[str]) -> None:
    assert requirements(version)[4:] == pinned


def test_an_interpreter_without_the_server_is_refused() -> None:
    target = parse_target("agent-server", environment={"AGENT_SERVER_PYTHON": "/no/such/python"})
    with pytest.raises(TargetUsageError, match="AGENT_SERVER_PYTHON"):
        target.start(lambda _: None)
    target = parse_target("agent-server", environment={"AGENT_SERVER_PYTHON": sys.executable})
    with pytest.raises(TargetUsageError, match="no openhands-agent-server"):
        target.start(lambda _: None)


def test_a_release_that_cannot_be_installed_says_what_the_installer_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # An index that has nothing, for uv and for pip.
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, tmp_path.as_uri())
    for name in ("UV_INDEX", "UV_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    said: list[str] = []
    with pytest.raises(TargetError, match="can't be installed") as raised:
        installed_server("1.58.0", said.append)
    assert "openhands" in raised.value.what
    assert "package index" in raised.value.advice
    assert any("installing openhands-agent-server 1.58.0" in line for line in said)
