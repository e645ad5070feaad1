"""Mutants of the agent's text: gateways that shorten or normalise it."""

from __future__ import annotations

import html
import unicodedata
from typing import Any

from harness.mutants.mutant import SpoilsAnswers


class _Retells(SpoilsAnswers):
    """Changes the text of chat completions."""

    def retell(self, text: str) -> str:
        """The changed text."""
        raise NotImplementedError

    def spoil(self, body: dict[str, Any]) -> None:
        message = body["choices"][0]["message"]
        message["content"] = self.retell(message["content"])


class Trims(_Retells):
    """Strips whitespace from both ends of the text."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return text.strip()


class FoldsLineBreaks(_Retells):
    """Replaces CRLF by LF."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return "\n".join(text.split("\r\n"))


class ComposesLetters(_Retells):
    """Converts the text to Unicode's normal form NFC."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


class KnowsTwoBytesACharacter(_Retells):
    """Replaces characters beyond the first 65,536 code points."""

    breaks = "CHAT-15"
    known = 2**16

    def retell(self, text: str) -> str:
        return "".join(character if ord(character) < self.known else "\ufffd" for character in text)


class EscapesMarkup(_Retells):
    """Escapes HTML in the text."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return html.escape(text, quote=False)


class CutsAt64K(_Retells):
    """Cuts a text after 64 Ki characters."""

    breaks = "CHAT-16"
    also = frozenset({"CHAT-15"})
    limit = 64 * 1024

    def retell(self, text: str) -> str:
        return text[: self.limit]


class LeavesOutTheMiddle(_Retells):
    """Replaces the middle of a long text by an ellipsis."""

    breaks = "CHAT-16"

    def retell(self, text: str) -> str:
        return text if len(text) < 100_000 else f"{text[:50_000]}\n[...]\n{text[-50_000:]}"


class CutsAt80(CutsAt64K):
    """Cuts every text after 80 characters."""

    breaks = "CHAT-16"
    gross = True
    limit = 80


class KnowsAsciiOnly(KnowsTwoBytesACharacter):
    """Replaces all characters but those of ASCII."""

    breaks = "CHAT-15"
    gross = True
    known = 2**7


class MakesOneParagraph(_Retells):
    """Replaces all whitespace by single blanks."""

    breaks = "CHAT-15"
    gross = True

    def retell(self, text: str) -> str:
        return " ".join(text.split())


class SaysDone(_Retells):
    """Answers everything with one word."""

    breaks = "CHAT-2"
    gross = True

    def retell(self, text: str) -> str:
        return "Done."


class SaysNothing(_Retells):
    """Answers everything with an empty text."""

    breaks = "CHAT-2"
    gross = True

    def retell(self, text: str) -> str:
        return ""


class ContentIsNull(SpoilsAnswers):
    """Sends null as the content of every message."""

    breaks = "CHAT-2"
    gross = True

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"][0]["message"]["content"] = None


class ContentIsAList(SpoilsAnswers):
    """Sends the content of every message as a list of parts."""

    breaks = "CHAT-2"
    gross = True

    def spoil(self, body: dict[str, Any]) -> None:
        message = body["choices"][0]["message"]
        message["content"] = [{"type": "text", "text": message["content"]}]


class HasNoChoice(SpoilsAnswers):
    """Sends every completion without a choice."""

    breaks = "CHAT-2"
    gross = True

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"] = []
