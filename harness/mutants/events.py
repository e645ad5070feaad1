"""Mutants of a streamed answer: gateways that compose it wrongly, omit its end, or reveal internals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CONVERSATION, Request, Response
from harness.mutants.mutant import Mutant, SpoilsQuestions


class Streams(Mutant):
    """Speaks the `agent-server` contract, and changes the events of a stream."""

    dialect = Dialect.AGENT_SERVER

    def spoil(self, chunks: list[Any]) -> None:
        """Change the chunks, without `[DONE]`, in place."""
        raise NotImplementedError

    def returned(self, request: Request, response: Response) -> Response:
        if not response.is_stream:
            return response
        chunks = [json.loads(line.removeprefix("data: ")) for line in response.body.decode().split("\n\n")[:-2]]
        self.spoil(chunks)
        events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
        return replace(response, body=f"{events}data: [DONE]\n\n".encode())


class NeverDone(Mutant):
    """Ends a stream without `[DONE]`, as if it were broken off."""

    breaks = "STREAM-6"
    dialect = Dialect.AGENT_SERVER
    longer_than = 0

    def returned(self, request: Request, response: Response) -> Response:
        if len(response.body) <= self.longer_than:
            return response
        return replace(response, body=response.body.replace(b"data: [DONE]\n\n", b""))


class EndsTwice(Mutant):
    """Sends `[DONE]` twice."""

    breaks = "STREAM-6"
    dialect = Dialect.AGENT_SERVER

    def returned(self, request: Request, response: Response) -> Response:
        done = b"data: [DONE]\n\n"
        return replace(response, body=response.body.removesuffix(done) + 2 * done * response.body.endswith(done))


class ChunksAreCompletions(Streams):
    """Sends chunks with the object `chat.completion`."""

    breaks = "STREAM-6"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            chunk["object"] = "chat.completion"


class ChunksHaveNoRole(Streams):
    """Leaves the role out of a stream."""

    breaks = "STREAM-7"

    def spoil(self, chunks: list[Any]) -> None:
        chunks[0]["choices"][0]["delta"] = {"content": ""}


class StreamsItsProgress(Streams):
    """Streams progress messages instead of the answer."""

    breaks = "STREAM-7"
    also = frozenset({"STREAM-6", "STREAM-15"})

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                if "content" in choice["delta"]:
                    choice["delta"]["content"] = "Done."


class SumsUp(Streams):
    """Repeats the whole text in the last chunk."""

    breaks = "STREAM-7"
    also = frozenset({"STREAM-15"})

    def spoil(self, chunks: list[Any]) -> None:
        last = next(chunk for chunk in chunks if any("finish_reason" in choice for choice in chunk["choices"]))
        last["choices"][0]["delta"] = chunks[1]["choices"][0]["delta"]


class NeverSaysWhyItEnds(Streams):
    """Gives no finish reason."""

    breaks = "STREAM-8"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                choice.pop("finish_reason", None)


class EveryChunkIsTheLast(Streams):
    """Gives every chunk a finish reason."""

    breaks = "STREAM-8"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                choice["finish_reason"] = "stop"


class KeepsUsageToItself(SpoilsQuestions):
    """Ignores `stream_options`."""

    breaks = "STREAM-9"
    dialect = Dialect.AGENT_SERVER

    def spoil(self, question: dict[str, Any]) -> None:
        question.pop("stream_options", None)


class TellsUsageUnasked(Streams):
    """Sends usage with the finish reason, requested or not."""

    breaks = "STREAM-9"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            if any("finish_reason" in choice for choice in chunk["choices"]):
                chunk["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


class TellsUsageForAnyOptions(SpoilsQuestions):
    """Sends usage with any `stream_options`."""

    breaks = "STREAM-9"
    dialect = Dialect.AGENT_SERVER

    def spoil(self, question: dict[str, Any]) -> None:
        if "stream_options" in question:
            question["stream_options"] = {"include_usage": True}


class TellsUsageAtTheEnd(Streams):
    """Sends requested usage with the finish reason, not in its own chunk."""

    breaks = "STREAM-9"

    def spoil(self, chunks: list[Any]) -> None:
        if "usage" in chunks[-1]:
            last = chunks.pop()
            chunks[-1]["usage"] = last["usage"]


class StreamsHaveNoHeader(Mutant):
    """Leaves the conversation header out of streamed answers."""

    breaks = "STREAM-10"
    dialect = Dialect.AGENT_SERVER

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_header(CONVERSATION, None) if response.is_stream else response


class StreamsStartAnew(Mutant):
    """Starts another conversation for every stream."""

    breaks = "STREAM-10"
    dialect = Dialect.AGENT_SERVER

    def forwarded(self, request: Request) -> Request:
        return request.with_header(CONVERSATION, None) if request.streams else request


class StreamsItsRefusals(Mutant):
    """Answers refused streaming requests with 200 and an error event."""

    breaks = "STREAM-11"
    also = frozenset({"MODEL-4", "STREAM-10"})
    dialect = Dialect.AGENT_SERVER
    statuses = frozenset(range(400, 500)) - {401}

    def returned(self, request: Request, response: Response) -> Response:
        if not request.streams or response.status not in self.statuses:
            return response
        events = b"data: " + response.body + b"\n\ndata: [DONE]\n\n"
        return Response(200, {"content-type": "text/event-stream"}, events)


class StreamsItsErrors(StreamsItsRefusals):
    """Answers every streaming request that is refused or fails with 200 and an error event."""

    breaks = "STREAM-11"
    gross = True
    statuses = frozenset(range(400, 600))


class StreamsItsFailures(StreamsItsRefusals):
    """Answers a streaming request whose turn fails with 200 and an error event."""

    breaks = "STREAM-16"
    also = frozenset({"STREAM-10"})
    statuses = frozenset(range(500, 600))


class NumbersItsChunks(Streams):
    """Gives every chunk a different id."""

    breaks = "STREAM-12"

    def spoil(self, chunks: list[Any]) -> None:
        for number, chunk in enumerate(chunks):
            chunk["id"] += f"-{number}"


class UsageIsAnAnswerOfItsOwn(Streams):
    """Gives the chunk with the usage another id."""

    breaks = "STREAM-12"

    def spoil(self, chunks: list[Any]) -> None:
        if "usage" in chunks[-1]:
            chunks[-1]["id"] = "chatcmpl-usage"


class TimesItsChunks(Streams):
    """Gives every chunk its own creation time."""

    breaks = "STREAM-12"

    def spoil(self, chunks: list[Any]) -> None:
        for number, chunk in enumerate(chunks):
            chunk["created"] += number


class StreamsTheModelBehind(Streams):
    """Names the agent's language model in its chunks."""

    breaks = "STREAM-12"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            chunk["model"] = "openai/scripted"


