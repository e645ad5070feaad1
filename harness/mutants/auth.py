"""Who may ask: gateways that let the wrong ones in, or keep the right ones out."""

from __future__ import annotations

from dataclasses import replace

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant


class BearerIsForLists(Mutant):
    """Takes a bearer token for the model list only; chats want the header of the native API."""

    breaks = "AUTH-1"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(request.with_header("Authorization", None) if request.chat else request)


class BearerIsForChats(Mutant):
    """Takes a bearer token for chats only; the model list wants the header of the native API."""

    breaks = "AUTH-1"

    async def answer(self, request: Request) -> Response:
        listing = request.is_for("GET", "/v1/models")
        return await self.gateway(request.with_header("Authorization", None) if listing else request)


class SessionHeaderIsForNatives(Mutant):
    """Takes the session header for the native API only; chats want a bearer token."""

    breaks = "AUTH-2"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(request.with_header("X-Session-API-Key", None) if request.chat else request)


class SessionHeaderIsNotForLists(Mutant):
    """Takes the session header for chats and the native API; the model list wants a bearer token."""

    breaks = "AUTH-2"

    async def answer(self, request: Request) -> Response:
        listing = request.is_for("GET", "/v1/models")
        return await self.gateway(request.with_header("X-Session-API-Key", None) if listing else request)


class PublicModelList(Mutant):
    """Shows the models to everyone."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        presented = request.bearer or request.headers.get("x-session-api-key") or request.headers.get("authorization")
        if request.is_for("GET", "/v1/models") and presented in {None, "Bearer"}:
            return await self.gateway.ask("GET", request.path)
        return await self.gateway(request)


class OneModelIsNoSecret(Mutant):
    """Lists models for those who have the key, and shows a single one to everyone."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        if request.is_for("GET", "/v1/models/"):
            return await self.gateway.ask("GET", request.path)
        return await self.gateway(request)


class EmptyTokenIsAKey(Mutant):
    """Compares the token with the key as far as the token goes, so an empty one is right."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        if request.headers.get("authorization", "").strip() == "Bearer":
            return await self.gateway(request.with_header("X-Session-API-Key", self.gateway.key))
        return await self.gateway(request)


class NoKeyIsForbidden(Mutant):
    """Says 403 to a request without a key, as web frameworks do by default."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        presented = request.headers.get("authorization") or request.headers.get("x-session-api-key")
        return replace(response, status=403) if response.status == 401 and not presented else response


class ConversationIsTheKey(Mutant):
    """Takes the id of a conversation, which only its owner can know, for a key to it."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        if not request.bearer and await self.gateway.knows(request.conversation):
            request = request.with_header("X-Session-API-Key", self.gateway.key)
        return await self.gateway(request)


class AnyTokenIsTheKey(Mutant):
    """Looks whether there is a bearer token, and not at what it is."""

    breaks = "AUTH-4"

    async def answer(self, request: Request) -> Response:
        if request.bearer is not None:
            request = request.with_header("Authorization", f"Bearer {self.gateway.key}")
        return await self.gateway(request)


class AnySessionHeaderIsTheKey(Mutant):
    """Looks whether chats have a session header, and not at what it is."""

    breaks = "AUTH-4"

    async def answer(self, request: Request) -> Response:
        if request.chat and request.headers.get("x-session-api-key"):
            request = request.with_header("X-Session-API-Key", self.gateway.key)
        return await self.gateway(request)


class _Compares(Mutant):
    """Has a comparison of keys of its own for `/v1`."""

    def same(self, presented: str) -> bool:
        """Whether what a client presents is the key."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        presented = request.bearer or request.headers.get("x-session-api-key")
        if request.path.startswith("/v1/") and presented and self.same(presented):
            request = request.with_header("X-Session-API-Key", self.gateway.key)
        return await self.gateway(request)


class ComparesAsFarAsItGoes(_Compares):
    """Compares what it is given with as much of the key."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return self.gateway.key.startswith(presented)


class ComparesTheEnd(_Compares):
    """Compares from the end, as far as it goes."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return self.gateway.key.endswith(presented)


class ComparesTheStart(_Compares):
    """Is content when what it is given starts with the key."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return presented.startswith(self.gateway.key)


class ComparesTheLength(_Compares):
    """Compares in constant time, and forgets to look at the outcome; only the length is left."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return len(presented) == len(self.gateway.key)


class ComparesWithoutCase(_Compares):
    """Compares keys as a database does that knows no letter case."""

    breaks = "AUTH-4"

    def same(self, presented: str) -> bool:
        return presented.lower() == self.gateway.key.lower()


class WrongKeyIsForbidden(Mutant):
    """Says 403 to a wrong key."""

    breaks = "AUTH-4"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        presented = request.bearer or request.headers.get("x-session-api-key")
        return replace(response, status=403) if response.status == 401 and presented else response


class AsksForTheKeyAfterwards(Mutant):
    """Runs the agent first and looks at the key when it has the answer."""

    breaks = "AUTH-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat and response.status == 401:
            await self.gateway(request.with_header("X-Session-API-Key", self.gateway.key))
        return response


class PreparesForStrangers(Mutant):
    """Lets the agent think about a chat while it looks the key up, in a conversation that nobody gets to see."""

    breaks = "AUTH-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat and response.status == 401:
            ahead = request.with_header(CONVERSATION, None).with_header("X-Session-API-Key", self.gateway.key)
            await self.gateway(ahead)
        return response


class NamesNoScheme(Mutant):
    """Refuses a missing key without a word on how to present one."""

    breaks = "AUTH-9"

    async def answer(self, request: Request) -> Response:
        return (await self.gateway(request)).with_header("WWW-Authenticate", None)


class ReadsStrangersBodies(Mutant):
    """Parses the body before it asks for the key, as released servers do."""

    breaks = "AUTH-10"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status == 401 and request.body and request.json is None:
            return refusal(422, "JSON decode error")
        return response


class LooksModelsUpForStrangers(Mutant):
    """Looks for the model before it asks for the key, so that strangers can find out what there is."""

    breaks = "AUTH-10"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status == 401 and (question := request.chat):
            known = await self.gateway.ask("GET", f"/v1/models/{question.get('model')}")
            return response if known.status == 200 else refusal(404, "unknown model")
        return response


class RefusesStrangersStreams(Mutant):
    """Refuses streaming before it asks for the key."""

    breaks = "AUTH-10"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        streams = response.status == 401 and (request.chat or {}).get("stream")
        return refusal(400, "no streaming") if streams else response


class RepeatsTheKey(Mutant):
    """Says which key it was that it refused."""

    breaks = "AUTH-15"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status != 401:
            return response
        presented = request.bearer or request.headers.get("x-session-api-key")
        return response.with_json({**response.json, "detail": f"Unknown key {presented}"})


class ConversationsAreOpen(Mutant):
    """Shows a conversation to whoever knows its id."""

    breaks = "AUTH-16"

    async def answer(self, request: Request) -> Response:
        if request.is_for("GET", "/api/conversations/"):
            request = request.with_header("X-Session-API-Key", self.gateway.key)
        return await self.gateway(request)


class DeletesForAnyone(Mutant):
    """Deletes a stranger's conversation, and then refuses to."""

    breaks = "AUTH-16"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("DELETE", "/api/conversations/") and response.status == 401:
            await self.gateway.ask("DELETE", request.path)
        return response
