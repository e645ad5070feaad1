"""Mutants with a second door: gateways that ask for the key on one path, or by one method, and not on another."""

from __future__ import annotations

from dataclasses import replace

from harness.mutants.exchange import CHAT, Request, Response, refusal
from harness.mutants.mutant import Mutant

_MODELS = "/v1/models"


class _SideDoor(Mutant):
    """Serves a chat and the list under other paths too, and asks for no key there."""

    def behind(self, path: str) -> str | None:
        """The path that another one leads to; None if it leads nowhere."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        path = self.behind(request.path)
        if path not in {CHAT, _MODELS} or path == request.path:
            return await self.gateway(request)
        return await self.gateway(self.let_in(replace(request, path=path)))

    def let_in(self, request: Request) -> Request:
        """The request with the right key."""
        return self.gateway.unlocked(request)


class ForgetsTheSlashAtTheEnd(_SideDoor):
    """Asks for no key where a path ends in a slash."""

    breaks = "AUTH-3"
    also = frozenset({"AUTH-4"})

    def behind(self, path: str) -> str | None:
        return path.removesuffix("/")


class ForgetsTheDoubledSlash(_SideDoor):
    """Asks for no key where a slash is doubled."""

    breaks = "AUTH-3"
    also = frozenset({"AUTH-4"})

    def behind(self, path: str) -> str | None:
        return path.replace("//", "/")


class LocksSmallLetters(_SideDoor):
    """Finds a path in any letter case, and asks for the key in one."""

    breaks = "AUTH-3"
    also = frozenset({"AUTH-4"})

    def behind(self, path: str) -> str | None:
        return path.lower()


class IsOpenBelowApi(_SideDoor):
    """Serves the endpoint below `/api` too, where nothing asks for the key."""

    breaks = "AUTH-3"
    also = frozenset({"AUTH-4"})

    def behind(self, path: str) -> str | None:
        return path.removeprefix("/api")


class AsksForSomeKeyAtTheBack(_SideDoor):
    """Takes any key on a path that ends in a slash, but asks for one."""

    breaks = "AUTH-4"

    def behind(self, path: str) -> str | None:
        return path.removesuffix("/")

    def let_in(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.key else request


class LocksTheUsualMethods(Mutant):
    """Answers PUT like GET or POST when it carries no key."""

    breaks = "AUTH-3"

    async def answer(self, request: Request) -> Response:
        method = {CHAT: "POST", _MODELS: "GET"}.get(request.path)
        if request.method != "PUT" or method is None or request.key:
            return await self.gateway(request)
        return await self.gateway(self.gateway.unlocked(replace(request, method=method)))


class TrustsWhoKnowsAConversation(Mutant):
    """Takes any key on a follow-up, since the conversation's id is secret enough."""

    breaks = "AUTH-4"

    async def answer(self, request: Request) -> Response:
        known = request.key and await self.gateway.knows(request.conversation)
        return await self.gateway(self.gateway.unlocked(request) if known else request)


class WantsTheSessionHeaderLater(Mutant):
    """Takes no bearer token on a follow-up."""

    breaks = "AUTH-1"
    also = frozenset({"AUTH-11", "CLIENT-1"})

    async def answer(self, request: Request) -> Response:
        later = request.chat is not None and request.conversation
        alone = request.bearer and "x-session-api-key" not in request.headers
        return refusal(401, "no key") if later and alone else await self.gateway(request)


class WantsABearerLater(Mutant):
    """Takes no session header on a follow-up."""

    breaks = "AUTH-2"
    also = frozenset({"AUTH-11", "AUTH-19"})

    async def answer(self, request: Request) -> Response:
        later = request.chat is not None and request.conversation
        return refusal(401, "no key") if later and not request.bearer else await self.gateway(request)


class WantsABearerForProfiles(Mutant):
    """Takes no session header on the native list of profiles."""

    breaks = "AUTH-2"

    async def answer(self, request: Request) -> Response:
        listed = request.is_for("GET", "/api/profiles")
        return refusal(401, "no key") if listed and not request.bearer else await self.gateway(request)
