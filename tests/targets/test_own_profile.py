"""A server at a URL on this machine gets the harness's own profile for the run, if allowed."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from typing import TYPE_CHECKING

import pytest

from harness.scenarios.model import Capability
from harness.targets.access import Access
from harness.targets.errors import TargetError
from harness.targets.parse import parse_target
from tests.run.servers import Gateway, Server

pytest.importorskip("fastapi")  # for the scripted model

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-planted"
PROFILE = "harness-0123abcd-scripted"


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "homes"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_profile_leads_to_the_scripted_model_and_is_gone_in_the_end(homes: Path) -> None:
    gateway = Gateway(KEY)
    with Server(gateway) as server:
        access = Access(native_api=True)
        target = parse_target(server.url, environment={"SESSION_API_KEY": KEY}, access=access, run="0123abcd")
        try:
            endpoint = target.start(lambda _: None)
            assert endpoint.model == f"openhands_{PROFILE}"
            assert {Capability.SCRIPTED_MODEL, Capability.MODEL_LOG} <= endpoint.capabilities
            assert gateway.existing == {f"/api/profiles/{PROFILE}"}
            sent = json.loads(next(each.body for each in server.received if each.method == "POST"))
            assert endpoint.model_log is not None
            assert sent["llm"]["base_url"] == f"{endpoint.model_log.url}/v1"
            with urllib.request.urlopen(f"{endpoint.model_log.url}/requests?containing=x", timeout=30) as response:
                assert json.load(response)["count"] == 0
        finally:
            target.stop()
    assert gateway.existing == set()
    assert list(homes.iterdir()) == []


@pytest.mark.parametrize("access", [Access(), Access(native_api=True, model="openhands_x"), Access(native_api=False)])
def test_without_being_told_no_profile_is_made(access: Access) -> None:
    gateway = Gateway(KEY)
    with Server(gateway) as server:
        endpoint = parse_target(server.url, environment={"SESSION_API_KEY": KEY}, access=access).start(lambda _: None)
    assert gateway.existing == set()
    assert endpoint.model == access.model
    assert endpoint.native_api is (access.native_api is not False)


def test_a_server_that_refuses_the_profile_says_so_and_nothing_is_left(homes: Path) -> None:
    with Server(Gateway(KEY)) as server:
        target = parse_target(server.url, environment={"SESSION_API_KEY": "wrong"}, access=Access(native_api=True))
        with pytest.raises(TargetError, match="refused the profile `harness-00000000-scripted` with 401") as raised:
            target.start(lambda _: None)
    assert "check the session key" in raised.value.advice
    assert list(homes.iterdir()) == []
