"""Honest gateways that send the same answers in other ways: coded, padded, slowly, in pieces, on the second request."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers

from harness.mutants.exchange import Request, Response, raw, refusal
from harness.mutants.honest import DONE, Honest, events

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class OtherSpelling(Honest):
    """Formats JSON, headers and events differently, sends small pieces, and closes every connection."""

    def on_the_wire(self, response: Response) -> ASGIApp:
        body = response.body
        if response.is_stream:
            body = b": welcome\r\n\r\n" + b"".join(map(_spelled_event, events(response)))
        elif response.json is not None:
            body = _spelled(response.json)
            response = response.with_header("content-type", "application/json; charset=utf-8")
        headers = [(name.upper(), value) for name, value in reversed(_own_headers(response))]
        return _in_pieces(response.status, [*headers, (b"CONNECTION", b"close")], body, size=61, pause=0)


class Slow(Honest):
    """Delays every answer by up to 0.2 s, and sends it in pieces."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._random = random.Random(type(self).__name__)  # noqa: S311 - delays; a run is repeatable

    async def answer(self, request: Request) -> Response:
        await asyncio.sleep(self._random.uniform(0, 0.1))
        response = await self.gateway(request)
        await asyncio.sleep(self._random.uniform(0, 0.1))
        return response

    def on_the_wire(self, response: Response) -> ASGIApp:
        size = max(100, len(response.body) // 4)
        return _in_pieces(response.status, _own_headers(response), response.body, size=size, pause=0.005)


class Zips(Honest):
    """Sends every body with gzip to clients that accept it."""

    def returned(self, request: Request, response: Response) -> Response:
        response = response.with_header("Vary", "Origin, Accept-Encoding")
        if not response.body or not _accepts_gzip(request.headers.get("accept-encoding", "")):
            return response
        return replace(response, body=gzip.compress(response.body)).with_header("Content-Encoding", "gzip")


@dataclass
class Pauses(Honest):
    """Takes three seconds longer for every twentieth chat."""

    _count: int = 0

    async def answer(self, request: Request) -> Response:
        self._count += request.chat is not None
        if request.chat is not None and self._count % 20 == 0:
            await asyncio.sleep(3)
        return await self.gateway(request)


@dataclass
class ComeLater(Honest):
    """Answers every twentieth chat with 429 at first, and tells in `Retry-After` when to come again."""

    _count: int = 0

    async def answer(self, request: Request) -> Response:
        if request.chat is None or self.gateway.key not in {request.bearer, request.headers.get("x-session-api-key")}:
            return await self.gateway(request)
        self._count += 1
        if self._count % 20:
            return await self.gateway(request)
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
        busy = refusal(429, "All agents are busy. Please come again.")
        return busy.with_header("Retry-After", soon if self._count % 40 else "1")


class Padded(Honest):
    """Writes blanks and newlines around JSON, and comments, `id`, `retry` and CRLF into streams."""

    def returned(self, request: Request, response: Response) -> Response:
        if response.is_stream:
            # A comment on its own, once there was an `id`, is an event without data for the official client (2.54).
            told = (
                f": still at it\r\nid: {number}\r\nretry: 3000\r\ndata:{event}\r\n\r\n"
                for number, event in enumerate(events(response))
            )
            return replace(response, body="".join(told).encode())
        padded = b" \r\n\n\t " + response.body + b"\n\n "
        return response if response.json is None else replace(response, body=padded)


class OtherHeaders(Honest):
    """Spells media types differently, declares errors as problems, and repeats headers that are lists."""

    def returned(self, request: Request, response: Response) -> Response:
        if response.is_stream:
            return response.with_header("Content-Type", "Text/Event-Stream;charset=UTF-8")
        if response.json is not None:
            kind = "application/problem+json" if response.status >= 400 else "Application/JSON; Charset=UTF-8"
            text = json.dumps(response.json, ensure_ascii=False).replace("/", "\\/")
            try:
                response = replace(response, body=text.encode())
            except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can write
                response = replace(response, body=json.dumps(response.json).replace("/", "\\/").encode())
            response = response.with_header("Content-Type", kind)
        lists = {"set-cookie": ("a=1; Path=/", "b=2; Secure"), "vary": ("Origin", "Accept"), "via": ("1.1 a", "1.1 b")}
        lists |= {"cache-control": ("no-store", "private"), "server-timing": ("db;dur=5", "app;dur=7")}
        more = [(name.encode(), value.encode()) for name, values in lists.items() for value in values]
        return replace(response, headers=Headers(raw=[*raw(response.headers), *more]))


def _accepts_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` names gzip, or anything, and doesn't exclude it (RFC 9110, 12.5.3)."""
    codings = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        codings[coding.strip()] = float(weight.strip().removeprefix("q=") or 1)
    return codings.get("gzip", codings.get("*", 0)) > 0


def _spelled(body: Any) -> bytes:
    return json.dumps(_turned(body), indent=3).encode() + b"\n"


def _spelled_event(event: str) -> bytes:
    lines = [event.encode()] if event == DONE else _spelled(json.loads(event)).splitlines()
    return b"event: message\r\n" + b"".join(b"data: %s\r\n" % line for line in lines) + b"\r\n"


def _turned(body: Any) -> Any:
    if isinstance(body, list):
        return [_turned(item) for item in body]
    return {name: _turned(body[name]) for name in reversed(body)} if isinstance(body, dict) else body


def _own_headers(response: Response) -> list[tuple[bytes, bytes]]:
    return [pair for pair in raw(response.headers) if pair[0] != b"content-length"]


def _in_pieces(status: int, headers: list[tuple[bytes, bytes]], body: bytes, *, size: int, pause: float) -> ASGIApp:
    """An application that sends an answer without its length, `size` bytes at a time."""

    async def sent(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for begin in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[begin : begin + size], "more_body": True})
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": b""})

    return sent
