"""The agent's text on its way to the client: gateways that shorten it, or mean well by it."""

from __future__ import annotations

import html
import unicodedata
from typing import Any

from harness.mutants.mutant import SpoilsAnswers


class _Retells(SpoilsAnswers):
    """Changes the text of chat completions."""

    def retell(self, text: str) -> str:
        """What becomes of a text."""
        raise NotImplementedError

    def spoil(self, body: dict[str, Any]) -> None:
        message = body["choices"][0]["message"]
        message["content"] = self.retell(message["content"])


class Trims(_Retells):
    """Takes the blanks off both ends of the text."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return text.strip()


class FoldsLineBreaks(_Retells):
    """Makes every line break one of its own kind."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return "\n".join(text.split("\r\n"))


class ComposesLetters(_Retells):
    """Brings the text into Unicode's normal form."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


class KnowsTwoBytesACharacter(_Retells):
    """Loses the characters that have no place in the first 65,536."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return "".join(character if ord(character) < 2**16 else "\ufffd" for character in text)


class EscapesMarkup(_Retells):
    """Escapes the text for a web page."""

    breaks = "CHAT-15"

    def retell(self, text: str) -> str:
        return html.escape(text, quote=False)


class CutsAt64K(_Retells):
    """Ends a text after 64 KiB."""

    breaks = "CHAT-16"

    def retell(self, text: str) -> str:
        return text[: 64 * 1024]


class LeavesOutTheMiddle(_Retells):
    """Leaves out the middle of a text that it finds too long, and says so."""

    breaks = "CHAT-16"

    def retell(self, text: str) -> str:
        return text if len(text) < 100_000 else f"{text[:50_000]}\n[...]\n{text[-50_000:]}"
