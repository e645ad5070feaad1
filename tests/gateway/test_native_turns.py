"""Conversations that the native API starts and steers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.serving import eventually

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from tests.gateway.serving import Gateway


def message(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}], "run": True}


def start(gateway: Gateway, text: str, **more: object) -> dict[str, Any]:
    agent = gateway.request("GET", "/api/agent-profiles").json()["active_agent_profile_id"]
    return {
        "agent_profile_id": agent,
        "agent_launch_additions": {"llm_profile_ref": "scripted"},
        "workspace": {"working_dir": "workspace"},
        "initial_message": message(text),
        **more,
    }


def test_a_conversation_starts_with_a_message_and_the_endpoint_goes_on_with_it(gateway: Gateway) -> None:
    begun = gateway.request("POST", "/api/conversations", body=start(gateway, "The code word is plum."))
    assert begun.status == 201
    conversation = begun.json()["id"]
    assert gateway.chat("What is the code word?", conversation=conversation).text == "plum"
    assert gateway.user_messages(conversation) == ["The code word is plum.", "What is the code word?"]


def test_a_conversation_that_there_is_does_not_start_again(gateway: Gateway) -> None:
    body = start(gateway, "Reply with exactly: ok", conversation_id=str(uuid.uuid4()))
    statuses = [gateway.request("POST", "/api/conversations", body=body).status for _ in range(2)]
    assert statuses == [201, 200]
    eventually(lambda: gateway.status_of(body["conversation_id"]) == "finished")
    assert len(gateway.user_messages(body["conversation_id"])) == 1


@pytest.mark.parametrize(
    "wrong", [{"agent_profile_id": str(uuid.uuid4())}, {"agent_launch_additions": {"llm_profile_ref": "none"}}]
)
def test_an_unknown_profile_starts_nothing(gateway: Gateway, wrong: dict[str, Any]) -> None:
    body = start(gateway, "hello", conversation_id=str(uuid.uuid4())) | wrong
    assert gateway.request("POST", "/api/conversations", body=body).status == 404
    assert gateway.status_of(body["conversation_id"]) is None


def test_a_message_is_a_turn_that_nobody_waits_for(gateway: Gateway) -> None:
    conversation = gateway.chat("Reply with exactly: ok").conversation
    path = f"/api/conversations/{conversation}"
    sent = gateway.request("POST", f"{path}/events", body=message("Reply with exactly: later [[delay: 0.5]]"))
    assert (sent.status, sent.json()) == (200, {"success": True})
    assert gateway.status_of(conversation) == "running"
    eventually(lambda: gateway.status_of(conversation) == "finished")
    assert gateway.request("GET", f"{path}/agent_final_response").json() == {"response": "later"}


@pytest.mark.parametrize("path", ["events", "pause", "confirmation_policy"])
def test_what_is_not_there_is_404(gateway: Gateway, path: str) -> None:
    body = message("hello") | {"policy": {"kind": "AlwaysConfirm"}}
    assert gateway.request("POST", f"/api/conversations/{uuid.uuid4()}/{path}", body=body).status == 404


def test_a_paused_turn_is_409_and_the_conversation_goes_on(gateway: Gateway, side: ThreadPoolExecutor) -> None:
    conversation = gateway.chat("Reply with exactly: ok").conversation
    turn = side.submit(gateway.chat, "Reply with exactly: never [[delay: 60]]", conversation=conversation)
    eventually(lambda: gateway.status_of(conversation) == "running")
    assert gateway.request("POST", f"/api/conversations/{conversation}/pause").status == 200
    assert turn.result().status == 409
    assert gateway.status_of(conversation) == "paused"
    assert gateway.chat("Reply with exactly: awake", conversation=conversation).text == "awake"


def test_a_call_that_needs_a_confirmation_ends_its_turn_with_409_until_none_is_needed(gateway: Gateway) -> None:
    conversation = gateway.chat("Reply with exactly: ok").conversation
    calls = 'Reply with exactly: done [[tool: terminal {"command": "true"}]]'
    for kind, status in (("AlwaysConfirm", 409), ("NeverConfirm", 200)):
        path, body = f"/api/conversations/{conversation}/confirmation_policy", {"policy": {"kind": kind}}
        assert gateway.request("POST", path, body=body).status == 200
        assert gateway.chat(calls, conversation=conversation).status == status
    gateway.request("POST", path, body={"policy": {"kind": "AlwaysConfirm"}})
    assert gateway.chat("Reply with exactly: no tool", conversation=conversation).text == "no tool"
