"""The scripted model's language, spoken through a real agent: the SDK's prompts, parts, nudges and merges included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest

from harness.model.wire import SECRET_DETAIL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.targets import Endpoint

pytestmark = pytest.mark.server

CONVERSATION_HEADER = "X-OpenHands-ServerConversation-ID"


@pytest.fixture(scope="module")
def client(agent_server: Endpoint) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{agent_server.base_url}/v1", api_key=agent_server.key, max_retries=0) as client:
        yield client


class Conversation:
    """One conversation on the server."""

    def __init__(self, client: openai.OpenAI, endpoint: Endpoint) -> None:
        self.identifier = ""
        self._client, self._endpoint = client, endpoint

    def say(self, text: str, *, system: str | None = None) -> str:
        messages: Any = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": text})
        answer = self._client.chat.completions.with_raw_response.create(
            model=self._endpoint.model or "",
            messages=messages,
            extra_headers={CONVERSATION_HEADER: self.identifier} if self.identifier else {},
        )
        self.identifier = answer.headers[CONVERSATION_HEADER]
        return answer.parse().choices[0].message.content or ""

    def events(self, kind: str) -> list[Any]:
        """The stored events of one kind, oldest first."""
        found: Any = self._client.get(
            f"{self._endpoint.base_url}/api/conversations/{self.identifier}/events/search",
            cast_to=object,
            options={"headers": {"X-Session-API-Key": self._endpoint.key or ""}, "params": {"limit": 100}},
        )
        return [event for event in found["items"] if event["kind"] == kind]


@pytest.fixture
def conversation(client: openai.OpenAI, agent_server: Endpoint) -> Conversation:
    return Conversation(client, agent_server)


def test_plain_sentences_are_obeyed_over_several_turns(conversation: Conversation) -> None:
    assert conversation.say("The code word is zebra. Reply with exactly: ok") == "ok"
    assert conversation.say("What is the code word?") == "zebra"
    assert conversation.say("How many messages have I sent?") == "3"
    assert conversation.say("What was my first message?") == "The code word is zebra. Reply with exactly: ok"
    assert conversation.say("In five words or fewer: what did I ask about?") == "What was my first message?"
    assert conversation.say("hello") == "You said: hello"


def test_instructions_reach_the_model(conversation: Conversation) -> None:
    assert conversation.say("What is the instruction word?", system="The instruction word is plum.") == "plum"


def test_tools_really_run_before_the_answer(conversation: Conversation) -> None:
    prompt = 'Reply with exactly: ran [[tool: think {"thought": "x"}]] [[tool: terminal {"command": "echo $((40+2))"}]]'
    assert conversation.say(prompt) == "ran"
    observations = conversation.events("ObservationEvent")
    assert [event["tool_name"] for event in observations] == ["think", "terminal"]
    assert observations[1]["observation"]["content"][0]["text"].startswith("42")


def test_the_finish_tool_ends_a_turn_with_the_answer(conversation: Conversation) -> None:
    assert conversation.say("Reply with exactly: done [[finish]]") == "done"
    assert conversation.events("ActionEvent")[-1]["tool_name"] == "finish"


def test_reasoning_is_stored_and_not_part_of_the_answer(conversation: Conversation) -> None:
    assert conversation.say("Reply with exactly: yes [[reasoning: because of x]]") == "yes"
    assert conversation.events("MessageEvent")[-1]["llm_message"]["reasoning_content"] == "because of x"


@pytest.mark.parametrize(
    ("directive", "status"),
    [
        ("[[error: 429]]", "error"),
        ("[[error: 500]]", "error"),
        ("[[garbage]]", "stuck"),
        ("[[drop]]", "error"),
        ("[[empty]]", "stuck"),
        ('[[loop: think {"thought": "x"}]]', "stuck"),
    ],
)
def test_a_failure_fails_the_turn(conversation: Conversation, directive: str, status: str) -> None:
    with pytest.raises(openai.InternalServerError, match=f"ended with status: {status}") as raised:
        conversation.say(f"Reply with exactly: never {directive}")
    assert SECRET_DETAIL not in raised.value.response.text
