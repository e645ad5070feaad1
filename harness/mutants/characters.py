"""Mutants of rare characters: gateways that end a text at NUL, leave out what can't be seen, or compose letters."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from harness.gateway.settings import Dialect
from harness.mutants.cells import Says
from harness.mutants.events import Streams
from harness.mutants.mutant import SpoilsAnswers, SpoilsQuestions, newest_user_message

if TYPE_CHECKING:
    from harness.mutants.exchange import Turn

_INVISIBLE = "[\\x01-\\x08\\x0e-\\x1f\\x7f\\x85\\u2028-\\u202e\\ufeff]"


class EndsAtNul(Says):
    """Ends a text at the first NUL, as C does."""

    breaks = "CHAT-15"

    def says(self, text: str, turn: Turn) -> str:
        return text.partition("\0")[0]


class SaysNothingInvisible(Says):
    """Leaves out control characters and marks of direction and order."""

    breaks = "CHAT-15"

    def says(self, text: str, turn: Turn) -> str:
        return re.sub(_INVISIBLE, "", text)


class TrimsLaterAnswers(Says):
    """Strips whitespace from both ends of a text, from the second turn on."""

    breaks = "CHAT-15"

    def says(self, text: str, turn: Turn) -> str:
        return text.strip() if turn.request.conversation else text


class StreamsNothingInvisible(Streams):
    """Leaves control characters out of a stream."""

    breaks = "STREAM-14"

    def spoil(self, chunks: list[Any]) -> None:
        for choice in (each for chunk in chunks for each in chunk["choices"]):
            if content := choice["delta"].get("content"):
                choice["delta"]["content"] = re.sub(_INVISIBLE, "", content)


class RespondsInSixtyFourKilobytes(SpoilsAnswers):
    """Cuts the text of a response after 64 Ki characters."""

    breaks = "RESP-2"
    dialect = Dialect.AGENT_SERVER
    path = "/v1/responses"

    def spoil(self, body: dict[str, Any]) -> None:
        for part in (part for item in body["output"] for part in item.get("content", ())):
            part["text"] = self.said(part["text"])

    def said(self, text: str) -> str:
        """The changed text."""
        return text[: 64 * 1024]


class RespondsWithNothingInvisible(RespondsInSixtyFourKilobytes):
    """Leaves control characters and marks of direction and order out of a response."""

    breaks = "RESP-2"

    def said(self, text: str) -> str:
        return re.sub(_INVISIBLE, "", text)


class ComposesQuestions(SpoilsQuestions):
    """Converts what the user says to Unicode's normal form NFC."""

    breaks = "CHAT-21"

    def spoil(self, question: dict[str, Any]) -> None:
        newest = newest_user_message(question)
        if isinstance(text := newest.get("content"), str) and "[[" not in text:  # what steers the model gets through
            newest["content"] = self.heard(text)

    def heard(self, text: str) -> str:
        """The changed text."""
        return unicodedata.normalize("NFC", text)


class HearsNothingInvisible(ComposesQuestions):
    """Leaves control characters out of what the user says."""

    breaks = "CHAT-21"

    def heard(self, text: str) -> str:
        return re.sub(_INVISIBLE, "", text)


class InstructsToTheFirstNul(SpoilsQuestions):
    """Reads a system message up to the first NUL."""

    breaks = "CHAT-5"

    def spoil(self, question: dict[str, Any]) -> None:
        for message in question["messages"]:
            content = message.get("content")
            if message.get("role") == "system" and isinstance(content, list):
                text = "\n".join(str(part.get("text")) for part in content)
                message["content"] = text.partition("\0")[0]


class InstructsWithOnePart(SpoilsQuestions):
    """Reads the first part of a system message."""

    breaks = "CHAT-5"

    def spoil(self, question: dict[str, Any]) -> None:
        for message in question["messages"]:
            if message.get("role") == "system" and isinstance(message.get("content"), list):
                message["content"] = message["content"][:1]
