r"""What an answer marks as its end result: `\boxed{...}`, `#### ...`, `Answer: ...`."""

from __future__ import annotations

import re

_HASHES = re.compile(r"^[ \t]*####[ \t]*(?P<said>\S.*)$", re.MULTILINE)
_PHRASE = re.compile(
    r"\b(?:(?:final|correct|right|best)[ \t]+)?(?:answer|choice|option)[ \t]*"
    r"(?:[*_]{1,3}[ \t]*)?"
    r"(?::|=|\bis\b(?![ \t]+(?:not|n't|wrong|incorrect))[ \t]*:?|\bwould[ \t]+be\b|\bto[ \t]+be\b)"
    r"[ \t]*(?P<said>[*_]{0,3}[ \t]*\n?[ \t]*\S[^\n]*)",
    re.IGNORECASE,
)
"""`Answer: x`, `**Final answer:** x`, `the correct choice is x`, `Answer:` with x on the next line."""


def marked(text: str) -> str | None:
    """What the text marks as its result; None when it marks nothing. The last mark counts: models correct themselves.

    A box beats hashes beat a phrase.
    """
    if (inside := boxed(text)) is not None:
        return inside
    for pattern in (_HASHES, _PHRASE):
        said = None
        for found in pattern.finditer(text):
            said = found["said"]
        if said is not None:
            return said.strip().strip("*_").strip()
    return None


def boxed(text: str) -> str | None:
    r"""What is in the last `\boxed{...}` or `\fbox{...}`, with braces in it balanced and `\text{...}` unwrapped."""
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
