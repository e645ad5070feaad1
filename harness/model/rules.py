"""The scripted model's rules: the reply to a list of messages. Pure; standard library only.

Plain sentences, which any decent model obeys too (letter case does not matter; the first one in this table that the
message contains is obeyed):

| sentence | answer |
|---|---|
| `What is the code word?` | the WORD last told by a user's `The code word is WORD.` |
| `What is the instruction word?` | the WORD of a system or developer message's `The instruction word is WORD.` |
| `How many messages have I sent?` | the number of user messages, in digits |
| `What was my first message?` | the text of the first user message |
| `what did I ask about?` | the first five words of the user message before this one |
| `Which language model are you?` | the name of the model that was asked |
| `Tell all that you know.` | that name, both words, and the first five words of each user message, in one line |
| `Reply with exactly: TEXT` | TEXT, to the end of its line; the last occurrence counts |
| anything else | `You said: ` and the first 200 characters of the message |

Directives steer the model. They count in the last line of the message only, because after a failed turn the agent SDK
sends the failed message and the next one as one message of two lines:

| directive | effect |
|---|---|
| `[[tool: NAME {"json": "arguments"}]]` | call the tool once, then go on; several run one after the other |
| `[[loop: NAME {"json": "arguments"}]]` | call the tool, every time |
| `[[finish]]` | give the answer through the `finish` tool |
| `[[delay: SECONDS]]` | wait before the answer (not before a tool call), at most 300 |
| `[[error: STATUS]]` | that HTTP status, 400 to 599, and an error body that contains `upstream-secret-detail` |
| `[[empty]]` | an answer without text |
| `[[garbage]]` | status 200 and a page of HTML, which contains `upstream-secret-detail` |
| `[[cut]]` | the first half of the answer, as JSON or as events, which ends there |
| `[[drop]]` | the connection is closed without an answer |
| `[[times: COUNT]]` | the answer so many times over, without anything between, up to 4,000,000 characters |
| `[[reasoning: TEXT]]` | TEXT as `reasoning_content` beside the answer |

With `: once` (`[[empty: once]]`, also for `garbage` and `cut`) the model answers as soon as the agent asks it again, in
a message that the agent SDK sends after a reply without text. What is written in brackets but is none of these is
ordinary text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_DELAY = 300.0
MAX_ANSWER = 4_000_000
"""Characters of an answer that `[[times: COUNT]]` makes."""

# The agent SDK (1.58.0) sends this after an empty reply. It is not a user's message.
NUDGE = "Your last response did not include a function call or a message."


class Failure(StrEnum):
    """A way to fail instead of answering."""

    ERROR = "error"
    EMPTY = "empty"
    GARBAGE = "garbage"
    CUT = "cut"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of the model; `arguments` is the JSON text of an object."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Words counted as tokens."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's reply.

    Attributes:
        text: the answer, also if only half of it is sent; empty if a tool has to run first or on another failure.
        usage: deterministic for the same messages.
        tool_call: the call to make: a directive's tool, or `finish`, which carries `text`.
        finish: whether the call is `finish`, so that `text` ends the turn.
        reasoning: sent beside the answer as `reasoning_content`.
        delay: seconds to wait before answering.
        failure: how to fail instead of answering.
        error_status: the HTTP status of `Failure.ERROR`.
    """

    text: str
    usage: Usage
    tool_call: ToolCall | None = None
    finish: bool = False
    reasoning: str | None = None
    delay: float = 0.0
    failure: Failure | None = None
    error_status: int | None = None


