"""Code in an answer, fenced or bare."""

from __future__ import annotations

import re
import textwrap

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]*)[^\n`]*$", re.MULTILINE)


def blocks(text: str, languages: frozenset[str]) -> list[str]:
    """The fenced blocks in these languages, or else those without a language; a block that is cut off counts."""
    named: list[str] = []
    unnamed: list[str] = []
    place = 0
    while opening := _FENCE.search(text, place):
        closing = re.compile(rf"^[ \t]*{opening['fence']}[`~]*[ \t]*$", re.MULTILINE).search(text, opening.end())
        inside = text[opening.end() : closing.start() if closing else len(text)].removeprefix("\n")
        if opening["indent"]:
            inside = textwrap.dedent(inside)
        language = opening["language"].lower()
        if language in languages:
            named.append(inside)
        elif not language:
            unnamed.append(inside)
        if closing is None:
            break
        place = closing.end()
    return named or unnamed


def python_sources(answer: str, entry_point: str | None, prompt: str) -> list[str]:
    """Candidates for the answer's code, the likeliest first; the first that compiles is used.

    Args:
        answer: a function in a fence, several blocks one of which has it, or a bare completion.
        entry_point: the function that was asked for; None when tests call anything.
        prompt: the code that a completion continues; empty for none.
    """
    answer = answer.replace("\r\n", "\n")
    fenced = blocks(answer, frozenset({"python", "py", "python3"}))
    parts = fenced or [answer.strip("\n")]
    joined = "\n\n".join(parts)
    if entry_point is None:
        return [joined, *(parts[::-1] if fenced else [_bare(answer)])]
    defines = re.compile(
        rf"^(?:async[ ]+)?def[ ]+{re.escape(entry_point)}\b|^{re.escape(entry_point)}\s*=", re.MULTILINE
    )
    # A model that corrects itself is right the last time; usage examples don't define the function.
    whole = [part for part in parts if defines.search(part)][::-1]
    if whole:
        sources = [f"{before}{part}" for part in whole for before in (f"{prompt}\n\n", "")]
        return [*sources, *([] if fenced else [_bare(answer)])]
    body = textwrap.indent(textwrap.dedent(joined), "    ")
    # In a bare body the first line alone may have lost its indentation.
    first, _, rest = joined.partition("\n")
    return [f"{prompt}\n{joined}", f"{prompt}\n{body}", f"{prompt}\n    {first.strip()}\n{rest}"]


def _bare(answer: str) -> str:
    """Code without fences: from the first line that looks like code to the last."""
    lines = answer.splitlines()
    code = re.compile(r"(?:from|import|def|class|async|@|if __name__)\b|@")
    starts = [number for number, line in enumerate(lines) if code.match(line)]
    ends = [number for number, line in enumerate(lines) if line[:1].isspace() and line.strip()]
    return "\n".join(lines[starts[0] : (ends[-1] if ends else starts[-1]) + 1]) if starts else answer