class StreamsItsTools(Streams):
    """Streams the agent's own tool calls."""

    breaks = "STREAM-13"

    async def answer(self, request: Request) -> Response:
        response = await super().answer(request)
        if not response.is_stream:
            return response
        actions = await self.gateway.events(response.headers[CONVERSATION], "ActionEvent")
        called = [
            {"index": index, "function": {"name": action["tool_name"]}}
            for index, action in enumerate(actions)
            if action["tool_name"] != "finish"
        ]
        role, rest = response.body.split(b"\n\n", 1)
        chunk = json.loads(role.removeprefix(b"data: "))
        chunk["choices"][0]["delta"]["tool_calls"] = called
        return replace(response, body=b"data: " + json.dumps(chunk).encode() + b"\n\n" + rest) if called else response

    def spoil(self, chunks: list[Any]) -> None:
        """Change nothing: the tool calls come from the agent's events."""


class _Pieces(Streams):
    """Streams the text piece by piece."""

    def pieces(self, text: str) -> list[str]:
        """The pieces of a text."""
        raise NotImplementedError

    def spoil(self, chunks: list[Any]) -> None:
        delta = chunks[1]["choices"][0]["delta"]
        if "content" in delta:
            chunks[1:2] = [
                {**chunks[1], "choices": [{"index": 0, "delta": {"content": piece}}]}
                for piece in self.pieces(delta["content"])
            ]


class CutsCharacters(_Pieces):
    """Sends a text eight bytes at a time, and replaces characters that are cut."""

    breaks = "STREAM-14"
    also = frozenset({"STREAM-15"})

    def pieces(self, text: str) -> list[str]:
        encoded = text.encode()
        return [encoded[start : start + 8].decode("utf-8", "replace") for start in range(0, len(encoded), 8)]


class SendsLines(_Pieces):
    """Sends a text line by line, with changed line breaks."""

    breaks = "STREAM-14"

    def pieces(self, text: str) -> list[str]:
        return [f"{line}\n" if number else line for number, line in enumerate(reversed(text.splitlines()))][::-1] or [
            ""
        ]


class StopsAtItsOwnMark(_Pieces):
    """Ends a text at `[DONE]`."""

    breaks = "STREAM-14"

    def pieces(self, text: str) -> list[str]:
        return [text.partition("[DONE]")[0]]


class SendsTheFirst8K(_Pieces):
    """Sends only the first 8 KiB of a text."""

    breaks = "STREAM-15"
    limit = 8 * 1024

    def pieces(self, text: str) -> list[str]:
        return [text[: self.limit]]


class NeverDoneWithLongTexts(NeverDone):
    """Ends a long stream without `[DONE]`."""

    breaks = "STREAM-15"
    longer_than = 8 * 1024


class CutsBetweenBytes(Streams):
    """Streams pieces of 256 bytes, and drops characters that are cut."""

    breaks = "STREAM-15"

    def spoil(self, chunks: list[Any]) -> None:
        for chunk in chunks:
            for choice in chunk["choices"]:
                text = (choice["delta"].get("content") or "").encode()
                pieces = (text[begin : begin + 256] for begin in range(0, len(text), 256))
                if text:
                    choice["delta"]["content"] = "".join(piece.decode(errors="ignore") for piece in pieces)


class SendsTheFirst80(SendsTheFirst8K):
    """Sends only the first 80 characters of a text."""

    breaks = "STREAM-15"
    gross = True
    limit = 80


class SendsNoText(SendsTheFirst8K):
    """Sends none of the text."""

    breaks = "STREAM-7"
    gross = True
    limit = 0
