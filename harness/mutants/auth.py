"""Who may ask: gateways that let the wrong ones in, or keep the right ones out."""

from __future__ import annotations

from harness.mutants.exchange import Request, Response, refusal
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


class EmptyTokenIsAKey(Mutant):
    """Compares the token with the key as far as the token goes, so an empty one is right."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        if request.headers.get("authorization", "").strip() == "Bearer":
            return await self.gateway(request.with_header("X-Session-API-Key", self.gateway.key))
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


class AsksForTheKeyAfterwards(Mutant):
    """Runs the agent first and looks at the key when it has the answer."""

    breaks = "AUTH-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat and response.status == 401:
            await self.gateway(request.with_header("X-Session-API-Key", self.gateway.key))
        return response


class KeyIsAPassword(Mutant):
    """Takes the key as the password of HTTP Basic too."""

    breaks = "AUTH-6"

    async def answer(self, request: Request) -> Response:
        if request.basic is not None:
            request = request.with_header("Authorization", f"Bearer {request.basic}")
        return await self.gateway(request)


class KeyNeedsNoScheme(Mutant):
    """Takes the last word of `Authorization` for the key, whatever stands before it."""

    breaks = "AUTH-6"

    async def answer(self, request: Request) -> Response:
        if words := request.headers.get("authorization", "").split():
            request = request.with_header("Authorization", f"Bearer {words[-1]}")
        return await self.gateway(request)


class OneWrongHeaderSpoilsBoth(Mutant):
    """Refuses a right bearer token when the session header beside it is wrong."""

    breaks = "AUTH-7"

    async def answer(self, request: Request) -> Response:
        if request.headers.get("x-session-api-key", self.gateway.key) != self.gateway.key:
            request = request.with_header("Authorization", None)
        return await self.gateway(request)


class BearerIsCapitalised(Mutant):
    """Knows `Bearer` and no other spelling of it."""

    breaks = "AUTH-8"

    async def answer(self, request: Request) -> Response:
        spelled = request.headers.get("authorization", "").startswith("Bearer ")
        return await self.gateway(request if spelled else request.with_header("Authorization", None))


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
