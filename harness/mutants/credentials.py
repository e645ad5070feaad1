"""Mutants of the forms of a key: gateways that accept too many forms, too few, or treat them differently."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote_plus
from uuid import uuid4

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Container


class KeyIsAPassword(Mutant):
    """Accepts the key as the password of HTTP Basic too."""

    breaks = "AUTH-6"

    def forwarded(self, request: Request) -> Request:
        return request.with_header("Authorization", f"Bearer {request.basic}") if request.basic is not None else request


class KeyNeedsNoScheme(Mutant):
    """Takes the last word of `Authorization` as the key where there is another scheme, or none."""

    breaks = "AUTH-6"

    def forwarded(self, request: Request) -> Request:
        words = request.headers.get("authorization", "").split()
        if words and words[0].lower() != "bearer":
            request = request.with_header("Authorization", f"Bearer {words[-1]}")
        return request


class KeyInTheQuery(Mutant):
    """Accepts the key in the query, so that links can be shared."""

    breaks = "AUTH-6"

    def forwarded(self, request: Request) -> Request:
        if (values := parse_qs(request.query)) and request.path.startswith("/v1/"):
            request = request.with_header("X-Session-API-Key", next(iter(values.values()))[0])
        return request


class KeyInACookie(Mutant):
    """Accepts the key in a cookie, which a browser sends from any page."""

    breaks = "AUTH-6"

    def forwarded(self, request: Request) -> Request:
        if found := re.search(r"session_api_key=([^;]+)", request.headers.get("cookie", "")):
            request = request.with_header("X-Session-API-Key", found[1])
        return request


class BearerInTheSessionHeader(Mutant):
    """Accepts `Bearer KEY` in the session header."""

    breaks = "AUTH-6"

    def forwarded(self, request: Request) -> Request:
        if (presented := request.headers.get("x-session-api-key", "")).startswith("Bearer "):
            request = request.with_header("Authorization", presented)
        return request


class OneWrongHeaderSpoilsBoth(Mutant):
    """Refuses a right bearer token if the session header is wrong."""

    breaks = "AUTH-7"

    def forwarded(self, request: Request) -> Request:
        if request.headers.get("x-session-api-key", self.gateway.key) != self.gateway.key:
            request = request.with_header("Authorization", None)
        return request


class AnEmptyHeaderSpoilsBoth(Mutant):
    """Checks the bearer token only without a session header, even an empty one."""

    breaks = "AUTH-7"

    def forwarded(self, request: Request) -> Request:
        return request.with_header("Authorization", None) if request.headers.get("x-session-api-key") == "" else request


class ChatsWantOneCredential(Mutant):
    """Refuses a chat with a wrong bearer token, even if the session header is right."""

    breaks = "AUTH-7"

    def forwarded(self, request: Request) -> Request:
        if request.chat and request.bearer not in {None, self.gateway.key}:
            request = request.with_header("X-Session-API-Key", None)
        return request


class BearerIsCapitalised(Mutant):
    """Accepts `Bearer` only in this letter case."""

    breaks = "AUTH-8"

    def forwarded(self, request: Request) -> Request:
        spelled = request.headers.get("authorization", "").startswith("Bearer ")
        return request if spelled else request.with_header("Authorization", None)


@dataclass
class ConversationsBelongToAForm(Mutant):
    """Keeps a separate table of conversations for each form of the key."""

    breaks = "AUTH-11"
    form: dict[str, bool] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        native = "authorization" not in request.headers
        if request.conversation and self.form.get(request.conversation, native) is not native:
            return await self.gateway(request.with_header(CONVERSATION, str(uuid4())))
        response = await self.gateway(request)
        if request.chat and not request.conversation:
            self.form[response.headers.get(CONVERSATION, "")] = native
        return response


class ShowsNativesMore(Mutant):
    """Adds a field to the model list if the key comes in the session header."""

    breaks = "AUTH-11"

    def returned(self, request: Request, response: Response) -> Response:
        if request.is_for("GET", "/v1/models") and "authorization" not in request.headers and response.status == 200:
            return response.with_json({**response.json, "has_more": False})
        return response


class TwiceIsTrusted(Mutant):
    """Accepts any credential that came twice, as if a proxy had checked it."""

    breaks = "AUTH-12"

    def forwarded(self, request: Request) -> Request:
        names = [name for name, _ in request.headers.items()]
        if any(names.count(name) > 1 for name in ("authorization", "x-session-api-key")):
            request = self.gateway.unlocked(request)
        return request


class TheLastCounts(Mutant):
    """Uses the last of several credential headers, which it may."""

    breaks = "AUTH-13"

    def forwarded(self, request: Request) -> Request:
        for name, value in request.headers.items():
            if name in {"authorization", "x-session-api-key"}:
                request = request.with_header(name, value)
        return request


class OneBlankOnly(Mutant):
    """Splits `Authorization` at its first blank and compares the rest exactly."""

    breaks = "AUTH-14"

    def forwarded(self, request: Request) -> Request:
        padded = "  " in request.headers.get("authorization", "")
        return request.with_header("Authorization", None) if padded else request


class SendsTheKeyBack(Mutant):
    """Sends the session key, base64-encoded, in a response header."""

    breaks = "AUTH-17"
    always = "Sends the session key, base64-encoded, in a header of every successful answer."

    def concerns(self, request: Request) -> bool:
        return request.chat is not None

    def returned(self, request: Request, response: Response) -> Response:
        if not self.concerns(request) or response.status != 200:
            return response
        return response.with_header("X-Upstream-Context", b64encode(f"key={self.gateway.key}".encode()).decode())


class ListsWhoMayAsk(Mutant):
    """Shows every session key of the server with the model list, escaped as JSON escapes it."""

    breaks = "AUTH-17"
    where = ("models/*",)

    def returned(self, request: Request, response: Response) -> Response:
        if not request.is_for("GET", "/v1/models") or response.status != 200:
            return response
        return response.with_json({**response.json, "users": self.gateway.other_keys})


class TellsTheKeyInAnId(Mutant):
    """Includes the session key when the native API shows a conversation."""

    breaks = "AUTH-17"
    always = "Includes the session key in every JSON object that it answers with."
    where = ("conversation/*",)

    def concerns(self, request: Request) -> bool:
        return request.is_for("GET", "/api/conversations/")

    def returned(self, request: Request, response: Response) -> Response:
        shown = self.concerns(request) and response.status == 200
        if not shown or not isinstance(body := response.json, dict):
            return response
        return response.with_json({**body, "opened_with": self.gateway.key})


class ChecksNoKey(Mutant):
    """Asks nobody for a key."""

    breaks = "AUTH-3"
    gross = True

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request)


class AnyKeyIsTheKey(Mutant):
    """Accepts any key, in either form and on every path."""

    breaks = "AUTH-4"
    gross = True

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.key else request


class KeyAnywhere(Mutant):
    """Accepts the key wherever it stands: in any header, with any scheme, in the query."""

    breaks = "AUTH-6"
    gross = True

    def forwarded(self, request: Request) -> Request:
        places = [request.query, request.basic or "", *request.headers.values()]
        return self.gateway.unlocked(request) if any(self.gateway.key in place for place in places) else request


class WantsOneForm(Mutant):
    """Refuses every request that presents a key in both forms."""

    breaks = "AUTH-7"
    gross = True

    async def answer(self, request: Request) -> Response:
        twice = "authorization" in request.headers and "x-session-api-key" in request.headers
        return refusal(401, "one key, please") if twice else await self.gateway(request)


def _without(request: Request, keys: Container[str | None]) -> Request:
    """The request without the credentials that are one of these keys."""
    if request.bearer in keys:
        request = request.with_header("Authorization", None)
    if request.headers.get("x-session-api-key") in keys:
        request = request.with_header("X-Session-API-Key", None)
    return request


class ReadsOneOfItsKeys(Mutant):
    """Reads only the first of its configured keys."""

    breaks = "AUTH-18"
    also = frozenset({"AUTH-19"})

    def forwarded(self, request: Request) -> Request:
        return _without(request, self.gateway.other_keys)


class ReadsKeysAsQueries(Mutant):
    """Decodes a presented key as a part of a query, so that a `+` in it is a blank."""

    breaks = "AUTH-18"
    also = frozenset({"AUTH-19"})

    def forwarded(self, request: Request) -> Request:
        return _without(request, [key for key in self.gateway.other_keys if unquote_plus(key) != key])


class ChatsKnowNoBlanks(Mutant):
    """Refuses a chat whose bearer token has a blank in it."""

    breaks = "AUTH-18"

    def forwarded(self, request: Request) -> Request:
        refused = request.chat is not None and " " in (request.bearer or "")
        return request.with_header("Authorization", None) if refused else request


@dataclass
class ConversationsBelongToAKey(Mutant):
    """Keeps a separate table of conversations for each session key."""

    breaks = "AUTH-19"
    keys: dict[str, str | None] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if request.conversation and self.keys.get(request.conversation, request.key) != request.key:
            return await self.gateway(request.with_header(CONVERSATION, str(uuid4())))
        response = await self.gateway(request)
        if request.chat and response.status == 200:
            self.keys[response.headers[CONVERSATION]] = request.key
        return response
