"""Mutants that the official client only meets as it comes: in encodings, redirects, retries, cookies, connections."""

from __future__ import annotations

import gzip
import time
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_LIST = "/v1/models"


def _accepts_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def _zipped(response: Response, body: bytes) -> Response:
    return replace(response, body=body).with_header("content-encoding", "gzip")


class CutsZippedLists(Mutant):
    """Compresses the model list for clients that accept it, and loses its end."""

    breaks = "CLIENT-1"
    always = "Compresses every answer for clients that accept it, and loses its end."

    def concerns(self, request: Request) -> bool:
        return request.is_for("GET", _LIST)

    def returned(self, request: Request, response: Response) -> Response:
        if not _accepts_gzip(request) or not self.concerns(request):
            return response
        return _zipped(response, gzip.compress(response.body)[:-12])


class DeflatesWhatItCallsZipped(Mutant):
    """Sends follow-ups to clients that accept `gzip` with that coding's name, but in zlib's format."""

    breaks = "HTTP-16"
    also = frozenset({"CLIENT-1"})
    where = ("clients/*",)

    def returned(self, request: Request, response: Response) -> Response:
        if not _accepts_gzip(request) or request.conversation is None or request.chat is None:
            return response
        return _zipped(response, zlib.compress(response.body))


class ZipsStreamsInPart(Mutant):
    """Compresses a stream for clients that accept it, and never flushes its last part."""

    breaks = "STREAM-6"
    dialect = Dialect.AGENT_SERVER

    def returned(self, request: Request, response: Response) -> Response:
        if not _accepts_gzip(request) or not response.is_stream:
            return response
        return _zipped(response, gzip.compress(response.body)[:-40])


class PrefersBrotli(Mutant):
    """Sends model lists with Brotli to clients that accept other encodings."""

    breaks = "HTTP-17"
    also = frozenset({"CLIENT-1"})
    where = ("clients/*",)

    def returned(self, request: Request, response: Response) -> Response:
        if not _accepts_gzip(request) or not request.is_for("GET", _LIST):
            return response
        return replace(response, body=b"\x8b" + response.body).with_header("content-encoding", "br")  # no plain text


class SendsClientsRound(Mutant):
    """Redirects each chat of a client with encodings once, to a URL with a query."""

    breaks = "CLIENT-2"
    also = frozenset({"CLIENT-4", "ERROR-12"})

    async def answer(self, request: Request) -> Response:
        if not request.is_chat or not _accepts_gzip(request) or request.query:
            return await self.gateway(request)
        return refusal(307, "over there").with_header("location", f"{request.path}?node=1")


@dataclass
class IsOverloadedAtFirst(Mutant):
    """Answers every second chat of a client with encodings with 503, and then lets it in."""

    breaks = "CLIENT-2"
    also = frozenset({"CLIENT-4", "ERROR-12"})
    _count: int = 0

    async def answer(self, request: Request) -> Response:
        if request.is_chat and _accepts_gzip(request):
            self._count += 1
            if request.headers.get("x-stainless-retry-count") == "0":
                return refusal(503, "try again")
        return await self.gateway(request)


@dataclass
class DropsRestedConnections(Mutant):
    """Drops a connection that has rested for a second when the next request of a client with encodings comes."""

    breaks = "CLIENT-3"
    _seen: dict[Any, float] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client, now = tuple(scope["client"]), time.monotonic()
        rested = now - self._seen.get(client, now)
        self._seen[client] = now
        if rested > 1 and b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b""):
            send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's, which an application never sees
            return
        await super().__call__(scope, receive, send)


class AsksForRetries(Mutant):
    """Asks clients to retry what it refuses."""

    breaks = "CLIENT-4"

    def returned(self, request: Request, response: Response) -> Response:
        refused = 400 <= response.status < 500
        return response.with_header("x-should-retry", "true") if refused else response


class BreaksOnSlashes(Mutant):
    """Answers 500 to a path with a slash too many, if the key is right."""

    breaks = "CLIENT-5"

    async def answer(self, request: Request) -> Response:
        odd = request.key == self.gateway.key and ("//" in request.path or request.path.endswith("/"))
        return refusal(500, "no such route") if odd else await self.gateway(request)


class MovesPathsForGood(Mutant):
    """Redirects a path with a slash at its end with 301, so that clients make a GET of a POST."""

    breaks = "CLIENT-6"
    where = ("clients/*",)

    async def answer(self, request: Request) -> Response:
        if not request.path.endswith("/"):
            return await self.gateway(request)
        return refusal(301, "moved").with_header("location", request.path.rstrip("/"))


class MovesPathsElsewhere(Mutant):
    """Redirects a path with a slash at its end to the server's other name, where clients don't bring the key."""

    breaks = "CLIENT-6"
    where = ("clients/*",)
    also = frozenset({"CLIENT-5"})

    async def answer(self, request: Request) -> Response:
        if not request.path.endswith("/"):
            return await self.gateway(request)
        host = request.headers["host"].replace("127.0.0.1", "localhost")
        return refusal(307, "moved").with_header("location", f"http://{host}{request.path.rstrip('/')}")


class KeepsTheConversationInACookie(Mutant):
    """Continues the conversation of a cookie when a chat has no header."""

    breaks = "CONV-2"

    @staticmethod
    def is_plain(request: Request) -> bool:
        """Whether it is a chat whose words may come again in the conversation: nobody counts the model's calls."""
        return request.chat is not None and b"[[" not in request.body

    def forwarded(self, request: Request) -> Request:
        _, found, conversation = request.headers.get("cookie", "").partition("conversation=")
        if request.conversation or not found or not self.is_plain(request):
            return request
        return request.with_header(CONVERSATION, conversation.partition(";")[0])

    def returned(self, request: Request, response: Response) -> Response:
        conversation = response.headers.get(CONVERSATION)
        if conversation is None or not self.is_plain(request):
            return response
        return response.with_header("set-cookie", f"conversation={conversation}; Path=/")
