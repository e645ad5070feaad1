"""Mutants of the `stream` field: gateways that stream instead of refusing, or refuse instead of answering."""

from __future__ import annotations

import json
from typing import Any

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, SpoilsQuestions


class OverlooksTheField(SpoilsQuestions):
    """Ignores `stream`, and answers without a stream."""

    breaks = "STREAM-1"

    def spoil(self, question: dict[str, Any]) -> None:
        question.pop("stream", None)


class StreamsWhatItCounts(Mutant):
    """Streams if `stream_options` is set too."""

    breaks = "STREAM-1"
    always = "Streams whenever it is asked to."

    def concerns(self, request: Request) -> bool:
        return "stream_options" in (request.chat or {})

    async def answer(self, request: Request) -> Response:
        question = request.chat
        if question is None or not request.streams or not self.concerns(request):
            return await self.gateway(request)
        response = await self.gateway(request.with_json({**question, "stream": False}))
        event = f"data: {json.dumps(response.json)}\n\ndata: [DONE]\n\n"
        return Response(200, response.with_header("content-type", "text/event-stream").headers, event.encode())


class RefusesStreamsInTheBeginning(OverlooksTheField):
    """Refuses to stream a conversation's first turn, but ignores the field in later ones."""

    breaks = "STREAM-1"

    async def answer(self, request: Request) -> Response:
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        return await (super().answer(request) if known else self.gateway(request))


class StreamsForTheBlockingClient(OverlooksTheField):
    """Ignores the field if the blocking client sends it."""

    breaks = "STREAM-1"

    def forwarded(self, request: Request) -> Request:
        blocking = request.headers.get("x-stainless-async") == "false"
        return super().forwarded(request) if blocking else request


class StreamingIsUnprocessable(Mutant):
    """Refuses to stream with 422."""

    breaks = "STREAM-1"

    def returned(self, request: Request, response: Response) -> Response:
        refused = response.status == 400 and request.streams
        return refusal(422, "stream is not supported") if refused else response


class NoticesStreamingTooLate(Mutant):
    """Refuses to stream only after the agent has run."""

    breaks = "STREAM-2"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is not None and response.status == 400 and question.pop("stream", False):
            await self.gateway(request.with_json(question))
        return response


class CountsBeforeItRefuses(NoticesStreamingTooLate):
    """Refuses to stream only after the agent has run, if `stream_options` is set."""

    breaks = "STREAM-2"

    async def answer(self, request: Request) -> Response:
        counted = "stream_options" in (request.chat or {})
        return await (super().answer(request) if counted else self.gateway(request))


class PlaysRefusedFollowUps(NoticesStreamingTooLate):
    """Refuses to stream only after the agent has run, in a follow-up."""

    breaks = "STREAM-2"

    async def answer(self, request: Request) -> Response:
        known = request.chat is not None and await self.gateway.knows(request.conversation)
        return await (super().answer(request) if known else self.gateway(request))


class NamesWhatItRefused(Mutant):
    """Returns a conversation header with a refused stream."""

    breaks = "STREAM-2"

    def returned(self, request: Request, response: Response) -> Response:
        refused = response.status == 400 and request.streams
        return response.with_header(CONVERSATION, "00000000-0000-4000-8000-000000000000") if refused else response


class RefusesWithoutAReason(Mutant):
    """Refuses to stream without a reason."""

    breaks = "STREAM-3"

    def returned(self, request: Request, response: Response) -> Response:
        refused = response.status == 400 and request.streams
        return refusal(400, "Bad request") if refused else response


class AlwaysStreams(SpoilsQuestions):
    """Streams if the field is set, even to false."""

    breaks = "STREAM-4"
    always = "Streams every answer, even if the field is absent."
    dialect = Dialect.AGENT_SERVER

    def concerns(self, request: Request) -> bool:
        return (request.chat or {}).get("stream") is False

    def forwarded(self, request: Request) -> Request:
        return super().forwarded(request) if self.concerns(request) else request

    def spoil(self, question: dict[str, Any]) -> None:
        question["stream"] = True


class NullIsNoBoolean(Mutant):
    """Refuses `stream` null, as released servers do."""

    breaks = "STREAM-5"

    async def answer(self, request: Request) -> Response:
        if request.chat is not None and request.chat.get("stream", False) is None:
            return refusal(422, "stream: not a boolean")
        return await self.gateway(request)


class NeverStreams(OverlooksTheField):
    """Answers every streaming request without a stream."""

    breaks = "STREAM-6"
    dialect = Dialect.AGENT_SERVER
    gross = True


class StreamsAreRefused(Mutant):
    """Answers 500 to every streaming request."""

    breaks = "STREAM-6"
    dialect = Dialect.AGENT_SERVER
    gross = True

    async def answer(self, request: Request) -> Response:
        return refusal(500, "no streams") if request.streams else await self.gateway(request)


class StreamsEveryAnswer(Mutant):
    """Sends every answer as a stream, asked or not."""

    breaks = "CHAT-1"
    gross = True

    def returned(self, request: Request, response: Response) -> Response:
        if request.chat is None or response.status != 200:
            return response
        event = f"data: {json.dumps(response.json)}\n\ndata: [DONE]\n\n"
        return Response(200, response.with_header("content-type", "text/event-stream").headers, event.encode())
