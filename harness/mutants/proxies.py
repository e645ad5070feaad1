"""Mutants of what stands in front of an agent: proxies that are believed, resend, cache, give up, and lose time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, UUID, uuid5

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CONVERSATION, Request, Response, raw, refusal
from harness.mutants.mutant import Mutant

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LIST = "/v1/models"
_PROFILES = "/api/profiles/"
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class TrustsLocalAddresses(Mutant):
    """Asks for no key when a proxy tells that the request comes from this machine."""

    breaks = "AUTH-3"
    also = frozenset({"PROFILE-5"})

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.headers.get("x-real-ip") == "127.0.0.1" else request


class TrustsLocalAddressesWithProfiles(TrustsLocalAddresses):
    """Asks for no key to the profiles when a proxy tells that the request comes from this machine."""

    breaks = "PROFILE-5"
    also = frozenset()

    def forwarded(self, request: Request) -> Request:
        return super().forwarded(request) if request.path.startswith("/api/") else request


class TrustsNamedUsers(Mutant):
    """Asks for no key when a proxy tells the user's name."""

    breaks = "AUTH-3"

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if "x-forwarded-user" in request.headers else request


class TrustsToldHosts(Mutant):
    """Asks for no key when a proxy tells that the server was called `localhost`."""

    breaks = "AUTH-3"

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.headers.get("x-forwarded-host") == "localhost" else request


class ChecksTheToldPath(Mutant):
    """Asks for the key by the path that a proxy tells, and serves the one that was asked for."""

    breaks = "AUTH-3"

    def forwarded(self, request: Request) -> Request:
        told = request.headers.get("x-original-url", request.path)
        return request if told.startswith(("/v1/", "/api/")) else self.gateway.unlocked(request)


class LetsToldPreflightsPass(Mutant):
    """Asks for no key when a header says that the method is OPTIONS."""

    breaks = "AUTH-3"

    def forwarded(self, request: Request) -> Request:
        preflight = request.headers.get("x-http-method-override") == "OPTIONS"
        return self.gateway.unlocked(request) if preflight else request


class ServesTheToldPath(Mutant):
    """Serves the path that a proxy tells in `X-Original-URL`."""

    breaks = "PROXY-1"

    def forwarded(self, request: Request) -> Request:
        told = request.headers.get("x-original-url", "")
        return replace(request, path=told) if told.startswith("/v1/") else request


class ObeysTheToldMethod(Mutant):
    """Deletes a conversation that is looked up with DELETE in `X-HTTP-Method-Override`."""

    breaks = "PROXY-1"
    always = "Takes the method of every request from `X-HTTP-Method-Override`."

    def concerns(self, request: Request) -> bool:
        return request.path.startswith("/api/")

    def forwarded(self, request: Request) -> Request:
        told = request.headers.get("x-http-method-override", request.method)
        return replace(request, method=told) if self.concerns(request) else request


class ResendsFailures(Mutant):
    """Sends a chat again when it failed."""

    breaks = "PROXY-2"
    also = frozenset({"ERROR-12"})

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return await self.gateway(request) if request.chat and response.status >= 500 else response


class ResendsSlowChats(Mutant):
    """Sends a chat again after two seconds without an answer."""

    breaks = "PROXY-2"

    async def answer(self, request: Request) -> Response:
        if request.chat is None:
            return await self.gateway(request)
        first = asyncio.create_task(self.gateway(request))
        await asyncio.wait([first], timeout=2)
        if not first.done():
            await self.gateway(request)
        return await first


class GivesUpAfterThreeSeconds(Mutant):
    """Answers 504 when a turn takes longer than 3.5 seconds."""

    breaks = "PROXY-3"
    also = frozenset({"CHAT-1", "CONV-3"})

    async def answer(self, request: Request) -> Response:
        turn = asyncio.create_task(self.gateway(request))
        await asyncio.wait([turn], timeout=3.5)
        return await turn if turn.done() else refusal(504, "upstream timed out").with_header("x-should-retry", "false")


class ShowsAPageForSlowFailures(Mutant):
    """Shows an HTML page when a turn fails that has taken some seconds."""

    breaks = "PROXY-4"
    where = ("proxies/a-request-*",)
    always = "Shows an HTML page when a turn fails."

    def concerns(self, request: Request) -> bool:
        return b"[[delay" in request.body

    def returned(self, request: Request, response: Response) -> Response:
        if request.chat is None or response.status < 500 or not self.concerns(request):
            return response
        return replace(response, body=_PAGE).with_header("content-type", "text/html")


