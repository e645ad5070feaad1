"""A mutant: the reference gateway behind a proxy that breaks one requirement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from starlette.datastructures import Headers
from starlette.responses import Response as HttpResponse

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CHAT, CONVERSATION, Request, Response, Turn, raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MODEL = "openhands_scripted"
"""The model that every mutant serves."""


class Sound:
    """The conformant gateway behind a mutant.

    Attributes:
        key: its first session key.
        other_keys: the others.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[str]) -> None:
        self._app = app
        self.key, *self.other_keys = keys

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        unread = [request.body]
        start: Message = {}
        body = b""

        async def receive() -> Message:
            return {"type": "http.request", "body": unread.pop()} if unread else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": request.method,
            "path": request.path,
            "raw_path": request.path.encode(),
            "query_string": request.query.encode("latin-1"),
            "root_path": "",
            "headers": raw(request.headers),
            "client": None,
            "server": None,
        }
        await self._app(scope, receive, send)
        return Response(start["status"], Headers(raw=start["headers"]), body)

    async def ask(self, method: str, path: str) -> Response:
        """Make the mutant's own request, with the key."""
        return await self(Request(method, path, {"x-session-api-key": self.key}))

    def unlocked(self, request: Request) -> Request:
        """The request with the key in its session header."""
        return request.with_header("X-Session-API-Key", self.key)

    async def knows(self, conversation: str | None) -> bool:
        """Whether a conversation of that id exists."""
        return conversation is not None and (await self.ask("GET", f"/api/conversations/{conversation}")).status == 200

    async def events(self, conversation: str | None, kind: str) -> list[dict[str, Any]]:
        """The events of one kind in a conversation, oldest first."""
        found = (await self.ask("GET", f"/api/conversations/{conversation}/events/search")).json
        return [event for event in found["items"] if event["kind"] == kind]


@dataclass
class Front:
    """A gateway as clients see it: a proxy in front of the sound one.

    One instance serves one run, and may keep state, in fields of its own.

    Attributes:
        dialect: its contract.
        gateway: the sound gateway behind it.
        announced: whether the run is told its model and what it offers, or has to find out.
        dated: whether its server adds a `Date` to each answer.
    """

    gateway: Sound
    dialect: ClassVar[Dialect] = Dialect.DOCUMENTED
    announced: ClassVar[bool] = True
    dated: ClassVar[bool] = True

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        return self.returned(request, await self.gateway(self.forwarded(request)))

    def forwarded(self, request: Request) -> Request:
        """What the sound gateway gets in place of a request."""
        return request

    def returned(self, request: Request, response: Response) -> Response:
        """What the client gets in place of the sound gateway's answer to its request."""
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, as an ASGI application."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        query = scope["query_string"].decode("latin-1")
        request = Request(scope["method"], scope["path"], Headers(raw=scope["headers"]), body, query)
        await self.on_the_wire(await self.answer(request))(scope, receive, send)

    def on_the_wire(self, response: Response) -> ASGIApp:
        """An ASGI application that sends the answer."""
        sent = HttpResponse(response.body, response.status)
        sent.raw_headers += [pair for pair in raw(response.headers) if pair[0] != b"content-length"]
        return sent


class Mutant(Front):
    """A gateway that breaks one requirement; the docstring of each says how.

    Attributes:
        breaks: the requirement's identifier.
        also: requirements that are necessarily broken too: a conversation that isn't continued doesn't survive a
            restart either.
        where: globs of the scenarios whose exchanges show the fault, if only a scenario that watches them sees it.
        gross: whether it sins always and in everything. Such a gateway breaks other requirements too, and may not even
            pass the smoke test; its own requirement must be named all the same.
        always: what this gateway would do if it sinned whatever the request. The registry then derives that gross twin,
            whose name ends in `Always`. Empty: there is none, or another gross mutant does the same.
    """

    breaks: ClassVar[str]
    also: ClassVar[frozenset[str]] = frozenset()
    where: ClassVar[tuple[str, ...]] = ()
    gross: ClassVar[bool] = False
    always: ClassVar[str] = ""

    def concerns(self, request: Request) -> bool:
        """Whether it sins when it answers this request; a gross twin always does."""
        return True


class SpoilsQuestions(Mutant):
    """Changes chat requests before the gateway sees them."""

    def spoil(self, question: dict[str, Any]) -> None:
        """Change the body of a request in place."""
        raise NotImplementedError

    def forwarded(self, request: Request) -> Request:
        if (question := request.chat) is None:
            return request
        self.spoil(question)
        return request.with_json(question)


class SpoilsAnswers(Mutant):
    """Changes answers, by default those to chat completions.

    Attributes:
        method: of the requests whose answers are changed.
        path: of these requests, a regular expression.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = CHAT

    def spoil(self, body: dict[str, Any]) -> None:
        """Change the body of an answer in place."""
        raise NotImplementedError

    def returned(self, request: Request, response: Response) -> Response:
        concerned = request.method == self.method and re.fullmatch(self.path, request.path)
        if not concerned or response.status != 200 or (body := response.json) is None:
            return response
        self.spoil(body)
        return response.with_json(body)


class Retells(Mutant):
    """Changes chat completions on their way out, knowing what was asked and in which conversation."""

    async def retell(self, turn: Turn) -> None:
        """Change the completion in place."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        question, completion = request.chat, response.json
        if question is None or response.status != 200 or completion is None:
            return response
        await self.retell(Turn(request, question, completion, response.headers[CONVERSATION]))
        return response.with_json(completion)


def newest_user_message(question: dict[str, Any]) -> dict[str, Any]:
    """The message that a turn answers; empty if there is none."""
    return next((message for message in reversed(question["messages"]) if message.get("role") == "user"), {})
