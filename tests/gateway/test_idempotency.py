from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import openai
import pytest

from tests.gateway.serving import CONVERSATION, MODEL, eventually, serve

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from tests.gateway.serving import Gateway


def test_a_repeated_request_gets_the_first_answer_and_starts_no_second_turn(gateway: Gateway) -> None:
    key = uuid.uuid4().hex
    first = gateway.chat("hello", Idempotency_Key=key)
    again = gateway.chat("hello", Idempotency_Key=key)
    assert again.body == first.body
    assert again.conversation == first.conversation
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert gateway.user_messages(first.conversation) == ["hello"]


def test_a_request_that_is_repeated_while_the_first_runs_waits_for_its_answer(
    gateway: Gateway, side: ThreadPoolExecutor
) -> None:
    key, conversation = uuid.uuid4().hex, str(uuid.uuid4())
    text = "Reply with exactly: once [[delay: 1]]"
    first = side.submit(gateway.chat, text, conversation=conversation, Idempotency_Key=key)
    eventually(lambda: gateway.status_of(conversation) == "running")
    again = gateway.chat(text, conversation=conversation, Idempotency_Key=key)
    assert again.body == first.result().body
    assert gateway.user_messages(conversation) == [text]


def test_the_official_client_can_send_a_key(gateway: Gateway) -> None:
    with openai.OpenAI(api_key=gateway.key, base_url=f"{gateway.url}/v1") as client:
        ids = {
            client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": "hello"}],
                extra_headers={"Idempotency-Key": "of-the-client"},
            ).id
            for _ in range(3)
        }
    assert len(ids) == 1


def test_a_key_that_comes_with_another_request_is_refused(gateway: Gateway) -> None:
    key = uuid.uuid4().hex
    gateway.chat("hello", Idempotency_Key=key)
    reply = gateway.chat("goodbye", Idempotency_Key=key)
    assert (reply.status, reply.json()["error"]["code"]) == (422, "idempotency_key_reused")
    elsewhere = gateway.chat("hello", conversation=str(uuid.uuid4()), Idempotency_Key=key)
    assert elsewhere.status == 422


def test_a_refusal_is_not_kept_so_the_request_can_be_put_right_and_sent_again(gateway: Gateway) -> None:
    key = uuid.uuid4().hex
    body = {"model": "openhands_later", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"Idempotency-Key": key}
    assert gateway.request("POST", "/v1/chat/completions", body=body, headers=headers).status == 404
    gateway.request("POST", "/api/profiles/later", body={"llm": {"model": "openai/x", "api_key": "any"}})
    assert gateway.request("POST", "/v1/chat/completions", body=body, headers=headers).status == 200
    gateway.request("DELETE", "/api/profiles/later")


@pytest.mark.parametrize("directive", ["", "[[error: 500]]"])
def test_the_first_answer_or_failure_survives_a_kill(tmp_path: Path, directive: str) -> None:
    with serve(tmp_path) as gateway:
        first = gateway.chat(f"hello {directive}", Idempotency_Key="one")
        gateway.kill()
    with serve(tmp_path) as gateway:
        again = gateway.chat(f"hello {directive}", Idempotency_Key="one")
        assert (again.status, again.json()) == (first.status, first.json())
        assert again.headers[CONVERSATION.lower()] == first.headers[CONVERSATION.lower()]
        assert len(gateway.user_messages(first.conversation)) == 1


def test_a_request_whose_turn_a_kill_broke_is_not_run_again(tmp_path: Path, side: ThreadPoolExecutor) -> None:
    conversation = str(uuid.uuid4())
    with serve(tmp_path) as gateway:
        broken = side.submit(gateway.chat, "[[delay: 60]]", conversation=conversation, Idempotency_Key="one")
        eventually(lambda: gateway.status_of(conversation) == "running")
        gateway.kill()
        assert isinstance(broken.exception(), ConnectionError)
    with serve(tmp_path) as gateway:
        again = gateway.chat("[[delay: 60]]", conversation=conversation, Idempotency_Key="one")
        assert (again.status, again.json()["error"]["code"]) == (500, "turn_interrupted")
        assert again.headers["x-should-retry"] == "false"
        assert again.conversation == conversation
        assert len(gateway.user_messages(conversation)) == 1
