"""Requests and answers as whole values that a mutant can change."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Mapping

CHAT = "/v1/chat/completions"
CONVERSATION = "x-openhands-serverconversation-id"


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as on the wire, repeated ones included."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _changed(headers: Mapping[str, str], name: str, value: str | None) -> Headers:
    rest = [pair for pair in raw(headers) if pair[0] != name.lower().encode()]
    return Headers(raw=rest if value is None else [*rest, *raw({name.lower(): value})])


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Response:
    """The gateway's answer; header names in lower case, repeated headers kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, freshly read; None when it is no JSON."""
        return _parsed(self.body)

    @property
    def is_stream(self) -> bool:
        """Whether it is an event stream."""
        return self.headers.get("content-type", "").startswith("text/event-stream")

    def with_json(self, value: Any, *, status: int | None = None) -> Response:
        """The same answer with another body."""
        headers = _changed(self.headers, "content-type", "application/json")
        return Response(status or self.status, headers, json.dumps(value).encode())

    def with_header(self, name: str, value: str | None) -> Response:
        """The same answer with one header changed; None removes it."""
        return replace(self, headers=_changed(self.headers, name, value))


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request. `path` is decoded; header names in lower case, repeated headers kept."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""

    @property
    def json(self) -> Any:
        """The body, freshly read; None when it is no JSON."""
        return _parsed(self.body)

    @property
    def is_chat(self) -> bool:
        """Whether it asks for a chat completion, well-formed or not."""
        return self.is_for("POST", CHAT)

    @property
    def chat(self) -> dict[str, Any] | None:
        """The body, if this is a chat completion request whose `messages` is a list of objects."""
        if not self.is_chat or not isinstance(body := self.json, dict):
            return None
        messages = body.get("messages")
        well_formed = isinstance(messages, list) and all(isinstance(message, dict) for message in messages)
        return body if well_formed else None

    @property
    def streams(self) -> bool:
        """Whether it asks for a chat completion as a stream."""
        return self.chat is not None and self.chat.get("stream") is True

    @property
    def conversation(self) -> str | None:
        """The conversation header; None when it is absent or empty."""
        return self.headers.get(CONVERSATION) or None

    @property
    def bearer(self) -> str | None:
        """The bearer token; None without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    @property
    def key(self) -> str | None:
        """The key that it presents, right or wrong; None or empty without one."""
        return self.bearer or self.headers.get("x-session-api-key")

    @property
    def basic(self) -> str | None:
        """The password of HTTP Basic; None without one."""
        found = re.fullmatch(r"Basic (\S+)", self.headers.get("authorization", ""))
        return b64decode(found[1]).decode().partition(":")[2] if found else None

    def is_for(self, method: str, path: str) -> bool:
        """Whether it has this method and path, or is below the path if that ends in a slash."""
        below = path.endswith("/") and self.path.startswith(path)
        return self.method == method and (below or self.path == path)

    def with_json(self, value: Any) -> Request:
        """The same request with another body."""
        body = json.dumps(value).encode()
        return replace(self, body=body, headers=_changed(self.headers, "content-length", str(len(body))))

    def with_header(self, name: str, value: str | None) -> Request:
        """The same request with one header changed; None removes it."""
        return replace(self, headers=_changed(self.headers, name, value))


@dataclass(frozen=True, slots=True)
class Turn:
    """A chat that was answered; `question` and `completion` are the bodies, `conversation` is the one it is in now."""

    request: Request
    question: dict[str, Any]
    completion: dict[str, Any]
    conversation: str

    @property
    def message(self) -> dict[str, Any]:
        """The agent's message within the completion."""
        message: dict[str, Any] = self.completion["choices"][0]["message"]
        return message


def again(response: Response, name: str) -> Response:
    """The response with a header that it has, by its name in small letters, repeated."""
    lines = [pair for pair in raw(response.headers) if pair[0] == name.encode()]
    return replace(response, headers=Headers(raw=[*raw(response.headers), *lines]))


def refusal(status: int, message: str) -> Response:
    """An error in the reference gateway's format."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return Response(status, headers, b"").with_json({"error": error, "detail": message})
