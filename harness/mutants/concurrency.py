"""Mutants of concurrency: gateways that handle requests well one at a time, and mix up concurrent ones."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, newest_user_message

if TYPE_CHECKING:
    from collections.abc import Hashable

type Running = asyncio.Task[Response]

# Long enough for concurrent requests to overlap, also on a busy machine.
_A_MOMENT = 0.3
# Longer than the gap between them, and shorter than a client's timeout.
_LONG = 0.7


@dataclass
class AnswersOneAtATime(Mutant):
    """Lets every request wait until the one before it is answered."""

    breaks = "HTTP-20"
    also = frozenset({"ERROR-20"})
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, request: Request) -> Response:
        async with self._turn:
            return await self.gateway(request)


@dataclass
class TakesTwinsForOne(Mutant):
    """Gives concurrent requests for slow answers that begin alike one answer, from one conversation."""

    breaks = "CONV-16"
    also = frozenset({"CHAT-12"})
    _running: dict[Hashable, Running] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        content = newest_user_message(request.chat or {"messages": []}).get("content")
        if not isinstance(content, str) or not content.startswith("The code word is") or "[[delay" not in content:
            return await self.gateway(request)
        twins = (request.conversation, content[: len("The code word is abcdefgh")])
        if twins not in self._running:
            self._running[twins] = asyncio.create_task(self._answered(request))
        task = self._running[twins]
        response = await task
        self._running.pop(twins, None)
        return response

    async def _answered(self, request: Request) -> Response:
        await asyncio.sleep(_A_MOMENT)
        return await self.gateway(request)


@dataclass
class LastComeFirstServed(Mutant):
    """Gives a slow answer, when several to code words are awaited, to the latest of the other requests."""

    breaks = "CONV-16"
    always = "Gives every answer, when several are awaited, to the latest of the other requests."
    _waiting: list[asyncio.Future[Response]] = field(default_factory=list)

    def concerns(self, request: Request) -> bool:
        return request.conversation is None and b"The code word is" in request.body and b"[[delay" in request.body

    async def answer(self, request: Request) -> Response:
        if request.chat is None or not self.concerns(request):
            return await self.gateway(request)
        mine: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        response = await self.gateway(request)
        others = [each for each in self._waiting if each is not mine]
        another = others[-1] if others else mine  # whichever answer comes first, or the swap would hang on chance
        self._waiting.remove(another)
        another.set_result(response)
        return await mine


@dataclass
class _KnowsWhatRuns(Mutant):
    """Remembers the running turn of each conversation."""

    _running: dict[str, tuple[float, bool, Running]] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)

    def clash(self, *, first: bool, since: float) -> bool:
        """Whether a request clashes with a turn that has run for `since` seconds."""
        raise NotImplementedError

    async def clashed(self, running: Running) -> Response:
        """The answer to a request that clashes with a turn."""
        return await asyncio.shield(running)

    async def answer(self, request: Request) -> Response:
        conversation = request.conversation
        if request.chat is None or conversation is None:
            response = await self.gateway(request)
            self._begun |= {value for name, value in response.headers.items() if name == CONVERSATION}
            return response
        if conversation in self._running:
            began, first, turn = self._running[conversation]
            if self.clash(first=first, since=time.monotonic() - began):
                return await self.clashed(turn)
            return await self.gateway(request)
        turn = asyncio.create_task(self._turn(request))
        self._running[conversation] = (time.monotonic(), conversation not in self._begun, turn)
        return await turn

    async def _turn(self, request: Request) -> Response:
        await asyncio.sleep(_A_MOMENT)
        response = await self.gateway(request)
        self._running.pop(request.conversation or "", None)
        self._begun.add(request.conversation or "")
        return response


class MergesFirstTurns(_KnowsWhatRuns):
    """Gives two concurrent requests that start a conversation one answer, as released servers up to 1.46 do."""

    breaks = "CONV-22"
    also = frozenset({"CHAT-12"})

    def clash(self, *, first: bool, since: float) -> bool:
        return first and since < _LONG


class BreaksOnTheSecondStart(MergesFirstTurns):
    """Answers 500 to the second of two requests that start a conversation, as released servers since 1.47 do."""

    breaks = "CONV-22"
    also = frozenset()

    async def clashed(self, running: Running) -> Response:
        await asyncio.shield(running)
        return refusal(500, "Agent run ended with unexpected status: idle")


class MergesFollowUps(_KnowsWhatRuns):
    """Gives two concurrent requests that continue a conversation one answer, as released servers do."""

    breaks = "CONV-23"
    also = frozenset({"CHAT-12"})

    def clash(self, *, first: bool, since: float) -> bool:
        return not first and since < _LONG


class BreaksOnTheSecondFollowUp(MergesFollowUps):
    """Answers 500 to a follow-up while another one runs."""

    breaks = "CONV-23"
    also = frozenset()

    async def clashed(self, running: Running) -> Response:
        await asyncio.shield(running)
        return refusal(500, "database is locked")


class AnswersWhoLeft(_KnowsWhatRuns):
    """Answers a request with the answer to an earlier one whose client gave up."""

    breaks = "CONV-24"

    def clash(self, *, first: bool, since: float) -> bool:
        return since >= _LONG


class MergesAllTurns(_KnowsWhatRuns):
    """Gives all concurrent requests for a conversation one answer."""

    breaks = "CONV-23"
    gross = True

    def clash(self, *, first: bool, since: float) -> bool:
        return True