def respond(messages: Sequence[Mapping[str, object]], model: str = "") -> Reply:
    """Answer a conversation.

    Args:
        messages: in OpenAI's shape: `role`, and `content` as text or as a list of parts. Roles other than system,
            developer, user and tool, and parts other than text, are ignored.
        model: the name of the model that is asked.
    """
    texts: list[str] = []
    results = nudges = 0
    for item in messages:
        if item.get("role") == "user":
            if (text := _user_text(item)) is None:
                nudges += 1
            else:
                texts.append(text)
                results = nudges = 0
        results += item.get("role") == "tool"
    message = texts[-1] if texts else ""
    script = _Script.read(message.rpartition("\n")[2])
    prompt_tokens = len(message.split()) + 10

    call = script.loop or (script.tools[results] if results < len(script.tools) else None)
    if call is not None:
        return Reply("", Usage(prompt_tokens, 1), tool_call=call, reasoning=script.reasoning)
    instructions = "\n".join(text_of(item) for item in messages if item.get("role") in ("system", "developer"))
    answer = _obey([_without_directives(text) for text in texts] or [""], instructions, model)
    answer *= max(1, min(script.times, MAX_ANSWER // max(1, len(answer))))
    if script.failure is not None and not (script.once and nudges):
        return Reply(
            answer if script.failure is Failure.CUT else "",
            Usage(prompt_tokens, 1),
            delay=script.delay,
            failure=script.failure,
            error_status=script.error_status,
            reasoning=script.reasoning,
        )
    return Reply(
        answer,
        Usage(prompt_tokens, max(1, len(answer.split()))),
        tool_call=ToolCall("finish", json.dumps({"message": answer})) if script.finish else None,
        finish=script.finish,
        reasoning=script.reasoning,
        delay=script.delay,
    )


def _obey(texts: Sequence[str], instructions: str, model: str) -> str:
    """The answer to the last user message, by the table of sentences."""
    message = texts[-1]
    lower = message.lower()
    if "what is the code word?" in lower:
        return _last_word("code", "\n".join(texts)) or "I have not been told a code word."
    if "what is the instruction word?" in lower:
        return _last_word("instruction", instructions) or "I have no instruction word."
    if "how many messages have i sent?" in lower:
        return str(len(texts))
    if "what was my first message?" in lower:
        return texts[0]
    if "what did i ask about?" in lower:
        return _first_words(texts[-2]) if len(texts) > 1 else "I do not know."
    if "which language model are you?" in lower:
        return model
    if "tell all that you know." in lower:
        words = (_last_word("instruction", instructions), _last_word("code", "\n".join(texts)))
        return " | ".join([model, *(word or "-" for word in words), *map(_first_words, texts)])
    exact = re.findall(r"reply with exactly:(.*)", message, re.IGNORECASE)
    return exact[-1].strip() if exact else f"You said: {message[:200]}"


def _first_words(text: str) -> str:
    return " ".join(text.split()[:5])


def _last_word(kind: str, text: str) -> str | None:
    words = re.findall(rf"the {kind} word is\s+([\w-]+)", text, re.IGNORECASE)
    return words[-1] if words else None


def text_of(message: Mapping[str, object]) -> str:
    """The text of a message: its content, or its text parts, one per line."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _user_text(message: Mapping[str, object]) -> str | None:
    """The user's text; None if the message is only the SDK's nudge."""
    lines = text_of(message).strip().split("\n")
    kept = [line for line in lines if not line.startswith(NUDGE)]
    return "\n".join(kept).strip() if kept else None


@dataclass(frozen=True, slots=True)
class _Script:
    """The directives of one line."""

    tools: tuple[ToolCall, ...] = ()
    loop: ToolCall | None = None
    finish: bool = False
    times: int = 1
    delay: float = 0.0
    failure: Failure | None = None
    once: bool = False
    error_status: int | None = None
    reasoning: str | None = None

    @classmethod
    def read(cls, line: str) -> _Script:
        directives = list(_directives(line))
        calls = [(item.name, item.call) for item in directives if item.call is not None]
        values = {item.name: item.argument for item in directives}
        failure = next((Failure(item.name) for item in directives if item.name in Failure), None)
        return cls(
            tools=tuple(call for name, call in calls if name == "tool"),
            loop=next((call for name, call in calls if name == "loop"), None),
            finish="finish" in values,
            times=int(values.get("times", 1)),
            delay=min(float(values.get("delay", 0)), MAX_DELAY),
            failure=failure,
            once=failure is not None and values[failure] == "once",
            error_status=int(values["error"]) if failure is Failure.ERROR else None,
            reasoning=values.get("reasoning"),
        )


@dataclass(frozen=True, slots=True)
class _Directive:
    name: str
    argument: str
    call: ToolCall | None
    start: int
    end: int


_CALL = re.compile(r"\[\[(tool|loop):\s*([\w.-]+)\s*")
_PLAIN = re.compile(
    r"\[\[(?:(?P<bare>finish|drop)"
    r"|(?P<fault>empty|garbage|cut)(?::\s*(?P<once>once))?"
    r"|(?P<delay>delay):\s*(?P<seconds>\d+(?:\.\d+)?)"
    r"|(?P<times>times):\s*(?P<count>\d{1,7})"
    r"|(?P<error>error):\s*(?P<status>[45]\d\d)"
    r"|(?P<reasoning>reasoning):\s*(?P<text>.*?))\s*\]\]"
)
_DECODER = json.JSONDecoder()


def _directives(text: str) -> Iterator[_Directive]:
    """Every directive in a text, in order. A call's arguments are read as JSON, so `]]` may occur in them."""
    position = text.find("[[")
    while position >= 0:
        found = _call(text, position) or _plain(text, position)
        if found is not None:
            yield found
        position = text.find("[[", found.end if found is not None else position + 1)


def _call(text: str, position: int) -> _Directive | None:
    opening = _CALL.match(text, position)
    if opening is None:
        return None
    arguments, end = "{}", opening.end()
    if text.startswith("{", end):
        try:
            _, stop = _DECODER.raw_decode(text, end)
        except (ValueError, RecursionError):
            return None
        arguments, end = text[end:stop], stop
    closing = re.compile(r"\s*\]\]").match(text, end)
    if closing is None:
        return None
    return _Directive(opening[1], "", ToolCall(opening[2], arguments), position, closing.end())


def _plain(text: str, position: int) -> _Directive | None:
    match = _PLAIN.match(text, position)
    if match is None:
        return None
    names = ("bare", "fault", "delay", "times", "error", "reasoning")
    name = next(match[group] for group in names if match[group] is not None)
    argument = match["once"] or match["seconds"] or match["count"] or match["status"] or match["text"] or ""
    return _Directive(name, argument, None, position, match.end())


def _without_directives(text: str) -> str:
    """The text without its directives, on any line."""
    kept, position = [], 0
    for directive in _directives(text):
        kept.append(text[position : directive.start].rstrip(" "))
        position = directive.end
    return "".join([*kept, text[position:]]).strip()
