"""Mutants of memory: gateways whose conversations forget, or know what other conversations said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from harness.mutants.exchange import CONVERSATION, Request, Response, Turn, refusal
from harness.mutants.mutant import MODEL, Mutant, Retells, newest_user_message

_RECORDS = "/api/conversations/"
_ANOTHER_MODEL = refusal(409, "this conversation has another model")


@dataclass
class RemembersEveryone(Retells):
    """Answers a new conversation from the user messages of all others."""

    breaks = "CONV-2"
    _messages: list[str] = field(default_factory=list)

    async def retell(self, turn: Turn) -> None:
        if turn.request.conversation:
            return
        if "I have not been told" in turn.message["content"]:
            turn.message["content"] = "Some users said: " + " ".join(self._messages)
        self._messages.append(str(newest_user_message(turn.question).get("content")))


@dataclass
class InstructsEveryone(Retells):
    """Answers a new conversation from the instructions of all others."""

    breaks = "CONV-2"
    _instructions: list[str] = field(default_factory=list)

    async def retell(self, turn: Turn) -> None:
        if turn.request.conversation:
            return
        if "I have no instruction word" in turn.message["content"]:
            turn.message["content"] = "Some were told: " + " ".join(self._instructions)
        system = [message for message in turn.question["messages"] if message.get("role") == "system"]
        self._instructions += [str(message["content"]) for message in system]


@dataclass
class _Diverts(Mutant):
    """Answers some requests from another conversation than the named one."""

    _instead: dict[str, str] = field(default_factory=dict)

    async def diverted(self, request: Request, *, anew: bool = False) -> Response:
        """The answer of the conversation that replaces the named one, from now on a fresh one if `anew`."""
        named = request.conversation
        if named is None or request.chat is None:
            return await self.gateway(request)
        inside = None if anew else self._instead.get(named, named)
        response = await self.gateway(request.with_header(CONVERSATION, inside))
        if inside == named:
            return response
        self._instead[named] = response.headers.get(CONVERSATION, named)
        return response.with_header(CONVERSATION, named)


class StartsAnewOnInstructions(_Diverts):
    """Starts a new conversation at each system message."""

    breaks = "CONV-3"

    async def answer(self, request: Request) -> Response:
        roles = {message.get("role") for message in (request.chat or {"messages": []})["messages"]}
        return await self.diverted(request, anew="system" in roles and await self.gateway.knows(request.conversation))


@dataclass
class ForgetsTheBeginning(_Diverts):
    """Resets a conversation after four turns, under its old id."""

    breaks = "CONV-17"
    turns = 4
    _turns: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: Request) -> Response:
        response = await self.diverted(request, anew=self._turns[request.conversation or ""] == self.turns)
        if request.chat is not None and response.status == 200:
            self._turns[response.headers[CONVERSATION]] += 1
        return response


@dataclass
class HasEnoughAfterFourTurns(Mutant):
    """Refuses the fifth turn of a conversation."""

    breaks = "CONV-17"
    turns = 4
    _turns: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: Request) -> Response:
        if request.chat is not None and self._turns[request.conversation or ""] == self.turns:
            return refusal(400, "this conversation is too long")
        response = await self.gateway(request)
        if request.chat is not None and response.status == 200:
            self._turns[response.headers[CONVERSATION]] += 1
        return response


class InstructsForOneTurn(Mutant):
    """Forgets a conversation's instructions after its first turn."""

    breaks = "CONV-18"

    async def answer(self, request: Request) -> Response:
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        response = await self.gateway(request)
        if known and response.status == 200 and b"instruction word" in request.body:
            completion = response.json
            completion["choices"][0]["message"]["content"] = "I have no instruction word."
            return response.with_json(completion)
        return response


