"""What happens to a conversation when its client leaves, or when it or its profile is deleted; with both agents."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.gateway.serving import CONVERSATION, MODEL, chat_body, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import ThreadPoolExecutor

    from tests.gateway.serving import Gateway, Reply

MEBIBYTE = 2**20


@pytest.fixture
def other(either: Gateway) -> Iterator[str]:
    """The model of another profile, whose language model has another name."""
    name = f"other-{uuid.uuid4().hex[:8]}"
    path = "/api/profiles/scripted"
    llm = either.request("GET", path, headers={"X-Expose-Secrets": "plaintext"}).json()["config"]
    kept = {key: value for key, value in llm.items() if key in {"base_url", "api_key", "num_retries"}}
    body = {"llm": {**kept, "model": "openai/another"}}
    assert either.request("POST", f"/api/profiles/{name}", body=body).status == 201
    yield f"openhands_{name}"
    either.request("DELETE", f"/api/profiles/{name}")


def ask(gateway: Gateway, text: str, model: str = MODEL, conversation: str = "") -> Reply:
    body = {**chat_body(text), "model": model}
    return gateway.request("POST", "/v1/chat/completions", body=body, headers={CONVERSATION: conversation})


def test_the_id_of_a_deleted_conversation_names_a_fresh_one(either: Gateway) -> None:
    conversation = either.chat("The code word is plum.").conversation
    assert either.request("DELETE", f"/api/conversations/{conversation}").status == 200
    reply = either.chat("What is the code word?", conversation=conversation)
    assert (reply.status, reply.conversation) == (200, conversation)
    assert reply.text == "I have not been told a code word."


def test_first_turns_that_race_for_one_new_id_each_get_their_own_answer(
    either: Gateway, side: ThreadPoolExecutor
) -> None:
    conversation, words = str(uuid.uuid4()), [uuid.uuid4().hex for _ in range(4)]
    replies = list(side.map(lambda word: either.chat(f"Reply with exactly: {word}", conversation=conversation), words))
    assert [reply.text for reply in replies] == words
    followed = either.chat("How many messages have I sent?", conversation=conversation)
    assert followed.text == "5"


def test_who_left_in_the_middle_of_a_turn_gets_the_next_ones_own_answer_after_it(either: Gateway) -> None:
    conversation = str(uuid.uuid4())
    connection = http.client.HTTPConnection(urlsplit(either.url).netloc)
    body = json.dumps(chat_body("The code word is plum. Reply with exactly: lost [[delay: 1]]"))
    headers = {"Content-Type": "application/json", "X-Session-API-Key": either.key, CONVERSATION: conversation}
    connection.request("POST", "/v1/chat/completions", body=body, headers=headers)
    eventually(lambda: either.status_of(conversation) == "running")
    connection.close()
    assert either.chat("Reply with exactly: mine", conversation=conversation).text == "mine"
    assert either.chat("What is the code word?", conversation=conversation).text == "plum"


def test_without_its_profile_a_conversation_waits_and_stores_nothing_of_what_is_refused(
    either: Gateway, other: str
) -> None:
    path = f"/api/profiles/{other.removeprefix('openhands_')}"
    llm = either.request("GET", path, headers={"X-Expose-Secrets": "plaintext"}).json()["config"]
    conversation = ask(either, "The code word is plum.", other).conversation
    assert either.request("DELETE", path).status == 200
    refused = ask(either, "The code word is fig.", other, conversation)
    assert (refused.status, refused.json()["error"]["code"]) == (404, "model_not_found")
    assert ask(either, "What is the code word?", MODEL, conversation).text == "plum"
    assert either.request("POST", path, body={"llm": llm}).status == 201
    assert ask(either, "How many messages have I sent?", other, conversation).text == "3"


def test_another_model_on_a_follow_up_is_echoed_and_the_conversation_keeps_the_one_that_it_began_with(
    either: Gateway, other: str
) -> None:
    word = uuid.uuid4().hex
    conversation = ask(either, f"The code word is {word}.").conversation
    reply = ask(either, "What is the code word?", other, conversation)
    assert (reply.text, reply.json()["model"]) == (word, other)
    assert [request["model"] for request in either.asked(word)["requests"]] == ["scripted", "scripted"]


def test_a_system_text_of_any_length_reaches_the_model_whole(either: Gateway) -> None:
    text = f"{uuid.uuid4().hex} {'x' * 33_000} The instruction word is plum."
    body = chat_body("What is the instruction word?")
    body["messages"].insert(0, {"role": "system", "content": text})
    assert either.request("POST", "/v1/chat/completions", body=body).text == "plum"
    [request] = either.asked(text[:32])["requests"]
    assert text in request["messages"][0]["content"]


@pytest.mark.parametrize("size", [MEBIBYTE, 10 * MEBIBYTE])
def test_a_message_of_megabytes_is_answered(either: Gateway, size: int) -> None:
    reply = either.chat("x" * size + "\nReply with exactly: read")
    assert (reply.status, reply.text) == (200, "read")
