from __future__ import annotations

import http.client
import json
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.gateway.serving import CONVERSATION, chat_body, eventually, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.serving import Gateway


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that answers 504 after half a second."""
    with serve(tmp_path_factory.mktemp("hasty"), "--turn-timeout", "0.5") as running:
        yield running


def final_response(gateway: Gateway, conversation: str) -> str:
    return str(gateway.request("GET", f"/api/conversations/{conversation}/agent_final_response").json()["response"])


def test_a_slow_turn_is_a_504_that_names_the_conversation_where_its_answer_is_found_later(hasty: Gateway) -> None:
    late = hasty.chat("Reply with exactly: at last [[delay: 1.5]]")
    assert late.status == 504
    assert late.headers["x-should-retry"] == "false"
    assert f"/api/conversations/{late.conversation}/agent_final_response" in late.json()["detail"]
    assert final_response(hasty, late.conversation) == ""
    eventually(lambda: final_response(hasty, late.conversation) == "at last")
    follow_up = hasty.chat("How many messages have I sent?", conversation=late.conversation)
    assert follow_up.text == "2"


def test_the_same_request_with_its_idempotency_key_gets_the_answer_after_a_504(hasty: Gateway) -> None:
    text, key = "Reply with exactly: worth it [[delay: 1.5]]", uuid.uuid4().hex
    late = hasty.chat(text, Idempotency_Key=key)
    assert late.status == 504
    eventually(lambda: hasty.status_of(late.conversation) == "finished")
    again = hasty.chat(text, Idempotency_Key=key)
    assert (again.status, again.text, again.conversation) == (200, "worth it", late.conversation)
    assert hasty.user_messages(late.conversation) == [text]


def test_a_client_that_leaves_does_not_end_its_turn(gateway: Gateway) -> None:
    conversation = str(uuid.uuid4())
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc)
    body = json.dumps(chat_body("Reply with exactly: kept [[delay: 1]]"))
    headers = {"Content-Type": "application/json", "X-Session-API-Key": gateway.key, CONVERSATION: conversation}
    connection.request("POST", "/v1/chat/completions", body=body, headers=headers)
    eventually(lambda: gateway.status_of(conversation) == "running")
    connection.close()
    eventually(lambda: gateway.status_of(conversation) == "finished")
    assert final_response(gateway, conversation) == "kept"
