"""Mutants of authentication: gateways that admit wrong keys or refuse right ones."""

from __future__ import annotations

from dataclasses import replace

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant


class BearerIsForLists(Mutant):
    """Accepts a bearer token for the model list only; chats need the header of the native API."""

    breaks = "AUTH-1"
    also = frozenset({"AUTH-18", "CLIENT-1"})
    always = "Accepts no bearer token."

    def concerns(self, request: Request) -> bool:
        return request.chat is not None

    def forwarded(self, request: Request) -> Request:
        return request.with_header("Authorization", None) if self.concerns(request) else request


class BearerIsForChats(Mutant):
    """Accepts a bearer token for chats only; the model list needs the header of the native API."""

    breaks = "AUTH-1"
    also = frozenset({"AUTH-18", "CLIENT-1"})

    def forwarded(self, request: Request) -> Request:
        listing = request.is_for("GET", "/v1/models")
        return request.with_header("Authorization", None) if listing else request


class SessionHeaderIsForNatives(Mutant):
    """Accepts the session header for the native API only; chats need a bearer token."""

    breaks = "AUTH-2"
    also = frozenset({"AUTH-18"})
    always = "Accepts no key in the session header."

    def concerns(self, request: Request) -> bool:
        return request.chat is not None

    def forwarded(self, request: Request) -> Request:
        return request.with_header("X-Session-API-Key", None) if self.concerns(request) else request


class SessionHeaderIsNotForLists(Mutant):
    """Accepts the session header for chats and the native API; the model list needs a bearer token."""

    breaks = "AUTH-2"
    also = frozenset({"AUTH-18"})

    def forwarded(self, request: Request) -> Request:
        listing = request.is_for("GET", "/v1/models")
        return request.with_header("X-Session-API-Key", None) if listing else request


class PublicModelList(Mutant):
    """Shows the models to everyone."""

    breaks = "AUTH-3"

    def forwarded(self, request: Request) -> Request:
        stranger = (request.key or request.headers.get("authorization")) in {None, "Bearer"}
        return self.gateway.unlocked(request) if request.is_for("GET", "/v1/models") and stranger else request


class OneModelIsNoSecret(Mutant):
    """Requires the key to list models, but not to show a single one."""

    breaks = "AUTH-3"

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.is_for("GET", "/v1/models/") else request


class EmptyTokenIsAKey(Mutant):
    """Compares only as many characters as the token has, so an empty token is accepted."""

    breaks = "AUTH-3"

    def forwarded(self, request: Request) -> Request:
        empty = request.headers.get("authorization", "").strip() == "Bearer"
        return self.gateway.unlocked(request) if empty else request


class NoKeyIsForbidden(Mutant):
    """Answers 403 to a request without a key, as web frameworks do by default."""

    breaks = "AUTH-3"

    def returned(self, request: Request, response: Response) -> Response:
        presented = request.headers.get("authorization") or request.headers.get("x-session-api-key")
        return replace(response, status=403) if response.status == 401 and not presented else response


class ConversationIsTheKey(Mutant):
    """Accepts a conversation's id, which only its owner should know, as a key to it."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        keyless = not request.bearer and not request.headers.get("x-session-api-key")
        if keyless and await self.gateway.knows(request.conversation):
            request = self.gateway.unlocked(request)
        return await self.gateway(request)


class AnyTokenIsTheKey(Mutant):
    """Accepts any bearer token."""

    breaks = "AUTH-4"

    def forwarded(self, request: Request) -> Request:
        if request.bearer is not None:
            request = request.with_header("Authorization", f"Bearer {self.gateway.key}")
        return request


class AnySessionHeaderIsTheKey(Mutant):
    """Accepts any session header for chats."""

    breaks = "AUTH-4"

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.chat and request.headers.get("x-session-api-key") else request


class _Compares(Mutant):
    """Compares keys in its own way for `/v1`."""

    def same(self, presented: str) -> bool:
        """Whether the presented key is accepted."""
        raise NotImplementedError

    def forwarded(self, request: Request) -> Request:
        if request.path.startswith("/v1/") and request.key and self.same(request.key):
            request = self.gateway.unlocked(request)
        return request


class ComparesAsFarAsItGoes(_Compares):
    """Accepts any prefix of the key."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return self.gateway.key.startswith(presented)


