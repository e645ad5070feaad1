r"""The final result that an answer marks: `\boxed{...}`, `#### ...`, `Answer: ...`."""

from __future__ import annotations

import re

_HASHES = re.compile(r"^[ \t]*####(?!#)[ \t]*", re.MULTILINE)
_PHRASE = re.compile(
    r"\b(?:answer|choice|option)[ \t]*(?:[*_]{1,3}[ \t]*)?"
    r"(?::|=|\bis\b(?!(?:[ \t]+not\b|n't|[ \t]+(?:wrong|incorrect)\b))[ \t]*:?|\bwould[ \t]+be\b)[ \t]*[*_]{0,3}\s*",
    re.IGNORECASE,
)
"""`Answer: x`, `**Final answer:** x`, `the correct choice is x`, `Answer:` with x on the next line."""


def marked(text: str) -> str | None:
    """The result that a text marks; None without a mark. The last mark counts, as models correct themselves.

    A box takes precedence over hashes, and hashes over a phrase.
    """
    if (inside := boxed(text)) is not None:
        return inside
    if (said := hashes(text)) is not None:
        return said
    return _rest_of_line(_PHRASE, text)


def hashes(text: str) -> str | None:
    """The text after the last `####` at the beginning of a line, as in the data of GSM8K."""
    return _rest_of_line(_HASHES, text) if "####" in text else None


def ends(text: str) -> str:
    """The first and last 10,000 characters of a longer text; no model answers in between."""
    return text if len(text) <= 20_000 else f"{text[:10_000]}\n{text[-10_000:]}"


def _rest_of_line(pattern: re.Pattern[str], text: str) -> str | None:
    """The rest of the line after the last match; None when it is empty."""
    end = None
    for found in pattern.finditer(text):
        end = found.end()
    return None if end is None else text[end:].partition("\n")[0].strip().rstrip("*_").rstrip() or None


def boxed(text: str) -> str | None:
    r"""The content of the last `\boxed{...}` or `\fbox{...}`, up to the matching brace, with `\text{...}` unwrapped."""
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return None
    start = text.index("{", start) + 1
    depth = 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return re.sub(r"\\(?:text|textbf|mathrm|mathbf|operatorname)\s*\{([^{}]*)\}", r"\1", text[start:place])
    return None  # cut off
