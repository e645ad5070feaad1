from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.gateway.serving import eventually, serve

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path


def test_conversations_and_profiles_survive_a_restart(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        profile = {"llm": {"model": "openai/x", "api_key": "upstream-key"}}
        assert gateway.request("POST", "/api/profiles/mine", body=profile).status == 201
        told = gateway.chat("The code word is siskin.")
        assert gateway.terminate() == 0
    with serve(tmp_path) as gateway:
        assert gateway.chat("What is the code word?", conversation=told.conversation).text == "siskin"
        headers = {"X-Expose-Secrets": "plaintext"}
        config = gateway.request("GET", "/api/profiles/mine", headers=headers).json()["config"]
        assert config["api_key"] == "upstream-key"


def test_a_kill_in_the_middle_of_a_turn_keeps_the_finished_turns_and_marks_the_broken_one(
    tmp_path: Path, side: ThreadPoolExecutor
) -> None:
    conversation = str(uuid.uuid4())
    with serve(tmp_path) as gateway:
        gateway.chat("The code word is dunlin.", conversation=conversation)
        broken = side.submit(gateway.chat, "[[delay: 60]]", conversation=conversation)
        eventually(lambda: gateway.status_of(conversation) == "running")
        gateway.kill()
        assert isinstance(broken.exception(), ConnectionError)
    with serve(tmp_path) as gateway:
        assert gateway.status_of(conversation) == "error"
        events = gateway.request("GET", f"/api/conversations/{conversation}/events/search").json()["items"]
        assert [event["code"] for event in events if event["kind"] == "ConversationErrorEvent"] == ["TurnInterrupted"]
        assert gateway.chat("What is the code word?", conversation=conversation).text == "dunlin"
        assert gateway.status_of(conversation) == "finished"


def test_half_a_line_at_the_end_of_a_log_costs_that_line_only(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        told = gateway.chat("The code word is knot.")
        gateway.kill()
    (log,) = tmp_path.glob("state/conversations/*/events.jsonl")
    with log.open("a") as file:
        file.write('{"kind": "MessageEvent", "id": "')
    with serve(tmp_path) as gateway:
        assert gateway.chat("What is the code word?", conversation=told.conversation).text == "knot"


def test_a_conversation_that_was_killed_before_its_first_event_can_begin(tmp_path: Path) -> None:
    conversation = uuid.uuid4()
    (tmp_path / "state" / "conversations" / conversation.hex).mkdir(parents=True)
    with serve(tmp_path) as gateway:
        assert gateway.request("GET", "/api/conversations/count").json() == 0
        assert gateway.chat("Reply with exactly: begun", conversation=str(conversation)).text == "begun"


def test_a_damaged_conversation_is_said_to_be_damaged_hides_no_other_and_can_be_deleted(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        damaged, whole = (gateway.chat("hello").conversation for _ in range(2))
        gateway.kill()
    conversations = tmp_path / "state" / "conversations"
    (conversations / uuid.UUID(damaged).hex / "events.jsonl").write_bytes(b'{"kind": \n{}\n')
    (conversations / "lost+found").mkdir()
    with serve(tmp_path) as gateway:
        path = f"/api/conversations/{damaged}"
        for reply in (gateway.request("GET", path), gateway.chat("hello", conversation=damaged)):
            assert (reply.status, reply.json()["error"]["code"]) == (500, "damaged")
        found = gateway.request("GET", "/api/conversations/search").json()["items"]
        assert [each["id"] for each in found] == [whole]
        assert gateway.request("DELETE", path).status == 200
        assert gateway.chat("Reply with exactly: anew", conversation=damaged).text == "anew"


def test_more_conversations_than_are_held_in_memory_all_go_on(tmp_path: Path) -> None:
    with serve(tmp_path, "--max-conversations", "3") as gateway:
        started = [gateway.chat(f"The code word is word-{number}.").conversation for number in range(10)]
        eventually(lambda: gateway.metric("gateway_conversations_held") == 3)
        answers = [gateway.chat("What is the code word?", conversation=each).text for each in started]
        assert answers == [f"word-{number}" for number in range(10)]
        eventually(lambda: gateway.metric("gateway_conversations_held") == 3)


def test_a_deleted_conversation_is_gone_also_after_a_restart(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        told = gateway.chat("The code word is ruff.").conversation
        assert gateway.request("DELETE", f"/api/conversations/{told}").status == 200
        assert gateway.request("DELETE", f"/api/conversations/{told}").status == 404
    with serve(tmp_path) as gateway:
        assert gateway.status_of(told) is None
        afresh = gateway.chat("What is the code word?", conversation=told)
        assert (afresh.conversation, afresh.text) == (told, "I have not been told a code word.")
