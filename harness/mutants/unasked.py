"""Faults in answers that no scenario's expectations look at: on follow-ups, with images, in unknown members.

Only the rules of `harness.judge.passive`, which are applied to every exchange, see them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers

from harness.gateway.settings import Dialect
from harness.mutants.events import Streams
from harness.mutants.exchange import CONVERSATION, Request, Response, Turn, again, raw
from harness.mutants.mutant import Mutant, Retells, SpoilsAnswers

_FOLLOW_UPS = ("conversation/*",)


def _follow_up(request: Request) -> bool:
    return request.chat is not None and request.conversation is not None


class _SpoilsSome(SpoilsAnswers):
    """Changes some chat completions."""

    def returned(self, request: Request, response: Response) -> Response:
        return super().returned(request, response) if self.concerns(request) else response


class _SpoilsFollowUps(_SpoilsSome):
    """Changes the chat completions of follow-ups."""

    where = _FOLLOW_UPS

    def concerns(self, request: Request) -> bool:
        return _follow_up(request)


class NamesTheConversationTwice(Mutant):
    """Sends the conversation header twice with a chat completion."""

    breaks = "CONV-1"

    def returned(self, request: Request, response: Response) -> Response:
        return again(response, CONVERSATION) if response.status == 200 and request.chat is not None else response


class NamesAnotherConversationToo(Mutant):
    """Sends a second conversation header, with another id, on follow-ups."""

    breaks = "CONV-1"
    always = "Sends a second conversation header, with another id, with every answer."
    where = ("conversation/*",)

    def concerns(self, request: Request) -> bool:
        return _follow_up(request)

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 200 or request.chat is None or not self.concerns(request):
            return response
        other = (CONVERSATION.encode(), str(uuid4()).encode())
        return replace(response, headers=Headers(raw=[*raw(response.headers), other]))


class NamesTheConversationOfAStreamTwice(Mutant):
    """Sends the conversation header twice with a stream."""

    breaks = "STREAM-10"
    dialect = Dialect.AGENT_SERVER

    def returned(self, request: Request, response: Response) -> Response:
        streamed = response.headers.get("content-type", "").startswith("text/event-stream")
        return again(response, CONVERSATION) if streamed else response


class NamesTheConversationOfAResponseTwice(Mutant):
    """Sends the conversation header twice with a response of the Responses API."""

    breaks = "RESP-5"
    dialect = Dialect.AGENT_SERVER

    def returned(self, request: Request, response: Response) -> Response:
        responded = request.is_for("POST", "/v1/responses") and response.status == 200
        return again(response, CONVERSATION) if responded else response


_CALL = {"id": "call_1", "type": "function", "function": {"name": "terminal", "arguments": "{}"}}


class CallsAToolWhenImagesCome(_SpoilsSome):
    """Returns a tool call for requests that hold an image."""

    breaks = "CHAT-4"
    always = "Returns a tool call with every answer."
    where = ("chat/image*",)

    def concerns(self, request: Request) -> bool:
        return b"image_url" in request.body

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"][0]["message"]["tool_calls"] = [_CALL]


class CallsOldFunctions(_SpoilsSome):
    """Returns a `function_call` when the client sends `functions`."""

    breaks = "FIELD-2"
    always = "Returns a `function_call` with every answer."
    also = frozenset({"FIELD-1"})
    where = ("fields/*",)

    def concerns(self, request: Request) -> bool:
        return bool((request.chat or {}).get("functions"))

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"][0]["message"]["function_call"] = _CALL["function"]


class StreamsAToolCallLater(Streams):
    """Streams a tool call in the last chunk of a follow-up."""

    breaks = "STREAM-13"
    always = "Streams a tool call in the last chunk of every stream."
    where = ("streaming/*",)

    def concerns(self, request: Request) -> bool:
        return _follow_up(request)

    def returned(self, request: Request, response: Response) -> Response:
        return super().returned(request, response) if self.concerns(request) else response

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                if choice.get("finish_reason"):
                    choice["delta"] = {**choice.get("delta", {}), "tool_calls": [{"index": 0, **_CALL}]}


class ThinksBesideTheContent(SpoilsAnswers):
    """Adds `reasoning_content` to the message, as inference servers do."""

    breaks = "CHAT-19"

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"][0]["message"]["reasoning_content"] = "The user wants me to reply."


@dataclass
class ListsItsActions(Retells):
    """Adds `agentActions` to the choice from a conversation's fifth turn on."""

    _turns: Counter[str] = field(default_factory=Counter)
    breaks = "CHAT-19"
    where = _FOLLOW_UPS
    from_the_turn = 5

    async def retell(self, turn: Turn) -> None:
        self._turns[turn.conversation] += 1
        if self._turns[turn.conversation] >= self.from_the_turn:
            turn.completion["choices"][0]["agentActions"] = [{"tool": "terminal", "command": "ls"}]


class OffersAnAlternative(_SpoilsFollowUps):
    """Returns a second choice on follow-ups."""

    breaks = "CHAT-20"
    always = "Returns a second choice with every answer."

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"].append({**body["choices"][0], "index": 1})


class EndsItsTurn(_SpoilsFollowUps):
    """Returns the finish reason `end_turn` on follow-ups."""

    breaks = "CHAT-11"
    also = frozenset({"CHAT-1", "CLIENT-1"})
    always = "Returns the finish reason `end_turn` with every answer."

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"][0]["finish_reason"] = "end_turn"


@dataclass
class NumbersItsAnswersAnew(SpoilsAnswers):
    """Reuses the ids of completions after thirty of them."""

    _count: int = 0
    breaks = "CHAT-12"
    where = ("chat/*",)

    def spoil(self, body: dict[str, Any]) -> None:
        self._count = (self._count + 1) % 30
        body["id"] = f"chatcmpl-{self._count}"


class LivesInAnotherTimeZone(SpoilsAnswers):
    """Sets `created` an hour ahead."""

    breaks = "CHAT-13"

    def spoil(self, body: dict[str, Any]) -> None:
        body["created"] += 3600


class RoundsTheTotalUp(_SpoilsFollowUps):
    """Rounds `total_tokens` up to whole thousands on follow-ups."""

    breaks = "CHAT-17"
    always = "Rounds `total_tokens` up to whole thousands in every answer."

    def spoil(self, body: dict[str, Any]) -> None:
        body["usage"]["total_tokens"] += -body["usage"]["total_tokens"] % 1000


class RoundsTheTotalOfListsUp(_SpoilsSome):
    """Rounds `total_tokens` of a response up when its input is a list."""

    breaks = "RESP-9"
    always = "Rounds `total_tokens` up in every response."
    dialect = Dialect.AGENT_SERVER
    path = "/v1/responses"
    where = ("responses/*",)

    def concerns(self, request: Request) -> bool:
        return isinstance(asked := request.json, dict) and isinstance(asked.get("input"), list)

    def spoil(self, body: dict[str, Any]) -> None:
        body["usage"]["total_tokens"] += -body["usage"]["total_tokens"] % 1000


class ListsItsActionsAtOnce(ListsItsActions):
    """Adds `agentActions` to the choice of every answer."""

    breaks = "CHAT-19"
    gross = True
    from_the_turn = 1
