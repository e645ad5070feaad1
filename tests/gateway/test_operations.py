from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from harness import __version__
from tests.gateway.serving import eventually, serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.serving import Gateway


@pytest.mark.parametrize("path", ["/alive", "/health", "/ready", "/server_info", "/metrics", "/openapi.json"])
def test_what_operators_ask_for_needs_no_key(gateway: Gateway, path: str) -> None:
    assert gateway.request("GET", path, key=None).status == 200


def test_server_info_names_the_contract_by_which_the_two_dialects_are_told_apart(
    gateway: Gateway, streaming_gateway: Gateway
) -> None:
    info = gateway.request("GET", "/server_info", key=None).json()
    assert info.pop("uptime") > 0
    assert info == {
        "title": "openhands-gateway-harness reference gateway",
        "version": __version__,
        "contract": "documented",
        "agent": "scripted",
        "capabilities": ["profiles", "conversations", "native-turns", "scripted-model", "model-log"],
        "sdk_version": None,
    }
    assert streaming_gateway.request("GET", "/server_info", key=None).json()["contract"] == "agent-server"


def test_metrics_count_requests_turns_and_tokens_and_label_nothing_that_a_client_chose(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        gateway.chat("Reply with exactly: one")
        gateway.chat("[[error: 500]]")
        gateway.request("BREW", f"/{uuid.uuid4()}")
        chat = 'method="POST",route="/v1/chat/completions"'
        assert gateway.metric(f'gateway_requests_total{{{chat},status="200"}}') == 1
        assert gateway.metric(f'gateway_requests_total{{{chat},status="500"}}') == 1
        assert gateway.metric('gateway_requests_total{method="OTHER",route="unmatched",status="404"}') == 1
        assert gateway.metric('gateway_turns_total{outcome="finished"}') == 1
        assert gateway.metric('gateway_turns_total{outcome="error"}') == 1
        assert gateway.metric('gateway_tokens_total{kind="completion"}') == 1
        assert gateway.metric("gateway_turn_seconds_count") == 2
        assert gateway.metric("gateway_conversations_held") == 2
        assert gateway.metric("gateway_turns_running") == 0


def test_each_request_is_one_json_line_in_the_log_with_the_id_that_the_client_sees(gateway: Gateway) -> None:
    own = f"of-the-caller-{uuid.uuid4()}"
    named = gateway.request("GET", "/v1/models?secret=query", headers={"X-Request-ID": own})
    answered = gateway.chat("hello")
    odd = gateway.request("GET", "/v1/models", headers={"X-Request-ID": "no id\t\xe9"})
    assert named.headers["x-request-id"] == own
    assert odd.headers["x-request-id"].isalnum()
    eventually(lambda: odd.headers["x-request-id"] in gateway.log.read_text())  # it is written after the answer
    lines = [json.loads(line) for line in gateway.log.read_text().splitlines() if line.startswith("{")]
    by_id = {line["request_id"]: line for line in lines if line["message"] == "request"}
    assert by_id[own].items() >= {"method": "GET", "path": "/v1/models", "status": 200, "conversation": None}.items()
    assert by_id[answered.headers["x-request-id"]]["conversation"] == answered.conversation
    assert odd.headers["x-request-id"] in by_id
