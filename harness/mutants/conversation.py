"""Mutants of the conversation header: gateways that lose, mix, forget or invent conversations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, SpoilsAnswers, SpoilsQuestions, newest_user_message

NATIVE = "/api/conversations/"


def _named(request: Request) -> list[str]:
    """The conversation headers of a request."""
    return [value for name, value in request.headers.items() if name == CONVERSATION]


def _content(question: dict[str, Any]) -> object:
    """The content of the newest user message."""
    return newest_user_message(question).get("content")


class KeepsTheIdToItself(Mutant):
    """Returns the conversation header only to clients that sent one."""

    breaks = "CONV-1"
    also = frozenset({"CLIENT-1"})
    always = "Never returns the conversation header."

    def concerns(self, request: Request) -> bool:
        return request.conversation is None

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_header(CONVERSATION, None) if self.concerns(request) else response


@dataclass
class KnowsConversationsByTheirBeginning(Mutant):
    """Finds a conversation by its first message, if that is long enough."""

    breaks = "CONV-2"
    also = frozenset({"CONV-34"})
    _begun: dict[str, str] = field(default_factory=dict)

    def returned(self, request: Request, response: Response) -> Response:
        if (question := request.chat) is None or request.conversation or response.status != 200:
            return response
        beginning = str(question["messages"][0].get("content"))
        if len(beginning) <= len("Reply with exactly: ok"):
            return response
        return response.with_header(CONVERSATION, self._begun.setdefault(beginning, response.headers[CONVERSATION]))


class StartsAnewEachTime(Mutant):
    """Echoes the header, but starts another conversation."""

    breaks = "CONV-3"
    also = frozenset({"AUTH-19", "CLIENT-1", "CONV-17", "CONV-28", "CONV-34", "ERROR-20"})

    async def answer(self, request: Request) -> Response:
        if request.chat is None or not await self.gateway.knows(request.conversation):
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, None))
        return response.with_header(CONVERSATION, request.conversation)


class RenamesTheConversation(Mutant):
    """Returns an unknown id with the answer to a follow-up."""

    breaks = "CONV-4"

    async def answer(self, request: Request) -> Response:
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        response = await self.gateway(request)
        return response.with_header(CONVERSATION, str(uuid4())) if known else response


class NamesTheConversationOnce(Mutant):
    """Returns the header only with a conversation's first answer."""

    breaks = "CONV-4"
    also = frozenset({"CONV-1"})

    async def answer(self, request: Request) -> Response:
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        response = await self.gateway(request)
        return response.with_header(CONVERSATION, None) if known else response


class _Replays(Mutant):
    """Prepends the older user messages of a request to the newest one."""

    @staticmethod
    def replayed(request: Request) -> Request:
        """The request with all user messages in the newest one."""
        question = request.chat
        if question is None or not (newest := newest_user_message(question)):
            return request
        users = [message for message in question["messages"] if message.get("role") == "user"]
        if all(isinstance(message.get("content"), str) for message in users):
            newest["content"] = "\n".join(message["content"] for message in users)
        return request.with_json(question)


class ReplaysTheHistory(_Replays):
    """Passes all resent user messages of a follow-up to the agent."""

    breaks = "CONV-5"
    always = "Passes all user messages of every request to the agent."

    def concerns(self, request: Request) -> bool:
        return request.conversation is not None

    async def answer(self, request: Request) -> Response:
        return await self.gateway(self.replayed(request) if self.concerns(request) else request)


class PlaysResentTurnsAgain(Mutant):
    """Plays each resent user message as a turn before the newest one."""

    breaks = "CONV-5"

    async def answer(self, request: Request) -> Response:
        question = request.chat
        if question is not None and request.conversation and newest_user_message(question):
            users = [message for message in question["messages"] if message.get("role") == "user"]
            for message in users[:-1]:
                await self.gateway(request.with_json({**question, "messages": [message]}))
        return await self.gateway(request)


class RemindsTheAgentOfItsAnswers(Mutant):
    """Passes resent assistant messages of a follow-up to the agent."""

    breaks = "CONV-5"
    always = "Passes all assistant messages of every request to the agent."

    def concerns(self, request: Request) -> bool:
        return request.conversation is not None

    async def answer(self, request: Request) -> Response:
        question = request.chat
        if question is None or not self.concerns(request) or not isinstance(_content(question), str):
            return await self.gateway(request)
        answers = [message.get("content") for message in question["messages"] if message.get("role") == "assistant"]
        newest = newest_user_message(question)
        newest["content"] = "".join(f"(You said: {each})\n" for each in answers) + newest["content"]
        return await self.gateway(request.with_json(question))


