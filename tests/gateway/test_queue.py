from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.gateway.serving import eventually, serve

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from tests.gateway.serving import Gateway


def test_clients_that_race_on_one_conversation_each_get_the_answer_to_their_own_message(
    gateway: Gateway, side: ThreadPoolExecutor
) -> None:
    conversation = str(uuid.uuid4())
    words = [f"word-{number}" for number in range(8)]
    replies = list(side.map(lambda word: gateway.chat(f"Reply with exactly: {word}", conversation=conversation), words))
    assert [reply.text for reply in replies] == words
    assert {reply.conversation for reply in replies} == {conversation}
    assert sorted(gateway.user_messages(conversation)) == [f"Reply with exactly: {word}" for word in words]


def test_turns_on_a_conversation_are_played_in_order_of_arrival(gateway: Gateway, side: ThreadPoolExecutor) -> None:
    conversation = str(uuid.uuid4())
    first = side.submit(gateway.chat, "Reply with exactly: first [[delay: 1]]", conversation=conversation)
    eventually(lambda: gateway.status_of(conversation) == "running")
    others = []
    for number in range(4):
        waiting = gateway.metric("gateway_turns_running")
        others.append(side.submit(gateway.chat, "How many messages have I sent?", conversation=conversation))
        eventually(lambda waiting=waiting: gateway.metric("gateway_turns_running") > waiting)  # type: ignore[misc]
        assert len(others) == number + 1
    assert first.result().text == "first"
    assert [other.result().text for other in others] == ["2", "3", "4", "5"]


def test_beyond_the_queue_a_request_is_refused_and_leaves_nothing(tmp_path: Path, side: ThreadPoolExecutor) -> None:
    conversation = str(uuid.uuid4())
    with serve(tmp_path, "--max-queue", "1") as gateway:
        running = side.submit(gateway.chat, "Reply with exactly: one [[delay: 60]]", conversation=conversation)
        eventually(lambda: gateway.status_of(conversation) == "running")
        queued = side.submit(gateway.chat, "Reply with exactly: two", conversation=conversation)
        eventually(lambda: gateway.metric("gateway_turns_running") == 2)

        refused = gateway.chat("Reply with exactly: three", conversation=conversation)
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "x-should-retry" not in refused.headers
        assert refused.json()["error"]["type"] == "rate_limit_error"
        assert refused.conversation == conversation
        assert gateway.chat("Reply with exactly: elsewhere").text == "elsewhere"

        assert gateway.request("DELETE", f"/api/conversations/{conversation}").json() == {"success": True}
        assert running.result().json()["error"]["code"] == "agent_paused"
        assert queued.result().json()["error"]["code"] == "conversation_deleted"
        assert gateway.status_of(conversation) is None


def test_a_request_that_never_got_its_turn_is_told_429_and_leaves_nothing(
    tmp_path: Path, side: ThreadPoolExecutor
) -> None:
    conversation = str(uuid.uuid4())
    with serve(tmp_path, "--turn-timeout", "1") as gateway:
        running = side.submit(gateway.chat, "[[delay: 60]]", conversation=conversation)
        eventually(lambda: gateway.status_of(conversation) == "running")
        assert gateway.chat("Reply with exactly: two", conversation=conversation).status == 429
        assert running.result().status == 504
        assert gateway.user_messages(conversation) == ["[[delay: 60]]"]


def test_beyond_the_capacity_a_request_is_refused_and_leaves_nothing(tmp_path: Path, side: ThreadPoolExecutor) -> None:
    known, unknown = str(uuid.uuid4()), str(uuid.uuid4())
    with serve(tmp_path, "--max-turns", "1") as gateway:
        gateway.chat("Reply with exactly: ok", conversation=known)
        running = side.submit(gateway.chat, "Reply with exactly: one [[delay: 1]]")
        eventually(lambda: gateway.metric("gateway_turns_running") == 1)
        for conversation in (known, unknown):
            refused = gateway.chat("Reply with exactly: two", conversation=conversation)
            assert (refused.status, refused.json()["error"]["code"]) == (429, "no_capacity")
            assert int(refused.headers["retry-after"]) > 0
        assert running.result().text == "one"
        assert gateway.chat("How many messages have I sent?", conversation=known).text == "2"
        assert gateway.status_of(unknown) is None