class ComparesTheEnd(_Compares):
    """Accepts any suffix of the key."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return self.gateway.key.endswith(presented)


class ComparesTheStart(_Compares):
    """Accepts anything that starts with the key."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return presented.startswith(self.gateway.key)


class ComparesTheLength(_Compares):
    """Ignores the result of its constant-time comparison, so that only the length counts."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return len(presented) == len(self.gateway.key)


class ComparesWithoutCase(_Compares):
    """Compares keys case-insensitively, as some databases do."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return presented.lower() == self.gateway.key.lower()


class WrongKeyIsForbidden(Mutant):
    """Answers 403 to a wrong key."""

    breaks = "AUTH-4"
    always = "Answers 403 wherever the right key is missing."

    def concerns(self, request: Request) -> bool:
        return bool(request.key)

    def returned(self, request: Request, response: Response) -> Response:
        return replace(response, status=403) if response.status == 401 and self.concerns(request) else response


class AsksForTheKeyAfterwards(Mutant):
    """Runs the agent before it checks the key."""

    breaks = "AUTH-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat and response.status == 401:
            await self.gateway(self.gateway.unlocked(request))
        return response


class PreparesForStrangers(Mutant):
    """Runs the agent in a hidden conversation while it checks the key of a chat."""

    breaks = "AUTH-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat and response.status == 401:
            ahead = self.gateway.unlocked(request.with_header(CONVERSATION, None))
            await self.gateway(ahead)
        return response


class NamesNoScheme(Mutant):
    """Refuses a missing key without `WWW-Authenticate`."""

    breaks = "AUTH-9"

    async def answer(self, request: Request) -> Response:
        return (await self.gateway(request)).with_header("WWW-Authenticate", None)


class ReadsStrangersBodies(Mutant):
    """Parses the body before it checks the key, as released servers do."""

    breaks = "AUTH-10"

    def concerns(self, request: Request) -> bool:
        return request.json is None

    def returned(self, request: Request, response: Response) -> Response:
        if response.status == 401 and request.body and self.concerns(request):
            return refusal(422, "JSON decode error")
        return response


class RefusesStrangersBodies(ReadsStrangersBodies):
    """Answers 422 to every body that comes without the right key."""

    breaks = "AUTH-4"
    gross = True

    def concerns(self, request: Request) -> bool:
        return True


class LooksModelsUpForStrangers(Mutant):
    """Looks the model up before it checks the key, so that strangers can find out which models exist."""

    breaks = "AUTH-10"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status == 401 and (question := request.chat):
            known = await self.gateway.ask("GET", f"/v1/models/{question.get('model')}")
            return response if known.status == 200 else refusal(404, "unknown model")
        return response


class RefusesStrangersStreams(Mutant):
    """Refuses to stream a new conversation before it checks the key."""

    breaks = "AUTH-10"

    def returned(self, request: Request, response: Response) -> Response:
        streams = response.status == 401 and not request.conversation and (request.chat or {}).get("stream")
        return refusal(400, "no streaming") if streams else response


class RepeatsTheKey(Mutant):
    """Repeats the refused key in the refusal."""

    breaks = "AUTH-15"

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 401:
            return response
        return response.with_json({**response.json, "detail": f"Unknown key {request.key}"})


class ConversationsAreOpen(Mutant):
    """Shows a conversation to anyone who knows its id."""

    breaks = "AUTH-16"

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.is_for("GET", "/api/conversations/") else request


class DeletesForAnyone(Mutant):
    """Deletes a conversation without a key, and then refuses the request."""

    breaks = "AUTH-16"
    always = "Does all that strangers ask, and then refuses the request."

    def concerns(self, request: Request) -> bool:
        return request.is_for("DELETE", "/api/conversations/")

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status == 401 and self.concerns(request):
            await self.gateway(self.gateway.unlocked(request))
        return response