class PutsInstructionsBeforeTheQuestion(Mutant):
    """Prepends the system messages of a follow-up to the user message."""

    breaks = "CONV-19"

    async def answer(self, request: Request) -> Response:
        question = request.chat
        if question is None or not await self.gateway.knows(request.conversation):
            return await self.gateway(request)
        instructions = [message["content"] for message in question["messages"] if message.get("role") == "system"]
        if instructions:
            newest = newest_user_message(question)
            newest["content"] = "\n".join([*instructions, newest["content"]])
        return await self.gateway(request.with_json(question))


@dataclass
class LosesWhatItRefused(Mutant):
    """Answers the request after a refused follow-up in another conversation, under the same id."""

    breaks = "CONV-20"
    _lost: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        named = request.conversation
        if request.chat is None or named is None:
            return await self.gateway(request)
        if named in self._lost:
            self._lost.remove(named)
            return (await self.gateway(request.with_header(CONVERSATION, None))).with_header(CONVERSATION, named)
        response = await self.gateway(request)
        if response.status in {400, 404, 422} and await self.gateway.knows(named):
            self._lost.add(named)
        return response


@dataclass
class DeletesItsTwins(Mutant):
    """Deletes with a conversation all that were told the same code word first."""

    breaks = "CONV-34"
    _told: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        content = newest_user_message(request.chat or {"messages": []}).get("content")
        if request.conversation is None and isinstance(content, str) and content.startswith("The code word is"):
            self._told[response.headers.get(CONVERSATION, "")] = content
        if request.is_for("DELETE", _RECORDS) and (told := self._told.get(request.path.removeprefix(_RECORDS))):
            for twin in [name for name, first in self._told.items() if first == told]:
                await self.gateway.ask("DELETE", _RECORDS + twin)
        return response


class NotesWhatItRefuses(Mutant):
    """Adds a follow-up to the conversation before it refuses it."""

    breaks = "CONV-20"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        question = request.chat
        noted = question is not None and response.status in {400, 404, 422} and question.get("stream") is not True
        if noted and await self.gateway.knows(request.conversation):
            message = {"role": "user", "content": "Reply with exactly: noted"}
            await self.gateway(request.with_json({"model": MODEL, "messages": [message]}))
        return response


@dataclass
class FailsForGood(_Diverts):
    """Resets a conversation after a failed turn, under its old id."""

    breaks = "CONV-21"
    _failed: set[str | None] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        response = await self.diverted(request, anew=request.conversation in self._failed)
        self._failed.discard(request.conversation)
        if response.status >= 500 and request.conversation:
            self._failed.add(request.conversation)
        return response


@dataclass
class KeepsConversationsInMemory(_Diverts):
    """Forgets the content of its conversations in a restart, but not their ids."""

    breaks = "CONV-25"
    _held: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        if request.chat is None:
            response = await self.gateway(request)
            if request.method == "POST" and request.path == "/api/conversations":
                self._held.add(response.json.get("id"))
            return response
        lost = request.conversation not in self._held and await self.gateway.knows(request.conversation)
        response = await (self.recalled(request) if lost else self.diverted(request))
        self._held |= {value for name, value in response.headers.items() if name == CONVERSATION}
        return response

    async def recalled(self, request: Request) -> Response:
        """The answer to a request whose conversation is not in memory."""
        return await self.diverted(request, anew=True)


class WritesEachTurnWithTheNext(KeepsConversationsInMemory):
    """Forgets the last turn of each conversation in a restart."""

    breaks = "CONV-25"

    async def recalled(self, request: Request) -> Response:
        events = await self.gateway.events(request.conversation, "MessageEvent")
        texts = [event["llm_message"]["content"][0]["text"] for event in events if event["source"] == "user"]
        for number, text in enumerate(texts[:-1]):
            turn = {"model": MODEL, "messages": [{"role": "user", "content": text}]}
            await self.diverted(request.with_json(turn), anew=number == 0)
        return await self.diverted(request)


