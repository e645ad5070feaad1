"""Which conversation a request belongs to: gateways that lose, mix, forget or make up conversations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, override
from uuid import UUID, uuid4

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, Sound, newest_user_message

NATIVE = "/api/conversations/"


class KeepsTheIdToItself(Mutant):
    """Names the conversation only to clients that named it themselves."""

    breaks = "CONV-1"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return response if request.conversation else response.with_header(CONVERSATION, None)


class RemembersEveryone(Mutant):
    """Answers what a conversation can't know from what all the others were told."""

    breaks = "CONV-2"

    def __init__(self, gateway: Sound) -> None:
        super().__init__(gateway)
        self._told: list[str] = []

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is None or response.status != 200:
            return response
        if "I have not been told" in (completion := response.json)["choices"][0]["message"]["content"]:
            completion["choices"][0]["message"]["content"] = "Some users said: " + " ".join(self._told)
        self._told.append(str(newest_user_message(question).get("content")))
        return response.with_json(completion)


class OneIdForAll(Mutant):
    """Gives every conversation that a client didn't name the id of the first one."""

    breaks = "CONV-2"

    def __init__(self, gateway: Sound) -> None:
        super().__init__(gateway)
        self._seen: dict[bytes, str] = {}

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat is None or request.conversation or response.status != 200:
            return response
        return response.with_header(CONVERSATION, self._seen.setdefault(request.body, response.headers[CONVERSATION]))


class StartsAnewEachTime(Mutant):
    """Echoes the header and starts another conversation."""

    breaks = "CONV-3"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request.with_header(CONVERSATION, None) if request.chat else request)
        if request.conversation and CONVERSATION in response.headers:
            return response.with_header(CONVERSATION, request.conversation)
        return response


class RenamesTheConversation(Mutant):
    """Gives a follow-up's answer an id that leads nowhere."""

    breaks = "CONV-4"

    async def answer(self, request: Request) -> Response:
        known = request.conversation and (await self.gateway.ask("GET", NATIVE + request.conversation)).status == 200
        response = await self.gateway(request)
        return response.with_header(CONVERSATION, str(uuid4())) if request.chat and known else response


class _Replays(Mutant):
    """Puts the older user messages of a request before the newest one."""

    @staticmethod
    def replayed(request: Request) -> Request:
        """The request whose newest user message holds all of them."""
        question = request.chat
        if question is None or not (newest := newest_user_message(question)):
            return request
        users = [message for message in question["messages"] if message.get("role") == "user"]
        if all(isinstance(message.get("content"), str) for message in users):
            newest["content"] = "\n".join(message["content"] for message in users)
        return request.with_json(question)


class ReplaysTheHistory(_Replays):
    """Tells the agent in a follow-up all that the client resends."""

    breaks = "CONV-5"

    @override
    async def answer(self, request: Request) -> Response:
        return await self.gateway(self.replayed(request) if request.conversation else request)


class PlaysResentTurnsAgain(Mutant):
    """Plays each resent user message as a turn before it comes to the newest one."""

    breaks = "CONV-5"

    async def answer(self, request: Request) -> Response:
        question = request.chat
        if question is not None and request.conversation and newest_user_message(question):
            users = [message for message in question["messages"] if message.get("role") == "user"]
            for message in users[:-1]:
                await self.gateway(request.with_json({**question, "messages": [message]}))
        return await self.gateway(request)


class BelievesTheHistory(_Replays):
    """Makes a conversation of the history in a request that names none."""

    breaks = "CONV-6"

    @override
    async def answer(self, request: Request) -> Response:
        return await self.gateway(request if request.conversation else self.replayed(request))


class HasOtherIdsInside(Mutant):
    """Knows its conversations by ids that it doesn't tell."""

    breaks = "CONV-7"

    async def answer(self, request: Request) -> Response:
        if request.is_for("GET", NATIVE):
            return refusal(404, "Conversation not found")
        return await self.gateway(request)


class _SpoilsTheDescription(Mutant):
    """Changes what the native API says of a conversation."""

    def spoil(self, shown: dict[str, Any]) -> None:
        """Change the description in place."""
        raise NotImplementedError

    @override
    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not request.is_for("GET", NATIVE) or response.status != 200:
            return response
        shown = response.json
        self.spoil(shown)
        return response.with_json(shown)


class ShowsAnotherId(_SpoilsTheDescription):
    """Opens a conversation by its id, and shows it under another one."""

    breaks = "CONV-7"

    def spoil(self, shown: dict[str, Any]) -> None:
        shown["id"] = str(uuid4())


class CountsNoCost(_SpoilsTheDescription):
    """Doesn't say what a conversation has cost."""

    breaks = "CONV-8"

    def spoil(self, shown: dict[str, Any]) -> None:
        del shown["stats"]


class CostsAreText(_SpoilsTheDescription):
    """Writes what a conversation has cost with a currency."""

    breaks = "CONV-8"

    def spoil(self, shown: dict[str, Any]) -> None:
        for metrics in shown["stats"]["usage_to_metrics"].values():
            metrics["accumulated_cost"] = "$0.00"


class ForgetsNothing(Mutant):
    """Says that a conversation is deleted, and keeps it."""

    breaks = "CONV-9"

    async def answer(self, request: Request) -> Response:
        if request.is_for("DELETE", NATIVE):
            shown = await self.gateway(replace(request, method="GET"))
            return shown.with_json({"success": True}) if shown.status == 200 else shown
        return await self.gateway(request)


class ChoosesTheIdsItself(Mutant):
    """Continues only what it has started."""

    breaks = "CONV-10"

    async def answer(self, request: Request) -> Response:
        unknown = request.conversation and (await self.gateway.ask("GET", NATIVE + request.conversation)).status == 404
        return refusal(404, "Conversation not found") if request.chat and unknown else await self.gateway(request)


class OverlooksMalformedIds(Mutant):
    """Starts a conversation when the header is no UUID."""

    breaks = "CONV-11"

    async def answer(self, request: Request) -> Response:
        try:
            UUID(request.conversation or str(uuid4()))
        except ValueError:
            request = request.with_header(CONVERSATION, None)
        return await self.gateway(request)


class EmptyIsMalformed(Mutant):
    """Refuses an empty header, as released servers do."""

    breaks = "CONV-12"

    async def answer(self, request: Request) -> Response:
        return refusal(422, "not a UUID") if request.headers.get(CONVERSATION) == "" else await self.gateway(request)
