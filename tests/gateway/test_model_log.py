"""The gateway's log of requests to the scripted model is the same for both agents."""

from __future__ import annotations

import uuid
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.gateway.serving import chat_body, serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.serving import Gateway


def test_a_turn_is_one_request_with_instructions_history_and_the_newest_message(either: Gateway) -> None:
    word = uuid.uuid4().hex
    body = chat_body(f"The code word is {word}. Reply with exactly: ok")
    body["messages"].insert(0, {"role": "system", "content": f"The instruction word is {word}-i."})
    first = either.request("POST", "/v1/chat/completions", body=body)
    either.chat("What is the code word?", conversation=first.conversation)
    found = either.asked(word)
    assert found["count"] == 2
    opening, following = found["requests"]
    assert opening["model"] == following["model"] == "scripted"
    assert [message["role"] for message in opening["messages"]] == ["system", "user"]
    assert [message["role"] for message in following["messages"]] == ["system", "user", "assistant", "user"]
    assert f"{word}-i" in following["messages"][0]["content"]
    assert [message["content"] for message in following["messages"][1:]] == [
        f"The code word is {word}. Reply with exactly: ok",
        "ok",
        "What is the code word?",
    ]


def test_a_request_that_is_refused_never_reaches_the_model(either: Gateway) -> None:
    word = uuid.uuid4().hex
    assert either.request("POST", "/v1/chat/completions", body=chat_body(word), key="wrong").status == 401
    assert either.request("POST", "/v1/chat/completions", body=chat_body(word, stream=True)).status == 400
    assert either.asked(word) == {"count": 0, "requests": []}


def test_a_request_that_the_model_fails_is_there_too(either: Gateway) -> None:
    word = uuid.uuid4().hex
    assert either.chat(f"{word} [[error: 500]]").status == 500
    assert either.asked(word)["count"] == 1


def test_what_the_model_was_asked_is_told_to_those_who_have_the_key_alone(either: Gateway) -> None:
    assert either.request("GET", "/scripted-model/requests", key="wrong").status == 401
    assert either.request("GET", "/scripted-model/requests", key=None).status == 401


@pytest.mark.skipif(find_spec("openhands") is None, reason="the agent SDK is not installed")
def test_a_model_that_is_not_the_scripted_one_has_no_log(tmp_path: Path) -> None:
    with serve(tmp_path, "--tools", "none", agent="openhands") as gateway:
        assert gateway.request("GET", "/scripted-model/requests").status == 404
        assert "model-log" not in gateway.request("GET", "/server_info").json()["capabilities"]