@dataclass
class IsBoundToAModel(Mutant):
    """Refuses to continue a conversation with another model."""

    breaks = "CONV-27"
    _models: dict[str | None, Any] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if (question := request.chat) is None:
            return await self.gateway(request)
        model = question.get("model")
        if self._models.get(request.conversation, model) != model and await self._exists(model):
            return _ANOTHER_MODEL
        response = await self.gateway(request)
        if response.status == 200:
            self._models.setdefault(response.headers[CONVERSATION], model)
        return response

    async def _exists(self, model: object) -> bool:
        listed = await self.gateway.ask("GET", "/v1/models")
        return any(each["id"] == model for each in listed.json["data"])


class KeepsAConversationPerModel(IsBoundToAModel):
    """Starts another conversation if a follow-up names another model."""

    breaks = "CONV-27"

    async def answer(self, request: Request) -> Response:
        response = await super().answer(request)
        if response is _ANOTHER_MODEL:
            response = await self.gateway(request.with_header(CONVERSATION, None))
        return response


class RemembersTenMessages(ForgetsTheBeginning):
    """Sends the model only the last ten messages, so that the seventh turn doesn't know the first."""

    breaks = "CONV-17"
    turns = 6


@dataclass
class HasHeardThatBefore(Retells):
    """Repeats the last answer to a repeated message."""

    breaks = "CONV-17"
    _last: dict[str, tuple[object, str]] = field(default_factory=dict)

    async def retell(self, turn: Turn) -> None:
        asked, message = newest_user_message(turn.question).get("content"), turn.message
        last_asked, last_answer = self._last.get(turn.conversation, (None, ""))
        if asked == last_asked:
            message["content"] = last_answer
        self._last[turn.conversation] = asked, message["content"]


class ForgetsEachTurn(ForgetsTheBeginning):
    """Resets a conversation after every turn, under its old id."""

    breaks = "CONV-17"
    gross = True
    turns = 1

    async def answer(self, request: Request) -> Response:
        self._turns[request.conversation or ""] = 1
        return await super().answer(request)


class HasEnoughAfterOneTurn(HasEnoughAfterFourTurns):
    """Refuses every follow-up."""

    breaks = "CONV-3"
    gross = True
    turns = 1


@dataclass
class HasOneConversation(Mutant):
    """Continues one conversation with every request, whatever the header."""

    breaks = "CONV-2"
    gross = True
    _conversation: str | None = None

    async def answer(self, request: Request) -> Response:
        if request.chat is None:
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, self._conversation))
        self._conversation = self._conversation or response.headers.get(CONVERSATION)
        return response


class IgnoresTheHeader(Mutant):
    """Starts another conversation with every request."""

    breaks = "CONV-3"
    gross = True

    def forwarded(self, request: Request) -> Request:
        return request.with_header(CONVERSATION, None)


class NamesAnotherEachTime(Mutant):
    """Returns an unknown id with every answer."""

    breaks = "CONV-4"
    gross = True

    def returned(self, request: Request, response: Response) -> Response:
        answered = request.chat is not None and response.status == 200
        return response.with_header(CONVERSATION, str(uuid4())) if answered else response


class RefusesTheHeader(Mutant):
    """Refuses every request with a conversation header."""

    breaks = "CONV-3"
    gross = True

    async def answer(self, request: Request) -> Response:
        return refusal(400, "unknown header") if request.conversation else await self.gateway(request)


class IdsAreNoUuids(Mutant):
    """Has conversation ids that are no UUIDs."""

    breaks = "CONV-1"
    gross = True
    _prefix = "conv_"

    def forwarded(self, request: Request) -> Request:
        named = (request.conversation or "").removeprefix(self._prefix)
        return request.with_header(CONVERSATION, named) if named else request

    def returned(self, request: Request, response: Response) -> Response:
        named = response.headers.get(CONVERSATION)
        return response.with_header(CONVERSATION, f"{self._prefix}{named}") if named else response
