"""`stream`: gateways that stream what they should refuse, refuse what they should answer, or stream it wrongly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, SpoilsQuestions


class _Streams(Mutant):
    """Speaks as released servers do, and changes the events of a stream."""

    dialect = Dialect.AGENT_SERVER

    def spoil(self, chunks: list[Any]) -> None:
        """Change the chunks in place; the end is not among them."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            return response
        chunks = [json.loads(line.removeprefix("data: ")) for line in response.body.decode().split("\n\n")[:-2]]
        self.spoil(chunks)
        events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
        return replace(response, body=f"{events}data: [DONE]\n\n".encode())


class OverlooksTheField(SpoilsQuestions):
    """Answers at once when it is asked to stream."""

    breaks = "STREAM-1"

    def spoil(self, question: dict[str, Any]) -> None:
        question.pop("stream", None)


class StreamingIsUnprocessable(Mutant):
    """Refuses to stream with 422."""

    breaks = "STREAM-1"

    async def answer(self, request: Request) -> Response:
        streamed = request.chat is not None and request.chat.get("stream") is True
        return refusal(422, "stream is not supported") if streamed else await self.gateway(request)


class NoticesStreamingTooLate(Mutant):
    """Refuses to stream when the agent is done."""

    breaks = "STREAM-2"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is not None and response.status == 400 and question.pop("stream", False):
            await self.gateway(request.with_json(question))
        return response


class NamesWhatItRefused(Mutant):
    """Gives a refused stream the header of a conversation."""

    breaks = "STREAM-2"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        refused = response.status == 400 and (request.chat or {}).get("stream") is True
        return response.with_header(CONVERSATION, "00000000-0000-4000-8000-000000000000") if refused else response


class RefusesWithoutAReason(Mutant):
    """Refuses to stream and doesn't say why."""

    breaks = "STREAM-3"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        refused = response.status == 400 and (request.chat or {}).get("stream") is True
        return refusal(400, "Bad request") if refused else response


class AlwaysStreams(SpoilsQuestions):
    """Streams as soon as the field is there, whatever it says."""

    breaks = "STREAM-4"
    dialect = Dialect.AGENT_SERVER

    def spoil(self, question: dict[str, Any]) -> None:
        if question.get("stream") is False:
            question["stream"] = True


class NullIsNoBoolean(Mutant):
    """Refuses `stream` null, as released servers do."""

    breaks = "STREAM-5"

    async def answer(self, request: Request) -> Response:
        if request.chat is not None and request.chat.get("stream", False) is None:
            return refusal(422, "stream: not a boolean")
        return await self.gateway(request)


class NeverDone(Mutant):
    """Ends a stream without `[DONE]`, so that a client can't tell it from a broken one."""

    breaks = "STREAM-6"
    dialect = Dialect.AGENT_SERVER

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return replace(response, body=response.body.replace(b"data: [DONE]\n\n", b""))


class ChunksAreCompletions(_Streams):
    """Calls its chunks completions."""

    breaks = "STREAM-6"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            chunk["object"] = "chat.completion"


class ChunksHaveNoRole(_Streams):
    """Leaves out whose message is streamed."""

    breaks = "STREAM-7"

    def spoil(self, chunks: list[Any]) -> None:
        chunks[0]["choices"][0]["delta"] = {"content": ""}


class StreamsItsProgress(_Streams):
    """Streams what it is doing, and not what it has to say."""

    breaks = "STREAM-7"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                if "content" in choice["delta"]:
                    choice["delta"]["content"] = "Done."


class NeverSaysWhyItEnds(_Streams):
    """Gives no finish reason."""

    breaks = "STREAM-8"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                choice.pop("finish_reason", None)


class EveryChunkIsTheLast(_Streams):
    """Gives every chunk a finish reason."""

    breaks = "STREAM-8"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                choice["finish_reason"] = "stop"


class KeepsUsageToItself(SpoilsQuestions):
    """Takes no notice of `stream_options`."""

    breaks = "STREAM-9"
    dialect = Dialect.AGENT_SERVER

    def spoil(self, question: dict[str, Any]) -> None:
        question.pop("stream_options", None)


class TellsUsageUnasked(_Streams):
    """Puts usage into the chunk with the finish reason, asked or not."""

    breaks = "STREAM-9"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            if any("finish_reason" in choice for choice in chunk["choices"]):
                chunk["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


class StreamsHaveNoHeader(Mutant):
    """Leaves the conversation header out of streamed answers."""

    breaks = "STREAM-10"
    dialect = Dialect.AGENT_SERVER

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        streamed = response.headers.get("content-type", "").startswith("text/event-stream")
        return response.with_header(CONVERSATION, None) if streamed else response


class StreamsStartAnew(Mutant):
    """Starts another conversation for every stream."""

    breaks = "STREAM-10"
    dialect = Dialect.AGENT_SERVER

    async def answer(self, request: Request) -> Response:
        streamed = request.chat is not None and request.chat.get("stream") is True
        return await self.gateway(request.with_header(CONVERSATION, None) if streamed else request)


class StreamsItsRefusals(Mutant):
    """Says 200 to every streaming request, and what is wrong in an event."""

    breaks = "STREAM-11"
    dialect = Dialect.AGENT_SERVER

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        streamed = request.chat is not None and request.chat.get("stream") is True
        if streamed and response.status != 200:
            events = b"data: " + response.body + b"\n\ndata: [DONE]\n\n"
            return Response(200, {"content-type": "text/event-stream"}, events)
        return response
