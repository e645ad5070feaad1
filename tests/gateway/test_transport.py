"""Unusual requests that HTTP allows, on the wire."""

from __future__ import annotations

import json
import socket
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.gateway.serving import CONVERSATION, chat_body, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.serving import Gateway

BODY = json.dumps(chat_body("Reply with exactly: received")).encode()


class Wire:
    """A raw connection that sends exactly the given bytes."""

    def __init__(self, gateway: Gateway) -> None:
        self._key = gateway.key
        address = urlsplit(gateway.url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=60)
        self._stream = self._socket.makefile("rb")

    def post(self, *headers: str, key: str = "", body: bytes = b"") -> None:
        """Send a request for a completion, or its beginning."""
        lines = [
            "POST /v1/chat/completions HTTP/1.1",
            "Host: gateway",
            f"Authorization: Bearer {key or self._key}",
            "Content-Type: application/json",
            f"Content-Length: {len(BODY)}",
            *headers,
        ]
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body)

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers in lower case, body."""
        status = int(self._stream.readline().split()[1])
        headers = {}
        while line := self._stream.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers, self._stream.read(int(headers.get("content-length", 0)))

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


@pytest.fixture
def wire(gateway: Gateway) -> Iterator[Wire]:
    wire = Wire(gateway)
    yield wire
    wire.close()


def test_a_client_that_waits_for_100_gets_it_and_then_its_answer(wire: Wire) -> None:
    wire.post("Expect: 100-continue")
    assert wire.answer()[0] == 100
    wire.send(BODY)
    status, _, body = wire.answer()
    assert (status, json.loads(body)["choices"][0]["message"]["content"]) == (200, "received")


def test_a_client_that_waits_for_100_with_a_wrong_key_is_refused_without_its_body(wire: Wire) -> None:
    wire.post("Expect: 100-continue", key="wrong")
    assert wire.answer()[0] == 401


def test_an_upgrade_that_is_not_offered_is_ignored_and_the_body_read(wire: Wire) -> None:
    wire.post("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk", body=BODY)
    status, _, body = wire.answer()
    assert (status, json.loads(body)["choices"][0]["message"]["content"]) == (200, "received")


@pytest.mark.parametrize("second", ["98a26a3c-be35-45cd-aabd-79145af4a820", "", "no id"])
def test_a_conversation_header_that_comes_twice_is_refused_unless_both_say_the_same(wire: Wire, second: str) -> None:
    first = str(uuid.uuid4())
    wire.post(f"{CONVERSATION}: {first}", f"{CONVERSATION}: {second}", body=BODY)
    status, headers, body = wire.answer()
    assert (status, json.loads(body)["error"]["param"]) == (422, CONVERSATION)
    assert CONVERSATION.lower() not in headers
    wire.post(f"{CONVERSATION}: {first}", f"{CONVERSATION}: {first}", body=BODY)
    status, headers, _ = wire.answer()
    assert (status, headers[CONVERSATION.lower()]) == (200, first)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/openhands_scripted", "/alive", "/api/profiles"])
def test_head_is_answered_as_get_is_without_the_body(gateway: Gateway, path: str) -> None:
    head, get = (gateway.request(method, path) for method in ("HEAD", "GET"))
    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == get.headers[name]


def test_head_needs_the_key_and_is_counted_under_its_path(gateway: Gateway) -> None:
    assert gateway.request("HEAD", "/v1/models", key="wrong").status == 401
    sample = 'gateway_requests_total{method="HEAD",route="/v1/models",status="200"}'
    before = gateway.metric(sample)
    gateway.request("HEAD", "/v1/models")
    eventually(lambda: gateway.metric(sample) == before + 1)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/v1/chat/completions", "POST"),
        ("OPTIONS", "/v1/models", "GET, HEAD"),
        ("GET", "/v1/chat/completions", "POST"),
        ("HEAD", "/v1/chat/completions", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("PATCH", "/api/profiles/scripted", "DELETE, GET, HEAD, POST"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_a_405_that_names_those_it_has(
    gateway: Gateway, method: str, path: str, allowed: str
) -> None:
    reply = gateway.request(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/v1/models/", "/v1/chat/completions/", "//v1/models", "/models", "/v1"])
def test_a_path_that_is_nearly_right_is_a_404_and_no_redirect(gateway: Gateway, path: str) -> None:
    for method in ("GET", "POST"):
        reply = gateway.request(method, path)
        assert (reply.status, reply.json()["error"]["code"]) == (404, "not_found")
        assert "location" not in reply.headers
