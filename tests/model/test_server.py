from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import openai
import pytest

pytest.importorskip("starlette")

from harness.model.server import serve_in_thread
from harness.model.wire import SECRET_DETAIL

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with serve_in_thread() as model, openai.OpenAI(base_url=model.base_url, api_key="any", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, text: str) -> Any:
    return client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": text}])


def stream(client: openai.OpenAI, text: str, **options: Any) -> list[Any]:
    messages: Any = [{"role": "user", "content": text}]
    return list(client.chat.completions.create(model="scripted", messages=messages, stream=True, **options))


def test_a_plain_answer_is_a_chat_completion_with_usage(client: openai.OpenAI) -> None:
    answer = ask(client, "Reply with exactly: two words")
    assert answer.choices[0].message.content == "two words"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "scripted"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (15, 2, 17)


def test_a_streamed_answer_says_the_same_and_gives_usage_when_asked(client: openai.OpenAI) -> None:
    chunks = stream(client, "Reply with exactly: two words", stream_options={"include_usage": True})
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == "two words"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices] == [None, None, "stop"]
    assert chunks[-1].usage.total_tokens == 17
    assert all(chunk.usage is None for chunk in stream(client, "hello"))


def test_a_tool_call_is_the_same_plain_and_streamed(client: openai.OpenAI) -> None:
    prompt = '[[tool: terminal {"command": "ls"}]]'
    plain = ask(client, prompt).choices[0]
    streamed = stream(client, prompt)
    assert plain.finish_reason == streamed[-1].choices[0].finish_reason == "tool_calls"
    [call] = plain.message.tool_calls
    [delta] = [one for chunk in streamed for one in chunk.choices[0].delta.tool_calls or []]
    assert (call.function.name, call.function.arguments) == ("terminal", '{"command": "ls"}')
    assert (delta.index, delta.function.name, delta.function.arguments) == (0, "terminal", '{"command": "ls"}')


def test_no_two_tool_calls_have_the_same_identifier(client: openai.OpenAI) -> None:
    answers = [ask(client, "[[tool: think]]") for _ in range(3)]
    assert len({answer.id for answer in answers}) == 3
    assert len({answer.choices[0].message.tool_calls[0].id for answer in answers}) == 3


def test_reasoning_goes_beside_the_content(client: openai.OpenAI) -> None:
    prompt = "Reply with exactly: yes [[reasoning: because]]"
    assert ask(client, prompt).choices[0].message.reasoning_content == "because"
    assert "because" in [getattr(c.choices[0].delta, "reasoning_content", None) for c in stream(client, prompt)]


def test_an_empty_answer_is_an_answer(client: openai.OpenAI) -> None:
    assert not ask(client, "[[empty]]").choices[0].message.content
    assert [chunk.choices[0].delta.content for chunk in stream(client, "[[empty]]")] == ["", "", None]


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_error_has_its_status_and_a_detail_that_must_not_leak(client: openai.OpenAI, stream: bool) -> None:
    messages: Any = [{"role": "user", "content": "[[error: 429]]"}]
    with pytest.raises(openai.RateLimitError, match=SECRET_DETAIL):
        client.chat.completions.create(model="scripted", messages=messages, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_garbage_is_a_page_with_a_detail_that_must_not_leak(client: openai.OpenAI, stream: bool) -> None:
    body = {"messages": [{"role": "user", "content": "[[garbage]]"}], "stream": stream}
    response = client._client.post(str(client.base_url) + "chat/completions", json=body)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"<html>{SECRET_DETAIL}" in response.text


def test_an_answer_that_is_cut_ends_in_its_middle(client: openai.OpenAI) -> None:
    prompt = "Reply with exactly: lifeboat [[cut]]"
    with pytest.raises(json.JSONDecodeError):
        ask(client, prompt)
    chunks = stream(client, prompt)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "life"
    assert {chunk.choices[0].finish_reason for chunk in chunks} == {None}


def test_a_dropped_connection_brings_no_answer_and_leaves_others_alone(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIConnectionError) as raised:
        ask(client, "[[drop]]")
    assert "disconnected without sending a response" in str(raised.value.__cause__)
    assert ask(client, "Reply with exactly: here").choices[0].message.content == "here"


def test_a_delayed_answer_does_not_come_at_once(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=1), "[[delay: 300]]")


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"{}", b'{"messages": ["x"]}', b"[" * 100_000])
def test_a_body_of_another_shape_is_refused(client: openai.OpenAI, body: bytes) -> None:
    response = client._client.post(str(client.base_url) + "chat/completions", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_a_lone_surrogate_comes_back_as_it_went_in(client: openai.OpenAI) -> None:
    body = b'{"messages": [{"role": "user", "content": "Reply with exactly: \\ud800"}]}'
    response = client._client.post(str(client.base_url) + "chat/completions", content=body)
    assert response.json()["choices"][0]["message"]["content"] == "\ud800"


def test_it_tells_what_it_was_asked_plain_or_streamed_and_however_it_answered(client: openai.OpenAI) -> None:
    ask(client, "a plum")
    stream(client, "a plum")
    with pytest.raises(openai.InternalServerError):
        ask(client, "a plum [[error: 500]]")
    url = client.base_url.join("/requests")
    found = client._client.get(url, params={"containing": "plum"}).json()
    assert found["count"] == 3
    assert found["requests"][2] == {
        "model": "scripted",
        "messages": [{"role": "user", "content": "a plum [[error: 500]]"}],
        "tools": [],
    }


def test_a_stopped_model_refuses_connections_and_can_be_stopped_again() -> None:
    model = serve_in_thread()
    with openai.OpenAI(base_url=model.base_url, api_key="any", max_retries=0) as client:
        assert [item.id for item in client.models.list()] == ["scripted"]
        model.stop()
        model.stop()
        with pytest.raises(openai.APIConnectionError):
            client.models.list()


def test_alone_it_says_where_it_listens_and_accepts_only_the_key_of_the_environment() -> None:
    command = [sys.executable, "-m", "harness.model", "--api-key-env", "MODEL_KEY"]
    environment = {**os.environ, "MODEL_KEY": "planted-key"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        listening, _, url = process.stdout.readline().strip().rpartition(" ")
        assert listening == "listening on"
        with openai.OpenAI(base_url=f"{url}/v1", api_key="planted-key", max_retries=0) as client:
            assert ask(client, "Reply with exactly: in").choices[0].message.content == "in"
            with pytest.raises(openai.AuthenticationError):
                ask(client.with_options(api_key="another"), "hello")
            for key, status in (("planted-key", 200), ("another", 401)):
                headers = {"Authorization": f"Bearer {key}"}
                assert client._client.get(f"{url}/requests", headers=headers).status_code == status
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def test_a_key_variable_that_is_not_set_is_refused() -> None:
    command = [sys.executable, "-m", "harness.model", "--api-key-env", "NO_SUCH_VARIABLE"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "NO_SUCH_VARIABLE is not set" in done.stderr
