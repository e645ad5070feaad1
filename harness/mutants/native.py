"""Mutants of what the endpoint and the native API have to do with each other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import uuid4

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant

NATIVE = "/api/conversations"


@dataclass
class KnowsItsOwnConversations(Mutant):
    """Keeps a table of the conversations that the endpoint began, and begins anew with an id that isn't in it."""

    breaks = "CONV-28"
    native: dict[str | None, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if request.is_for("POST", NATIVE) and request.json:
            self.native[request.json.get("conversation_id")] = str(uuid4())
        if request.chat is None or (other := self.native.get(request.conversation)) is None:
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, other))
        return response.with_header(CONVERSATION, request.conversation)


@dataclass
class ConversationsAreForOneApi(Mutant):
    """Answers 409 to a chat in a conversation that the native API began."""

    breaks = "CONV-28"
    native: set[str | None] = field(default_factory=set)

    def returned(self, request: Request, response: Response) -> Response:
        if request.is_for("POST", NATIVE) and request.json:
            self.native.add(request.json.get("conversation_id"))
        foreign = request.chat is not None and request.conversation in self.native
        return refusal(409, "This conversation belongs to the native API.") if foreign else response


class HearsNoNatives(Mutant):
    """Takes a message of the native API, and does nothing with it."""

    breaks = "CONV-29"

    async def answer(self, request: Request) -> Response:
        if request.method == "POST" and request.path.endswith("/events"):
            return replace(await self.gateway.ask("GET", "/api/agent-profiles")).with_json({"success": True})
        return await self.gateway(request)


class WaitingIsAnAnswer(Mutant):
    """Answers a turn that waits for a confirmation with the words that it does."""

    breaks = "ERROR-20"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat is None or not _has_stopped(response, "agent_waiting_for_confirmation"):
            return response
        message = {"role": "user", "content": "Reply with exactly: May I do this?"}
        usual = await self.gateway(request.with_json({**request.chat, "messages": [message]}))
        return usual.with_header(CONVERSATION, response.headers[CONVERSATION])


class PausedIsAFailure(Mutant):
    """Answers 500 to a turn that is paused."""

    breaks = "ERROR-20"

    def returned(self, request: Request, response: Response) -> Response:
        paused = request.chat is not None and _has_stopped(response, "agent_paused")
        return replace(response, status=500) if paused else response


def _has_stopped(response: Response, code: str) -> bool:
    return response.status == 409 and response.json["error"]["code"] == code
