"""Mutants of long instructions: gateways that cut them, or have another limit than they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.gateway.settings import Dialect
from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import Mutant, SpoilsQuestions

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 32_768


def _instructions(question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The system and developer messages whose content is text."""
    for message in question["messages"]:
        if message.get("role") in {"system", "developer"} and isinstance(message.get("content"), str):
            yield message


class CutsInstructions(SpoilsQuestions):
    """Passes the first 16,384 characters of each system message to the agent."""

    breaks = "CHAT-22"

    def spoil(self, question: dict[str, Any]) -> None:
        for message in _instructions(question):
            message["content"] = message["content"][:16_384]


class CutsAtTheLimit(SpoilsQuestions):
    """Passes the first 32,768 characters of each system message to the agent, where others refuse it."""

    breaks = "CHAT-22"

    def spoil(self, question: dict[str, Any]) -> None:
        for message in _instructions(question):
            message["content"] = message["content"][:_LIMIT]


class _Limits(Mutant):
    """Speaks the `agent-server` contract, which has the limit."""

    dialect = Dialect.AGENT_SERVER


class HasNoLimit(_Limits):
    """Takes instructions of any length, as released servers up to 1.54 do."""

    breaks = "CHAT-23"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        too_long = response.status == 400 and response.json["error"]["code"] == "instructions_too_long"
        if not too_long or (question := request.chat) is None:
            return response
        told = list(_instructions(question))
        kept = {**told[-1], "content": "".join(message["content"] for message in told)[-_LIMIT:]}
        others = [message for message in question["messages"] if message not in told]
        return await self.gateway(request.with_json({**question, "messages": [kept, *others]}))


class RefusesTheLastOne(_Limits):
    """Refuses instructions of exactly 32,768 characters."""

    breaks = "CHAT-23"

    async def answer(self, request: Request) -> Response:
        lengths = [len(message["content"]) for message in _instructions(request.chat or {"messages": []})]
        return refusal(400, "too long") if sum(lengths) == _LIMIT else await self.gateway(request)


class LimitsEachMessage(_Limits, SpoilsQuestions):
    """Refuses a system message that is too long, but not several that are so together."""

    breaks = "CHAT-23"

    def spoil(self, question: dict[str, Any]) -> None:
        told = list(_instructions(question))
        if len(told) > 1 and all(len(message["content"]) <= _LIMIT for message in told):
            told[0]["content"] = told[0]["content"][: _LIMIT // 2]


class LimitsFirstTurns(_Limits, SpoilsQuestions):
    """Doesn't look at the instructions of follow-ups, since it doesn't use them."""

    breaks = "CHAT-23"

    def forwarded(self, request: Request) -> Request:
        return super().forwarded(request) if request.conversation else request

    def spoil(self, question: dict[str, Any]) -> None:
        for message in _instructions(question):
            message["content"] = message["content"][:_LIMIT]
