"""Mutants that keep a promise almost everywhere: each breaks it in one cell of one dimension.

The usual request finds nothing wrong with them. They forget after a few seconds or fifteen turns, stop at a size, or
know some values of a field.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

from harness.mutants.events import Streams
from harness.mutants.exchange import CONVERSATION, Request, Response, Turn, refusal
from harness.mutants.memory import ForgetsTheBeginning
from harness.mutants.mutant import Mutant, Retells, newest_user_message

_PAGE = b"<html><head><title>413 Request Entity Too Large</title></head><body>nginx</body></html>"


class Says(Retells):
    """Changes the text of chat completions."""

    def says(self, text: str, turn: Turn) -> str:
        """The changed text."""
        raise NotImplementedError

    async def retell(self, turn: Turn) -> None:
        turn.message["content"] = self.says(turn.message["content"], turn)


# --- Sizes ---


class CutsAtEightyCharacters(Says):
    """Cuts a text after 80 characters, as a notification does."""

    breaks = "CHAT-15"
    also = frozenset({"CHAT-16", "CHAT-2", "HTTP-2"})

    def says(self, text: str, turn: Turn) -> str:
        return text[:80]


class SaysSomethingForNothing(Says):
    """Replaces an empty answer by a word of its own."""

    breaks = "CHAT-15"

    def says(self, text: str, turn: Turn) -> str:
        return text or "(no answer)"


class CutsAtHalfAMegabyte(Says):
    """Cuts a text after half a million characters."""

    breaks = "CHAT-16"

    def says(self, text: str, turn: Turn) -> str:
        return text[:500_000]


class TakesFortyKilobytes(Mutant):
    """Refuses a body of more than 40 KB."""

    breaks = "CHAT-1"
    also = frozenset({"CHAT-16", "HTTP-2", "HTTP-19"})

    async def answer(self, request: Request) -> Response:
        return refusal(413, "too large") if len(request.body) > 40_000 else await self.gateway(request)


class ShowsAPageAtAMegabyte(Mutant):
    """Refuses a body of more than a million bytes with a page, as a proxy does."""

    breaks = "HTTP-19"
    also = frozenset({"ERROR-18"})

    async def answer(self, request: Request) -> Response:
        if len(request.body) <= 1_000_000:
            return await self.gateway(request)
        return Response(413, {"content-type": "text/html"}, _PAGE)


class TakesEightMegabytes(Mutant):
    """Refuses a body of more than eight megabytes."""

    breaks = "HTTP-19"

    async def answer(self, request: Request) -> Response:
        return refusal(413, "too large") if len(request.body) > 8_000_000 else await self.gateway(request)


class TakesAHundredMessages(Mutant):
    """Refuses more than a hundred messages."""

    breaks = "CHAT-9"
    also = frozenset({"CONV-5", "CONV-6"})

    async def answer(self, request: Request) -> Response:
        many = len((request.chat or {"messages": []})["messages"]) > 100
        return refusal(400, "too many messages") if many else await self.gateway(request)


class _ReplaysLongHistories(Mutant):
    """Puts a long history in front of the newest message."""

    follow_ups: ClassVar[bool]

    async def answer(self, request: Request) -> Response:
        question = request.chat
        if question is None or bool(request.conversation) is not self.follow_ups or len(question["messages"]) <= 100:
            return await self.gateway(request)
        older = [str(message.get("content")) for message in question["messages"][:-1] if message.get("role") == "user"]
        newest = newest_user_message(question)
        newest["content"] = "\n".join([*older, str(newest.get("content"))])
        return await self.gateway(request.with_json(question))


class ReplaysLongHistories(_ReplaysLongHistories):
    """Replays the history of a follow-up when it is of more than a hundred messages."""

    breaks = "CONV-5"
    follow_ups = True


class RebuildsLongHistories(_ReplaysLongHistories):
    """Builds a conversation from the history of a first request when it is of more than a hundred messages."""

    breaks = "CONV-6"
    follow_ups = False


# --- Turns and time ---


class CompletesTextLater(Says):
    """Calls its answer a text completion, from the second turn on."""

    breaks = "CHAT-1"
    also = frozenset({"CLIENT-1"})

    async def retell(self, turn: Turn) -> None:
        if turn.request.conversation:
            turn.completion["object"] = "text_completion"


class _GivesUp(Mutant):
    """Answers 504 when the agent takes more than four seconds."""

    later: ClassVar[bool]

    async def answer(self, request: Request) -> Response:
        if request.chat is None or bool(request.conversation) is not self.later:
            return await self.gateway(request)
        turn = asyncio.ensure_future(self.gateway(request))
        done, _ = await asyncio.wait({turn}, timeout=4)
        return turn.result() if done else refusal(504, "the agent is late")


class GivesUpOnFirstTurns(_GivesUp):
    """Answers 504 when a first turn takes more than four seconds."""

    breaks = "CHAT-1"
    also = frozenset({"PROXY-3"})
    later = False


class GivesUpOnLaterTurns(_GivesUp):
    """Answers 504 when a follow-up takes more than four seconds."""

    breaks = "CONV-3"
    also = frozenset({"CONV-31"})
    later = True


@dataclass
class ForgetsAfterTwoSeconds(ForgetsTheBeginning):
    """Resets a conversation in which nothing was said for two seconds, under its old id."""

    breaks = "CONV-3"
    also = frozenset({"CONV-30"})
    seconds: ClassVar[float] = 2.5
    _last: dict[str, float] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        named, now = request.conversation, time.monotonic()
        idle = named in self._last and now - self._last[named] > self.seconds
        response = await self.diverted(request, anew=idle)
        if request.chat is not None and response.status == 200:
            self._last[response.headers[CONVERSATION]] = time.monotonic()
        return response


class ForgetsAfterTenSeconds(ForgetsAfterTwoSeconds):
    """Resets a conversation in which nothing was said for ten seconds, under its old id."""

    breaks = "CONV-3"
    also = frozenset[str]()
    seconds = 10


class ForgetsAfterFifteenTurns(ForgetsTheBeginning):
    """Resets a conversation after fifteen turns, under its old id."""

    breaks = "CONV-17"
    turns = 15


@dataclass
class NamesAnotherConversationLater(Mutant):
    """Names another conversation in the answer to the third turn."""

    breaks = "CONV-4"
    _turns: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat is None or response.status != 200:
            return response
        conversation = response.headers[CONVERSATION]
        self._turns[conversation] += 1
        third = self._turns[conversation] == 3
        return response.with_header(CONVERSATION, str(uuid4())) if third else response


@dataclass
class CountsTheFirstTurn(Mutant):
    """Shows no cost of a conversation that went on."""

    breaks = "CONV-8"
    _later: set[str | None] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat is not None and response.status == 200:
            self._later.add(request.conversation)
        shown = request.method == "GET" and re.fullmatch(r"/api/conversations/([0-9a-f-]+)", request.path)
        if not shown or response.status != 200 or shown[1] not in self._later:
            return response
        return self.hidden(response)

    def hidden(self, response: Response) -> Response:
        """What is shown of such a conversation."""
        return response.with_json({**response.json, "stats": {"usage_to_metrics": {}}})


class _LaterStreams(Streams):
    """Changes the events of a stream from the second turn on."""

    def returned(self, request: Request, response: Response) -> Response:
        return super().returned(request, response) if request.conversation else response


class RepeatsItselfInLaterStreams(_LaterStreams):
    """Streams its text twice, from the second turn on."""

    breaks = "STREAM-7"

    def spoil(self, chunks: list[Any]) -> None:
        said = [chunk for chunk in chunks if any(choice["delta"].get("content") for choice in chunk["choices"])]
        chunks[1:1] = said


class RunsOutOfTokensInLaterStreams(_LaterStreams):
    """Ends a stream with the finish reason `length`, from the second turn on."""

    breaks = "STREAM-8"

    def spoil(self, chunks: list[Any]) -> None:
        for choice in (choice for chunk in chunks for choice in chunk["choices"] if choice.get("finish_reason")):
            choice["finish_reason"] = "length"


@dataclass
class ShowsTheFirstTurn(CountsTheFirstTurn):
    """Shows no conversation that went on."""

    breaks = "CONV-7"
    also = frozenset({"CONV-33", "CONV-8"})

    def hidden(self, response: Response) -> Response:
        return refusal(404, "no such conversation")
