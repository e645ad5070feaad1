"""The fixtures for Python tests."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.plugin.sessions import KEY
from tests.run.servers import Gateway, Server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.sessions import Sessions

TESTS = """\
def test_client(gateway, gateway_client):
    assert gateway.base_url == f"{gateway.url}/v1"
    assert gateway.key not in repr(gateway)
    messages = [{"role": "user", "content": "Reply with exactly: tangerine"}]
    answer = gateway_client.chat.completions.create(model=gateway.model, messages=messages)
    assert answer.choices[0].message.content == "tangerine"


def test_model(gateway, gateway_client, scripted_model):
    messages = [{"role": "user", "content": "The code word is clementine.\\\\n[[error: 500]]"}]
    try:
        gateway_client.chat.completions.create(model=gateway.model, messages=messages)
    except Exception as error:
        assert error.status_code >= 500
    (asked,) = scripted_model.requests("clementine")
    assert asked["model"]
"""


def test_the_client_is_ready_to_use_and_its_conversations_are_deleted(session: Sessions) -> None:
    session.python(TESTS)
    made = Gateway(KEY)
    with Server(made) as server:
        ran = session("--gateway-url", server.url, "test_python.py", "-rs")
    assert ran.results == {"test_python.py::test_client": "PASSED", "test_python.py::test_model": "SKIPPED"}
    assert "the target does not offer: scripted-model" in ran.output
    assert ran.status == 0
    assert made.existing == set()


def test_without_a_target_a_test_that_wants_one_is_told_how_to_name_it(session: Sessions) -> None:
    session.python(TESTS)
    ran = session()
    assert set(ran.results.values()) == {"ERROR"}
    assert "no gateway is named: run pytest with --gateway-url URL or --gateway-target TARGET" in ran.output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_reference_gateway_is_started_for_the_session_once(session: Sessions, workers: str) -> None:
    pytest.importorskip("fastapi")
    session.python(TESTS + "\n\ndef test_where(gateway):\n    print(f'it is at {gateway.url}')\n")
    target = ("--gateway-target", "reference", "--gateway-agent", "scripted")
    ran = session(*target, "-n", workers, "-rP")
    assert set(ran.results.values()) == {"PASSED"}
    assert len(ran.results) == 8
    assert ran.status == 0


def test_it_works_with_the_oldest_pytest_that_it_is_said_to_work_with(session: Sessions, tmp_path: Path) -> None:
    uv = pytest.importorskip("uv")
    older = tmp_path / "older"
    install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--target", str(older), "pytest==8.3.0"]
    subprocess.run([*install, "--python", sys.executable], check=True)
    session.environment["PYTHONPATH"] = os.pathsep.join([str(older), os.environ.get("PYTHONPATH", "")])
    session.python(TESTS)
    made = Gateway(KEY)
    with Server(lambda it: made(it) if "/api/profiles/" not in it.path else None) as server:
        ran = session("--gateway-url", server.url, "-n", "2", "--runxfail")
    assert "pytest-8.3.0" in ran.output
    assert sorted(ran.results.values()) == ["FAILED", *["PASSED"] * 5, "SKIPPED"]
    assert made.existing == set()