class BelievesTheHistory(_Replays):
    """Replays the history of a request without the header as a conversation."""

    breaks = "CONV-6"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(request if request.conversation else self.replayed(request))


class MakesInstructionsOfTheHistory(SpoilsQuestions):
    """Puts the messages before the newest one of a first request into the agent's instructions."""

    breaks = "CONV-6"

    def spoil(self, question: dict[str, Any]) -> None:
        messages = question["messages"]
        before = [message for message in messages[:-1] if message.get("role") in {"user", "assistant"}]
        if before and isinstance(_content(question), str):
            history = "\n".join(f"{message['role']}: {message.get('content')}" for message in before)
            messages.insert(0, {"role": "system", "content": history})


class HasOtherIdsInside(Mutant):
    """Has internal conversation ids other than those that it returns."""

    breaks = "CONV-7"
    also = frozenset({"CONV-8", "CONV-14", "CONV-33", "CONV-34"})

    async def answer(self, request: Request) -> Response:
        if request.is_for("GET", NATIVE):
            return refusal(404, "Conversation not found")
        return await self.gateway(request)


class ShowsAnotherId(SpoilsAnswers):
    """Shows a conversation with another id than the requested one."""

    breaks = "CONV-7"
    method, path = "GET", NATIVE + "[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        body["id"] = str(uuid4())


class CountsNoCost(SpoilsAnswers):
    """Leaves the cost out of a conversation."""

    breaks = "CONV-8"
    method, path = "GET", NATIVE + "[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        del body["stats"]


class CostsAreText(SpoilsAnswers):
    """Writes the cost of a conversation with a currency."""

    breaks = "CONV-8"
    method, path = "GET", NATIVE + "[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        for metrics in body["stats"]["usage_to_metrics"].values():
            metrics["accumulated_cost"] = "$0.00"


class ForgetsNothing(Mutant):
    """Reports a conversation as deleted, but keeps it."""

    breaks = "CONV-9"

    async def answer(self, request: Request) -> Response:
        if request.is_for("DELETE", NATIVE):
            shown = await self.gateway(replace(request, method="GET"))
            return shown.with_json({"success": True}) if shown.status == 200 else shown
        return await self.gateway(request)


@dataclass
class HidesWhatItDeletes(ForgetsNothing):
    """Hides a deleted conversation, but continues it in a chat."""

    breaks = "CONV-9"
    _hidden: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        deletes = request.is_for("DELETE", NATIVE)
        if request.path in self._hidden and not deletes:
            return refusal(404, "Conversation not found")
        response = await super().answer(request)
        if deletes and response.status == 200:
            self._hidden.add(request.path)
        return response


class KeepsOneTurn(SpoilsAnswers):
    """Drops the events of earlier turns."""

    breaks = "CONV-14"
    method, path = "GET", NATIVE + "[^/]+/events/search"

    def spoil(self, body: dict[str, Any]) -> None:
        turns = [index for index, event in enumerate(body["items"]) if event["source"] == "user"]
        body["items"] = body["items"][turns[-1] :]


class TidiesUpAfterEachTurn(SpoilsAnswers):
    """Gives each turn an empty workspace, without the files of earlier turns."""

    breaks = "CONV-15"
    from_the_turn = 2
    method, path = "GET", NATIVE + "[^/]+/events/search"

    def spoil(self, body: dict[str, Any]) -> None:
        turns = 0
        for event in body["items"]:
            turns += event["source"] == "user"
            if turns >= self.from_the_turn and event["kind"] == "ObservationEvent":
                event["observation"]["content"] = [{"type": "text", "text": "No such file or directory"}]


class HasNoWorkspace(TidiesUpAfterEachTurn):
    """Finds no file in any turn."""

    breaks = "CONV-15"
    gross = True
    from_the_turn = 1


class StartsAThirdConversation(Mutant):
    """Starts a new conversation if the header comes twice with different values."""

    breaks = "CONV-26"

    def forwarded(self, request: Request) -> Request:
        several = len(_named(request)) > 1
        return request.with_header(CONVERSATION, None) if several else request


class BreaksOnTwoIds(Mutant):
    """Answers 500 to two different ids."""

    breaks = "CONV-26"

    async def answer(self, request: Request) -> Response:
        several = len(_named(request)) > 1
        return refusal(500, "too many values to unpack") if several else await self.gateway(request)


@dataclass
class UserIsTheConversation(Mutant):
    """Continues, without the header, the last conversation of the same `user`."""

    breaks = "CONV-2"
    _of_user: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        user = (request.chat or {}).get("user")
        if not isinstance(user, str) or request.conversation is not None:
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, self._of_user.get(user)))
        if response.status == 200:
            self._of_user[user] = response.headers[CONVERSATION]
        return response
