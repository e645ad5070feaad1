"""Which conversation a request belongs to: gateways that lose, mix, forget or make up conversations."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, Sound, SpoilsAnswers, SpoilsQuestions, newest_user_message

NATIVE = "/api/conversations/"


def _is_uuid(text: str | None) -> bool:
    try:
        return text is not None and bool(UUID(text))
    except ValueError:
        return False


def _named(request: Request) -> list[str]:
    """The conversations that the headers of a request name."""
    return [value for name, value in request.headers.items() if name == CONVERSATION]


def _content(question: dict[str, Any]) -> object:
    """What the newest user message says."""
    return newest_user_message(question).get("content")


class KeepsTheIdToItself(Mutant):
    """Names the conversation only to clients that named it themselves."""

    breaks = "CONV-1"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return response if request.conversation else response.with_header(CONVERSATION, None)


class KnowsConversationsByTheirBeginning(Mutant):
    """Finds a conversation by its first message, if that is long enough to be told from others."""

    breaks = "CONV-2"

    def __init__(self, gateway: Sound) -> None:
        super().__init__(gateway)
        self._begun: dict[str, str] = {}

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is None or request.conversation or response.status != 200:
            return response
        beginning = str(question["messages"][0].get("content"))
        if len(beginning) <= len("Reply with exactly: ok"):
            return response
        return response.with_header(CONVERSATION, self._begun.setdefault(beginning, response.headers[CONVERSATION]))


class StartsAnewEachTime(Mutant):
    """Echoes the header and starts another conversation."""

    breaks = "CONV-3"

    async def answer(self, request: Request) -> Response:
        if request.chat is None or not await self.gateway.knows(request.conversation):
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, None))
        return response.with_header(CONVERSATION, request.conversation)


class RenamesTheConversation(Mutant):
    """Gives a follow-up's answer an id that leads nowhere."""

    breaks = "CONV-4"

    async def answer(self, request: Request) -> Response:
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        response = await self.gateway(request)
        return response.with_header(CONVERSATION, str(uuid4())) if known else response


class NamesTheConversationOnce(Mutant):
    """Gives the header with a conversation's first answer, and no more."""

    breaks = "CONV-4"

    async def answer(self, request: Request) -> Response:
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        response = await self.gateway(request)
        return response.with_header(CONVERSATION, None) if known else response


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


class RemindsTheAgentOfItsAnswers(Mutant):
    """Tells the agent in a follow-up what the client says that it has answered."""

    breaks = "CONV-5"

    async def answer(self, request: Request) -> Response:
        question = request.chat
        if question is None or not request.conversation or not isinstance(_content(question), str):
            return await self.gateway(request)
        said = [message.get("content") for message in question["messages"] if message.get("role") == "assistant"]
        newest = newest_user_message(question)
        newest["content"] = "".join(f"(You said: {each})\n" for each in said) + newest["content"]
        return await self.gateway(request.with_json(question))


class BelievesTheHistory(_Replays):
    """Makes a conversation of the history in a request that names none."""

    breaks = "CONV-6"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(request if request.conversation else self.replayed(request))


class MakesInstructionsOfTheHistory(SpoilsQuestions):
    """Puts what stands before the newest message of a first request into the agent's instructions."""

    breaks = "CONV-6"

    def spoil(self, question: dict[str, Any]) -> None:
        messages = question["messages"]
        before = [message for message in messages[:-1] if message.get("role") in {"user", "assistant"}]
        if before and isinstance(_content(question), str):
            told = "\n".join(f"{message['role']}: {message.get('content')}" for message in before)
            messages.insert(0, {"role": "system", "content": told})


class HasOtherIdsInside(Mutant):
    """Knows its conversations by ids that it doesn't tell."""

    breaks = "CONV-7"

    async def answer(self, request: Request) -> Response:
        if request.is_for("GET", NATIVE):
            return refusal(404, "Conversation not found")
        return await self.gateway(request)


class ShowsAnotherId(SpoilsAnswers):
    """Opens a conversation by its id, and shows it under another one."""

    breaks = "CONV-7"
    method, path = "GET", NATIVE + "[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        body["id"] = str(uuid4())


class CountsNoCost(SpoilsAnswers):
    """Doesn't say what a conversation has cost."""

    breaks = "CONV-8"
    method, path = "GET", NATIVE + "[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        del body["stats"]


class CostsAreText(SpoilsAnswers):
    """Writes what a conversation has cost with a currency."""

    breaks = "CONV-8"
    method, path = "GET", NATIVE + "[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        for metrics in body["stats"]["usage_to_metrics"].values():
            metrics["accumulated_cost"] = "$0.00"


class ForgetsNothing(Mutant):
    """Says that a conversation is deleted, and keeps it."""

    breaks = "CONV-9"

    async def answer(self, request: Request) -> Response:
        if request.is_for("DELETE", NATIVE):
            shown = await self.gateway(replace(request, method="GET"))
            return shown.with_json({"success": True}) if shown.status == 200 else shown
        return await self.gateway(request)


