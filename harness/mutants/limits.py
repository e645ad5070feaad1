"""Mutants of the limits of a server: how many turns it runs at once, how long it waits for one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant

BUSY, TOO_LATE = 429, 504


def _is_refused_for_capacity(request: Request, response: Response) -> bool:
    return request.chat is not None and response.status == BUSY and response.json["error"]["code"] == "no_capacity"


class WaitsForCapacity(Mutant):
    """Lets requests beyond its capacity wait for as long as it takes."""

    breaks = "ERROR-22"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not _is_refused_for_capacity(request, response):
            return response
        await asyncio.sleep(0.1)
        return await self.answer(request)


class IsBrokenWhenItIsBusy(Mutant):
    """Answers 503 to what is beyond its capacity."""

    breaks = "ERROR-22"

    def returned(self, request: Request, response: Response) -> Response:
        refused = _is_refused_for_capacity(request, response)
        return replace(response, status=503) if refused else response


class SaysNotWhenItHasTime(Mutant):
    """Refuses what is beyond its capacity with 429, and doesn't say when to try again."""

    breaks = "ERROR-19"
    where = ("errors/beyond-the-capacity",)

    def returned(self, request: Request, response: Response) -> Response:
        refused = _is_refused_for_capacity(request, response)
        return response.with_header("Retry-After", None) if refused else response


@dataclass
class ServesWhatItRefused(Mutant):
    """Serves a follow-up that it refused for lack of capacity later all the same."""

    breaks = "CONV-30"
    refused: dict[str | None, Request] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if request.chat and (earlier := self.refused.pop(request.conversation, None)):
            await self.gateway(earlier)
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        response = await self.gateway(request)
        if known and _is_refused_for_capacity(request, response):
            self.refused[request.conversation] = request
        return response


@dataclass
class BeginsWhatItRefused(Mutant):
    """Stores the conversation of a first request before it refuses it for lack of capacity."""

    breaks = "CONV-30"
    refused: dict[str | None, Request] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if earlier := self.refused.pop(request.path.removeprefix("/api/conversations/"), None):
            await self.gateway(earlier)
        response = await self.gateway(request)
        if _is_refused_for_capacity(request, response):
            self.refused[request.conversation] = request
        return response


class TimeIsNoError(Mutant):
    """Answers a turn that takes too long with the words that it goes on."""

    breaks = "ERROR-21"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat is None or response.status != TOO_LATE:
            return response
        words = request.with_json({**request.chat, "messages": [_WORDS]}).with_header(CONVERSATION, None)
        usual = await self.gateway(words)
        return usual.with_header(CONVERSATION, response.headers[CONVERSATION])


_WORDS = {"role": "user", "content": "Reply with exactly: I am still at work."}


class TimeIsToldInText(Mutant):
    """Says in plain text that a turn takes too long."""

    breaks = "ERROR-21"

    def returned(self, request: Request, response: Response) -> Response:
        if request.chat is None or response.status != TOO_LATE:
            return response
        return replace(response, body=b"stream timeout").with_header("Content-Type", "text/plain")


@dataclass
class GivesTheLateAnswer(Mutant):
    """Answers the request after a turn that took too long with that turn's text."""

    breaks = "CONV-31"
    late: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        conversation = response.headers.get(CONVERSATION, "")
        if request.chat is None or conversation not in self.late:
            if response.status == TOO_LATE:
                self.late.add(conversation)
            return response
        self.late.discard(conversation)
        said = [each for each in await self.gateway.events(conversation, "MessageEvent") if each["source"] == "agent"]
        completion = response.json
        completion["choices"][0]["message"]["content"] = said[-2]["llm_message"]["content"][0]["text"]
        return response.with_json(completion)


@dataclass
class FailsOnceMoreAfterATimeout(Mutant):
    """Answers the request after a turn that took too long with 500."""

    breaks = "CONV-31"
    late: set[str | None] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        if request.chat and request.conversation in self.late:
            self.late.discard(request.conversation)
            return refusal(500, "Agent run ended with unexpected status: running")
        response = await self.gateway(request)
        if request.chat and response.status == TOO_LATE:
            self.late.add(response.headers[CONVERSATION])
        return response