class HoldsStreamsOpen(Mutant):
    """Keeps a stream with usage open for six seconds after its last event."""

    breaks = "PROXY-5"
    dialect = Dialect.AGENT_SERVER
    where = ("streaming/*",)

    def on_the_wire(self, response: Response) -> ASGIApp:
        if not response.is_stream or b'"usage"' not in response.body:
            return super().on_the_wire(response)
        headers = [pair for pair in raw(response.headers) if pair[0] != b"content-length"]

        async def sent(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            await send({"type": "http.response.body", "body": response.body, "more_body": True})
            await asyncio.sleep(6)
            await send({"type": "http.response.body", "body": b""})

        return sent


@dataclass
class ForgetsIdleConversations(Mutant):
    """Begins a conversation anew, under its old id, that nobody has used for eight seconds."""

    breaks = "CONV-3"
    _used: dict[str, float] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        named, now = request.conversation, time.monotonic()
        if request.chat and named and now - self._used.get(named, now) > 8:
            await self.gateway.ask("DELETE", f"/api/conversations/{named}")
        response = await self.gateway(request)
        if (conversation := response.headers.get(CONVERSATION)) is not None:
            self._used[conversation] = now
        return response


@dataclass
class IsTwoReplicas(Mutant):
    """Sends every second chat to a replica that shares no conversations with the other."""

    breaks = "CONV-3"
    gross = True
    _chats: int = 0

    async def answer(self, request: Request) -> Response:
        if request.chat is None:
            return await self.gateway(request)
        self._chats += 1
        named = request.conversation
        if self._chats % 2 or named is None:
            return await self.gateway(request)
        try:
            theirs = str(uuid5(NAMESPACE_OID, str(UUID(named))))
        except ValueError:
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, theirs))
        named_again = response.headers.get(CONVERSATION) == theirs
        return response.with_header(CONVERSATION, str(UUID(named))) if named_again else response


@dataclass
class AnswersFromACache(Mutant):
    """Answers a chat like the last one with the same body, whoever asks in which conversation."""

    breaks = "CONV-2"
    gross = True
    _answers: dict[bytes, Response] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if request.chat is None:
            return await self.gateway(request)
        if request.body not in self._answers:
            response = await self.gateway(request)
            if response.status != 200:
                return response
            self._answers[request.body] = response
        return self._answers[request.body]


@dataclass
class CachesForStrangers(Mutant):
    """Answers a chat without any key like the same one with the key, if there was one."""

    breaks = "AUTH-3"
    also = frozenset({"CHAT-12"})
    _answers: dict[bytes, Response] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat is not None and response.status == 200:
            self._answers[request.body] = response
        credentials = {"authorization", "cookie", "x-session-api-key"}
        stranger = response.status == 401 and not request.query and not credentials & {*request.headers}
        return self._answers.get(request.body, response) if stranger else response


@dataclass
class CachesTheList(Mutant):
    """Shows a model list of the last second again."""

    breaks = "PROFILE-2"
    gross = True
    _list: Response | None = None
    _read: float = 0.0

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not request.is_for("GET", _LIST) or response.status != 200:
            return response
        if self._list is None or time.monotonic() - self._read > 1:
            self._list, self._read = response, time.monotonic()
        return self._list


@dataclass
class _ListsByTurns(Mutant):
    """Gives every second model list from a replica."""

    _lists: int = 0

    def listed(self, models: list[Any]) -> list[Any]:
        """The models that the replica knows."""
        raise NotImplementedError

    def returned(self, request: Request, response: Response) -> Response:
        if not request.is_for("GET", _LIST) or response.status != 200:
            return response
        self._lists += 1
        body = response.json
        models = self.listed(body["data"])
        return response if self._lists % 2 else response.with_json({**body, "data": models})


@dataclass
class StoresProfilesOnOneReplica(_ListsByTurns):
    """Shows a new profile in every second model list only."""

    breaks = "PROFILE-2"
    gross = True
    _known: list[Any] | None = None

    def listed(self, models: list[Any]) -> list[Any]:
        self._known = self._known or models
        return [model for model in models if model in self._known]


@dataclass
class DeletesProfilesOnOneReplica(_ListsByTurns):
    """Shows a deleted profile in every second model list."""

    breaks = "PROFILE-3"
    gross = True
    _known: dict[str, Any] = field(default_factory=dict)

    def listed(self, models: list[Any]) -> list[Any]:
        self._known |= {model["id"]: model for model in models}
        return list(self._known.values())


class LivesInTheWrongHour(Mutant):
    """Sends a `Date` of an hour ago."""

    breaks = "PROXY-6"
    dated = False

    def returned(self, request: Request, response: Response) -> Response:
        told = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 3600))
        return response.with_header("date", told)


class HasNoDate(Mutant):
    """Sends no `Date`."""

    breaks = "PROXY-6"
    dated = False


class RepeatsTheProfile(Mutant):
    """Repeats all that a profile is made of, its key too, when it is created."""

    breaks = "AUTH-17"
    where = ("profiles/*",)

    def returned(self, request: Request, response: Response) -> Response:
        if not request.is_for("POST", _PROFILES) or response.status != 201:
            return response
        return response.with_json({**response.json, "created_from": request.json})