class HidesWhatItDeletes(Mutant):
    """Shows a deleted conversation to nobody, and goes on with it when it is named."""

    breaks = "CONV-9"

    def __init__(self, gateway: Sound) -> None:
        super().__init__(gateway)
        self._hidden: set[str] = set()

    async def answer(self, request: Request) -> Response:
        conversation = request.path.removeprefix(NATIVE)
        if request.is_for("DELETE", NATIVE):
            shown = await self.gateway(replace(request, method="GET"))
            if shown.status == 200:
                self._hidden.add(conversation)
            return shown.with_json({"success": True}) if shown.status == 200 else shown
        hidden = request.path.startswith(NATIVE) and conversation in self._hidden
        return refusal(404, "Conversation not found") if hidden else await self.gateway(request)


class KnowsRandomIdsOnly(Mutant):
    """Takes UUIDs of version 4 alone for UUIDs."""

    breaks = "CONV-10"

    async def answer(self, request: Request) -> Response:
        other = _is_uuid(request.conversation) and UUID(request.conversation).version != 4
        return refusal(422, "not a UUID") if other else await self.gateway(request)


class ContinuesNoChosenId(Mutant):
    """Lets a client choose the id, and starts anew whenever it comes back with it."""

    breaks = "CONV-10"

    def __init__(self, gateway: Sound) -> None:
        super().__init__(gateway)
        self._chosen: set[str] = set()

    async def answer(self, request: Request) -> Response:
        if (conversation := request.conversation) is None or request.chat is None:
            return await self.gateway(request)
        if conversation in self._chosen:
            response = await self.gateway(request.with_header(CONVERSATION, None))
            return response.with_header(CONVERSATION, conversation)
        if not await self.gateway.knows(conversation):
            self._chosen.add(conversation)
        return await self.gateway(request)


class ChoosesTheIdsItself(Mutant):
    """Continues only what it has started."""

    breaks = "CONV-10"

    async def answer(self, request: Request) -> Response:
        well_formed = request.chat is not None and _is_uuid(request.conversation)
        if well_formed and not await self.gateway.knows(request.conversation):
            return refusal(404, "Conversation not found")
        return await self.gateway(request)


class OverlooksMalformedIds(Mutant):
    """Starts a conversation when the header is no UUID."""

    breaks = "CONV-11"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(
            request if _is_uuid(request.conversation) else request.with_header(CONVERSATION, None)
        )


class FindsAnIdInEverything(Mutant):
    """Takes the first UUID that it finds in the header, whatever else is there."""

    breaks = "CONV-11"

    async def answer(self, request: Request) -> Response:
        found = re.search(r"\w{8}-\w{4}-\w{4}-\w{4}-\w{12}", request.conversation or "")
        return await self.gateway(request.with_header(CONVERSATION, found[0]) if found else request)


class EmptyIsMalformed(Mutant):
    """Refuses an empty header, as released servers do."""

    breaks = "CONV-12"

    async def answer(self, request: Request) -> Response:
        return refusal(422, "not a UUID") if request.headers.get(CONVERSATION) == "" else await self.gateway(request)


class KnowsOneSpelling(Mutant):
    """Refuses a UUID that is not in its usual spelling, as it may."""

    breaks = "CONV-13"

    async def answer(self, request: Request) -> Response:
        odd = _is_uuid(request.conversation) and str(UUID(request.conversation)) != request.conversation
        return refusal(422, "not a UUID") if odd else await self.gateway(request)


class KeepsOneTurn(SpoilsAnswers):
    """Forgets with each turn what was done in the one before."""

    breaks = "CONV-14"
    method, path = "GET", NATIVE + "[^/]+/events/search"

    def spoil(self, body: dict[str, Any]) -> None:
        turns = [index for index, event in enumerate(body["items"]) if event["source"] == "user"]
        body["items"] = body["items"][turns[-1] :]


class TidiesUpAfterEachTurn(SpoilsAnswers):
    """Gives each turn an empty workspace, so that its commands find no file of an earlier one."""

    breaks = "CONV-15"
    method, path = "GET", NATIVE + "[^/]+/events/search"

    def spoil(self, body: dict[str, Any]) -> None:
        turns = 0
        for event in body["items"]:
            turns += event["source"] == "user"
            if turns > 1 and event["kind"] == "ObservationEvent":
                event["observation"]["content"] = [{"type": "text", "text": "No such file or directory"}]


class StartsAThirdConversation(Mutant):
    """Starts a new conversation when it is given two to go on with."""

    breaks = "CONV-26"

    async def answer(self, request: Request) -> Response:
        several = len(_named(request)) > 1
        return await self.gateway(request.with_header(CONVERSATION, None) if several else request)


class BreaksOnTwoIds(Mutant):
    """Answers 500 to two ids."""

    breaks = "CONV-26"

    async def answer(self, request: Request) -> Response:
        several = len(_named(request)) > 1
        return refusal(500, "too many values to unpack") if several else await self.gateway(request)


class UserIsTheConversation(Mutant):
    """Goes on, when no header is sent, with the conversation that the same `user` had last."""

    breaks = "CONV-2"

    def __init__(self, gateway: Sound) -> None:
        super().__init__(gateway)
        self._of_user: dict[str, str] = {}

    async def answer(self, request: Request) -> Response:
        user = (request.chat or {}).get("user")
        if not isinstance(user, str) or request.conversation is not None:
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, self._of_user.get(user)))
        if response.status == 200:
            self._of_user[user] = response.headers[CONVERSATION]
        return response
