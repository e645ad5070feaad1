"""What is sent on the wire, and what is recorded of the response."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from typing import TYPE_CHECKING

import pytest

from harness.run.client import Client, StepError
from harness.run.recorder import MAXIMUM_BODY
from harness.scenarios.body import BodyError, decode
from harness.scenarios.model import Auth, Call, Http
from tests.run.servers import MODEL, Answer, Gateway, Received, Server, completion, error, http

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.trace import Exchange

KEY = "sk-planted+key/42"
CHAT = Call("chat.completions.create", {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]})
MODELS = Http("GET", "/v1/models")


def play(
    server: Server,
    action: Call | Http,
    auth: Auth = Auth.BEARER,
    headers: Mapping[str, str | None] | None = None,
    *,
    key: str | None = KEY,
    timeout: float = 20,
) -> Exchange:
    async def send() -> Exchange:
        async with Client(server.url, key, timeout=timeout, connections=2) as client:
            return await client.play(0, action, auth, headers or {})

    return asyncio.run(send())


def serving(answer: Answer) -> Server:
    return Server(lambda _: answer)


BASIC = "Basic c2Vzc2lvbjpzay1wbGFudGVkK2tleS80Mg=="
WRONG = "wrong-key-of-the-conformance-harness"


@pytest.mark.parametrize("action", [CHAT, MODELS], ids=["typed", "raw"])
@pytest.mark.parametrize(
    ("auth", "authorization", "session"),
    [
        (Auth.BEARER, [f"Bearer {KEY}"], []),
        (Auth.SESSION_HEADER, [], [KEY]),
        (Auth.BOTH, [f"Bearer {KEY}"], [KEY]),
        (Auth.NONE, [], []),
        (Auth.EMPTY_BEARER, ["Bearer"], []),
        (Auth.EMPTY_SESSION_HEADER, [], [""]),
        (Auth.WRONG_BEARER, [f"Bearer {WRONG}"], []),
        (Auth.WRONG_SESSION_HEADER, [], [WRONG]),
        (Auth.RIGHT_BEARER_WRONG_SESSION_HEADER, [f"Bearer {KEY}"], [WRONG]),
        (Auth.WRONG_BEARER_RIGHT_SESSION_HEADER, [f"Bearer {WRONG}"], [KEY]),
        (Auth.LOWERCASE_BEARER, [f"bearer {KEY}"], []),
        (Auth.KEY_WITHOUT_SCHEME, [KEY], []),
        (Auth.BASIC, [BASIC], []),
    ],
)
def test_each_way_to_authenticate_is_on_the_wire_as_it_is_named(
    action: Call | Http, auth: Auth, authorization: list[str], session: list[str]
) -> None:
    with Server(Gateway()) as server:
        play(server, action, auth)
    (request,) = server.received
    assert request.values("Authorization") == authorization
    assert request.values("X-Session-API-Key") == session


def test_every_way_to_authenticate_is_tested_above() -> None:
    marks = {mark.args[0]: mark for mark in test_each_way_to_authenticate_is_on_the_wire_as_it_is_named.pytestmark}  # type: ignore[attr-defined]
    cases = next(mark.args[1] for names, mark in marks.items() if isinstance(names, tuple))
    assert [case[0] for case in cases] == list(Auth)


def test_without_a_key_the_right_credential_is_none() -> None:
    with Server(Gateway()) as server:
        for auth in (Auth.BEARER, Auth.SESSION_HEADER, Auth.BOTH):
            play(server, CHAT, auth, key=None)
    assert [request.header("Authorization") for request in server.received] == [None] * 3
    assert [request.header("X-Session-API-Key") for request in server.received] == [None] * 3


def test_the_record_is_what_was_on_the_wire() -> None:
    with Server(Gateway()) as server:
        exchange = play(server, CHAT, headers={"X-Extra": "1"})
    (request,) = server.received
    assert exchange.request.method == request.method
    assert exchange.request.url == f"{server.url}{request.path}"
    assert sorted((name.lower(), value) for name, value in exchange.request.headers) == sorted(
        (name.lower(), value) for name, value in request.headers
    )
    assert exchange.request.body == request.body
    assert exchange.response is not None
    assert exchange.response.status == 200
    assert exchange.response.header("content-length") == str(len(exchange.response.body))
    assert exchange.client is not None
    assert (exchange.client.returned, exchange.client.problems) == ("ChatCompletion", ())


@pytest.mark.parametrize("action", [CHAT, Http("POST", "/x", json={"a": 1})], ids=["typed", "raw"])
@pytest.mark.parametrize("spelling", ["Authorization", "authorization"])
def test_a_given_header_replaces_ours_however_it_is_spelled(action: Call | Http, spelling: str) -> None:
    with Server(Gateway()) as server:
        play(server, action, headers={spelling: "Bearer mine"})
        play(server, action, headers={spelling: None})
    assert [request.values("Authorization") for request in server.received] == [["Bearer mine"], []]


def test_a_null_header_takes_out_what_the_transport_adds_itself() -> None:
    with Server(Gateway()) as server:
        play(server, Http("POST", "/x", json={}), headers={"content-type": None, "User-Agent": None, "accept": None})
    (request,) = server.received
    assert {name.lower() for name, _ in request.headers}.isdisjoint({"content-type", "user-agent", "accept"})


def test_a_raw_body_is_sent_byte_for_byte() -> None:
    with Server(Gateway()) as server:
        play(server, Http("POST", "/x", content='{"model": "brok\u00e9n'))
        play(server, Http("POST", "/x", json={"a": [1, None]}))
        play(server, Http("DELETE", "/x"))
    assert [request.body for request in server.received] == [
        '{"model": "brok\u00e9n'.encode(),
        b'{"a": [1, null]}',
        b"",
    ]
    assert [request.header("Content-Type") for request in server.received] == ["application/json"] * 2 + [None]


@pytest.mark.parametrize("action", [CHAT, MODELS], ids=["typed", "raw"])
@pytest.mark.parametrize("status", [408, 409, 429, 503])
def test_nothing_is_ever_retried(action: Call | Http, status: int) -> None:
    with serving(http(status, {}, {"Retry-After": "0", "x-should-retry": "true"})) as server:
        exchange = play(server, action)
    assert exchange.response is not None
    assert exchange.response.status == status
    assert len(server.received) == 1


@pytest.mark.parametrize("action", [CHAT, MODELS], ids=["typed", "raw"])
def test_a_dropped_connection_is_not_retried_either(action: Call | Http) -> None:
    with serving(None) as server:
        exchange = play(server, action)
    assert exchange.response is None
    assert "disconnected" in (exchange.failure or "")
    assert len(server.received) == 1


@pytest.mark.parametrize("action", [CHAT, MODELS], ids=["typed", "raw"])
@pytest.mark.parametrize("status", [303, 307])
def test_a_redirect_is_an_answer_and_takes_the_key_nowhere(action: Call | Http, status: int) -> None:
    with (
        Server(Gateway()) as elsewhere,
        serving(http(status, "", {"Location": f"{elsewhere.url}/v1/models"})) as server,
    ):
        exchange = play(server, action, Auth.BOTH)
    assert exchange.response is not None
    assert exchange.response.status == status
    assert elsewhere.received == []


def test_a_cookie_is_not_sent_back_so_that_it_can_let_nobody_in() -> None:
    async def twice(url: str) -> None:
        async with Client(url, KEY, timeout=20, connections=1) as client:
            await client.play(0, MODELS, Auth.BEARER, {})
            await client.play(1, MODELS, Auth.NONE, {})
            await client.play(2, CHAT, Auth.NONE, {})

    with serving(http(200, {}, {"Set-Cookie": "session=1; Path=/"})) as server:
        asyncio.run(twice(server.url))
    assert [request.header("Cookie") for request in server.received] == [None] * 3


def _endless(head: bytes, piece: bytes, pause: float = 0) -> Iterator[bytes | float]:
    yield head
    while True:
        yield piece
        if pause:
            yield pause


STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("action", [CHAT, MODELS], ids=["typed", "raw"])
def test_a_body_without_end_is_cut_and_said_to_go_on(action: Call | Http) -> None:
    with Server(lambda _: _endless(STREAM_HEAD, b"x" * 65536)) as server:
        exchange = play(server, action)
    assert exchange.response is not None
    assert exchange.response.truncated
    assert len(exchange.response.body) == MAXIMUM_BODY
    with pytest.raises(BodyError, match="goes on after 1048576 bytes"):
        decode(exchange.response)


@pytest.mark.parametrize("action", [CHAT, MODELS], ids=["typed", "raw"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((STREAM_HEAD, b"x", 0.05), id="body that drips"),
        pytest.param((b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05), id="headers that drip"),
        pytest.param((b"", b"", 0.05), id="nothing"),
        pytest.param((b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), id="forever to be continued"),
    ],
)
def test_what_never_ends_ends_at_the_timeout(action: Call | Http, answer: tuple[bytes, bytes, float]) -> None:
    with Server(lambda _: _endless(*answer)) as server:
        exchange = play(server, action, timeout=0.4)
    assert exchange.response is None
    assert "no answer within 0.4 s" in (exchange.failure or "") or "Timeout" in (exchange.failure or "")


def test_headers_without_end_are_refused() -> None:
    with Server(lambda _: _endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000)) as server:
        exchange = play(server, MODELS)
    assert exchange.response is None
    assert exchange.failure is not None


@pytest.mark.parametrize("action", [CHAT, MODELS], ids=["typed", "raw"])
@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x16\x03\x01\x00\x00",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\x00: \x00\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_failure_with_its_reason(action: Call | Http, garbage: bytes) -> None:
    with Server(lambda _: iter([garbage])) as server:
        exchange = play(server, action)
    assert exchange.response is None
    assert "Error" in (exchange.failure or "")


def test_a_compressed_body_is_not_asked_for_and_not_inflated() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with serving(http(200, bomb, {"Content-Encoding": "gzip"})) as server:
        for action in (CHAT, MODELS):
            exchange = play(server, action)
            assert exchange.response is not None
            assert exchange.response.body == bomb
            with pytest.raises(BodyError, match="encoded as gzip, which was not asked for"):
                decode(exchange.response)
    assert [request.header("Accept-Encoding") for request in server.received] == ["identity"] * 2


BODIES = [
    b"",
    b"null",
    b"[]",
    b"42",
    b'"text"',
    b"\xff\xfe",
    b'{"choices": 5}',
    b'{"choices": [{"message": null}]}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"error": "\\ud800"}',
    b"<html><body>Welcome to nginx</body></html>",
    b"1" * 5000,
    b"NaN",
]
TYPES = [
    "application/json",
    "text/html",
    "text/event-stream",
    *(f"application/json; charset={name}" for name in ("hex", "undefined", "rot13", "zlib", "idna", "utf-16", "none")),
]


@pytest.mark.parametrize("kind", TYPES)
def test_whatever_a_server_says_there_is_an_exchange(kind: str) -> None:
    answers = [http(status, body, kind=kind) for status in (200, 400, 500) for body in BODIES]

    async def all_of_them(url: str) -> list[Exchange]:
        async with Client(url, KEY, timeout=20, connections=1) as client:
            return [await client.play(0, CHAT, Auth.BEARER, {}) for _ in answers]

    rest = iter(answers)
    with Server(lambda _: next(rest)) as server:
        exchanges = asyncio.run(all_of_them(server.url))
    for answer, exchange in zip(answers, exchanges, strict=True):
        assert exchange.response is not None
        assert answer.endswith(b"\r\n\r\n" + exchange.response.body)
        assert exchange.client is not None
        assert (exchange.client.raised is None) != (exchange.client.returned is None)


def test_a_body_that_lacks_what_the_client_promises_is_not_valid() -> None:
    with Server(
        lambda _: http(200, {"id": "x", "object": "chat.completion", "created": "1", "model": MODEL})
    ) as server:
        exchange = play(server, CHAT)
    assert exchange.client is not None
    assert exchange.client.returned == "ChatCompletion"
    assert any(problem.startswith("choices: ") for problem in exchange.client.problems)
    assert any(problem.startswith("created: ") for problem in exchange.client.problems)


def test_an_error_is_what_the_client_raises_with_the_text_that_a_person_sees() -> None:
    with Server(lambda _: error(404, "no such model")) as server:
        exchange = play(server, CHAT)
    assert exchange.client is not None
    assert exchange.client.raised == "NotFoundError"
    assert "no such model" in (exchange.client.message or "")


def _chunk(**delta: str) -> str:
    return json.dumps(
        {
            "id": "c",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
        }
    )


STREAM = Call("chat.completions.create", {**CHAT.arguments, "stream": True})


def test_a_stream_is_read_as_the_client_reads_it() -> None:
    body = f"data: {_chunk(role='assistant')}\n\ndata: {_chunk(content='hi')}\n\ndata: [DONE]\n\n"
    with serving(http(200, body, kind="text/event-stream")) as server:
        exchange = play(server, STREAM)
    assert exchange.client is not None
    assert (exchange.client.returned, exchange.client.problems) == ("ChatCompletionChunk", ())
    assert exchange.response is not None
    events = decode(exchange.response)
    assert isinstance(events, list)
    assert events[2] == "[DONE]"


def test_a_stream_without_chunks_or_with_a_broken_one_is_not_valid() -> None:
    with serving(http(200, "data: [DONE]\n\n", kind="text/event-stream")) as server:
        empty = play(server, STREAM)
    with serving(http(200, 'data: {"object": 5}\n\n', kind="text/event-stream")) as server:
        broken = play(server, STREAM)
    with serving(http(200, "data: {brok\n\n", kind="text/event-stream")) as server:
        unreadable = play(server, STREAM)
    with serving(http(200, "data:{}\n\n" * 10_001, kind="text/event-stream")) as server:
        endless = play(server, STREAM)
    assert endless.client is not None
    assert endless.client.problems == ("the stream goes on after 10000 chunks",)
    assert empty.client is not None
    assert empty.client.problems == ("the stream brought no chunk",)
    assert broken.client is not None
    assert any(problem.startswith("chunk[0].") for problem in broken.client.problems)
    assert unreadable.client is not None
    assert unreadable.client.raised is not None


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        (Call("chat.completions.create", {**CHAT.arguments, "no_such_argument": 1}), {}),
        (Call("chat.completions.create", {}), {}),
        (Call("models.retrieve", {"model": ""}), {}),
        (CHAT, {"X-Bad": "line\nbreak"}),
        (CHAT, {"X-Bad": "snow\u2603man"}),
        (MODELS, {"X-Bad": "line\nbreak"}),
        (MODELS, {"X-Bad": "snow\u2603man"}),
        (Http("GET", "/v1/\nmodels"), {}),
        (Http("GET", "/v1/" + "x" * 70_000), {}),
    ],
)
def test_what_cannot_be_sent_is_a_fault_of_the_step(action: Call | Http, headers: dict[str, str]) -> None:
    with Server(Gateway()) as server, pytest.raises(StepError):
        play(server, action, headers=headers)
    assert server.received == []


def test_an_interrupted_request_is_recorded_as_it_was_sent() -> None:
    async def interrupt(url: str) -> Exchange:
        async with Client(url, KEY, timeout=20, connections=1) as client:
            task = client.play(0, CHAT, Auth.BEARER, {})
            await asyncio.to_thread(arrived.wait, 20)
            task.cancel()
            return await task

    def hang(_: Received) -> Answer:
        arrived.set()
        return iter([5.0])

    arrived = threading.Event()
    with Server(hang) as server:
        exchange = asyncio.run(interrupt(server.url))
    assert exchange.failure == "interrupted"
    assert exchange.request.body == server.received[0].body


def test_a_request_cancelled_at_once_is_an_exchange_too() -> None:
    async def cancel(url: str) -> Exchange:
        async with Client(url, KEY, timeout=20, connections=1) as client:
            task = client.play(0, CHAT, Auth.BEARER, {})
            task.cancel()
            return await task

    with Server(Gateway()) as server:
        assert asyncio.run(cancel(server.url)).failure == "interrupted"


def test_one_connection_serves_all_typed_calls_and_each_raw_request_has_its_own() -> None:
    async def send(url: str) -> None:
        async with Client(url, KEY, timeout=20, connections=4) as client:
            for action in (CHAT, CHAT, MODELS, CHAT):
                await client.play(0, action, Auth.BEARER, {})

    with Server(lambda _: completion("ok")) as server:
        asyncio.run(send(server.url))
    assert [request.header("Connection") for request in server.received] == ["keep-alive"] * 2 + ["close", "keep-alive"]


def test_a_target_on_this_machine_is_asked_past_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def send(url: str) -> Exchange:
        async with Client(url, KEY, timeout=20, connections=1) as client:
            return await client.play(0, CHAT, Auth.BEARER, {})

    with Server(lambda _: completion("ok")) as server:
        exchange = asyncio.run(send(server.url))
    assert exchange.response is not None


def _count(request: Received) -> bytes:
    return completion(str(len(request.body)))


def test_requests_side_by_side_are_recorded_apart() -> None:
    calls = [
        Call("chat.completions.create", {"model": MODEL, "messages": [{"role": "user", "content": "x" * size}]})
        for size in range(20)
    ]

    async def send(url: str) -> list[Exchange]:
        async with Client(url, KEY, timeout=20, connections=8) as client:
            return await asyncio.gather(*(client.play(n, call, Auth.BEARER, {}) for n, call in enumerate(calls)))

    with Server(_count) as server:
        exchanges = asyncio.run(send(server.url))
    for number, exchange in enumerate(exchanges):
        assert exchange.step == number
        assert exchange.response is not None
        answer = json.loads(exchange.response.body)
        assert answer["choices"][0]["message"]["content"] == str(len(exchange.request.body))
