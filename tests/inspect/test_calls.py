"""The provider's model, called as solvers do: what it refuses, what it sends again, and to which server."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ContentAudio,
    ContentImage,
    ContentText,
    GenerateConfig,
    get_model,
)

from harness.evals.outcome import Usage
from harness.inspect_provider.dialogue import Standing, Turn, UnsupportedError
from harness.inspect_provider.provider import EndpointError
from harness.inspect_provider.usage import spent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inspect_ai.model import ChatMessage, Model, ModelOutput

    from tests.gateway.serving import Gateway

type Reply = tuple[int, dict[str, str], Any] | None

CHAT = "/v1/chat/completions"
CONVERSATION = "X-OpenHands-ServerConversation-ID"


@pytest.fixture
def model(gateway: Gateway) -> Model:
    return get_model("openhands/scripted", base_url=gateway.url, api_key=gateway.key, memoize=False)


def ask(model: Model, *messages: ChatMessage | str, **config: Any) -> ModelOutput:
    said = [ChatMessageUser(content=each) if isinstance(each, str) else each for each in messages]
    return asyncio.run(model.generate(said, config=GenerateConfig(**config)))


@dataclass
class Script:
    """A server that gives a path's replies in turn, then repeats the last.

    A reply is a status, headers and a JSON body; None breaks the connection off.
    """

    replies: dict[str, list[Reply]]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def chats(self) -> list[dict[str, str]]:
        """The headers of the requests for a completion."""
        return [headers for path, headers in self.asked if path == CHAT]


@contextmanager
def server(**replies: list[Reply]) -> Iterator[Script]:
    """`chat` is what completions are answered with, `look` what the conversation, `listed` what a list of them."""
    script = Script(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.reply("chat")

        def do_GET(self) -> None:
            self.reply("listed" if "?ids=" in self.path else "look")

        def reply(self, kind: str) -> None:
            script.asked.append((self.path, dict(self.headers)))
            due = script.replies[kind]
            reply = due.pop(0) if len(due) > 1 else due[0]
            if reply is None:
                self.close_connection = True
                return
            status, headers, body = reply
            content = json.dumps(body).encode()
            self.send_response(status)
            if kind == "chat" and status == 200:
                self.send_header(CONVERSATION, self.headers[CONVERSATION])
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def answer(text: str) -> Reply:
    usage = {"prompt_tokens": 11, "completion_tokens": 3}
    return 200, {}, {"choices": [{"message": {"role": "assistant", "content": text}}], "usage": usage}


NOTHING: dict[str, list[Reply]] = {"look": [(404, {}, {"detail": "Not Found"})], "listed": [(200, {}, [None])]}


def test_a_profile_may_be_named_as_the_endpoint_names_its_model(gateway: Gateway) -> None:
    model = get_model("openhands/openhands_scripted", base_url=gateway.url, api_key=gateway.key, memoize=False)
    assert ask(model, "Reply with exactly: hello").completion == "hello"


@pytest.mark.parametrize(
    ("url_variable", "key_variable"),
    [("AGENT_SERVER_URL", "SESSION_API_KEY"), ("OPENHANDS_BASE_URL", "OPENHANDS_API_KEY")],
)
def test_the_server_and_its_key_may_come_from_the_environment(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, url_variable: str, key_variable: str
) -> None:
    monkeypatch.setenv(url_variable, f"{gateway.url}/v1/")
    monkeypatch.setenv(key_variable, gateway.key)
    assert ask(get_model("openhands/scripted", memoize=False), "Reply with exactly: hello").completion == "hello"


def test_without_a_server_it_says_what_to_set() -> None:
    with pytest.raises(ValueError, match=r"AGENT_SERVER_URL.*--model-base-url"):
        get_model("openhands/scripted", memoize=False)


def test_system_text_and_user_messages_in_a_row_reach_the_agent(model: Model) -> None:
    system = ChatMessageSystem(content="The instruction word is plover.")
    output = ask(model, system, "First this.", "What is the instruction word?")
    assert output.completion == "plover"


def test_images_are_sent_and_audio_is_refused(model: Model, gateway: Gateway) -> None:
    image = ContentImage(image="data:image/png;base64,iVBORw0KGgo=")
    output = ask(model, ChatMessageUser(content=[ContentText(text="Reply with exactly: seen"), image]))
    assert output.completion == "seen"
    assert output.message.metadata is not None
    events = gateway.request(
        "GET", f"/api/conversations/{output.message.metadata['openhands_conversation']}/events/search"
    )
    assert "image/png" in events.body.decode()
    with pytest.raises(UnsupportedError, match="no audio"):
        ask(model, ChatMessageUser(content=[ContentAudio(audio="data:audio/wav;base64,UklGRg==", format="wav")]))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"num_choices": 2}, "one answer"),
        ({"logprobs": True}, "log-probabilities"),
        ({"attempt_timeout": 60}, "another agent"),
    ],
)
def test_what_the_endpoint_can_not_give_is_refused(model: Model, config: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        ask(model, "Reply with exactly: hello", **config)
    assert ask(model, "Reply with exactly: hello", num_choices=1).completion == "hello"


def test_a_few_shot_dialogue_is_refused(model: Model) -> None:
    with pytest.raises(UnsupportedError, match="few-shot"):
        ask(model, "2 + 2?", ChatMessageAssistant(content="4"), "3 + 3?")


def test_a_conversation_goes_on_once_from_where_it_stands(model: Model) -> None:
    first = ask(model, "The code word is heron. Reply with exactly: noted").message
    begun: list[ChatMessage] = [
        ChatMessageUser(content="The code word is heron. Reply with exactly: noted"),
        first,
    ]
    with pytest.raises(UnsupportedError, match="changed, cut or added to"):
        ask(model, ChatMessageSystem(content="Be brief."), *begun, "What is the code word?")

    assert ask(model, *begun, "What is the code word?").completion == "heron"

    with pytest.raises(UnsupportedError, match="went on elsewhere"):
        ask(model, *begun, "How many messages have I sent?")


def test_a_dialogue_that_ends_with_an_answer_is_refused(model: Model) -> None:
    with pytest.raises(UnsupportedError, match="the assistant's"):
        ask(model, "Hello.", ChatMessageAssistant(content="Hel"))


def test_429_is_waited_for_and_the_conversation_still_goes_on() -> None:
    busy = (429, {"Retry-After": "0"}, {"detail": "Conversation run limit reached."})
    with server(chat=[busy, answer("one"), busy, answer("two")], **NOTHING) as script:
        model = get_model("openhands/scripted", base_url=script.url, memoize=False)
        first = ask(model, "One?")
        second = ask(model, "One?", first.message, "Two?")
    assert (first.completion, second.completion) == ("one", "two")
    assert len(script.chats()) == 4
    assert script.chats()[2][CONVERSATION] == script.chats()[3][CONVERSATION] == script.chats()[1][CONVERSATION]


@pytest.mark.parametrize("lost", [(503, {}, {"detail": "starting"}), None], ids=["503", "reset"])
def test_a_request_that_started_nothing_is_sent_again_in_the_same_conversation(
    lost: Reply,
) -> None:
    with server(chat=[lost, answer("one")], **NOTHING) as script:
        model = get_model("openhands/scripted", base_url=script.url, memoize=False, grace=0.3)
        output = ask(model, "One?")
    assert output.completion == "one"
    assert output.metadata is not None
    assert output.metadata["sends"] == 2
    assert len({headers[CONVERSATION] for headers in script.chats()}) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_may_have_started_an_agent_that_nobody_can_be_asked_about_is_not_sent_again(status: int) -> None:
    with server(chat=[(status, {}, {"detail": "no"})], look=[(404, {}, {"detail": "Not Found"})]) as script:
        model = get_model("openhands/scripted", base_url=script.url, memoize=False, native_api=False)
        with pytest.raises(EndpointError, match=f"{status}.*can't be looked for"):
            ask(model, "One?")
    assert len(script.chats()) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_is_not_asked_for_twice(status: int) -> None:
    with server(chat=[(status, {}, {"detail": "no such thing"})], **NOTHING) as script:
        model = get_model("openhands/scripted", base_url=script.url, memoize=False)
        with pytest.raises(EndpointError, match=f"{status}: no such thing"):
            ask(model, "One?")
    assert len(script.chats()) == 1


def test_a_server_that_is_not_there_is_an_error_at_once() -> None:
    with server(chat=[answer("one")]) as script:
        pass
    with pytest.raises(EndpointError, match="conversation"):
        ask(get_model("openhands/scripted", base_url=script.url, memoize=False), "One?")


@pytest.mark.parametrize(
    ("total", "told", "turn"),
    [
        (Usage(31, 8, 0.5), Usage(31, 8), Usage(20, 5, 0.25)),
        (None, Usage(31, 8), Usage(20, 5)),
        (None, Usage(9, 5), Usage(9, 5)),
        (None, None, None),
    ],
    ids=["native API", "running total", "of the turn", "not told"],
)
def test_a_turn_has_used_what_the_conversation_has_not_used_before(
    total: Usage | None, told: Usage | None, turn: Usage | None
) -> None:
    before = Standing(turns=1, used=Usage(11, 3, 0.25), history=b"")
    assert spent(Turn("conversation", [], before), total, told)[1] == turn
