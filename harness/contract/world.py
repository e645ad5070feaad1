"""What a conversation's agent may have heard, and what it then says: by the rules of the scripted model.

After a turn that failed, or whose client gave up, nobody outside knows what became of its message. So a conversation is
a set of possible worlds. An answer keeps those that predict it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.model.rules import NUDGE, Failure, respond

if TYPE_CHECKING:
    from collections.abc import Iterator

JOINED = "after-failure"
JOINED_AFTER_GIVING_UP = "after-giving-up"
"""When a message was joined to the next one, which a world ought not to be in."""

_SAME_CALLS = 4
_EMPTY_REPLIES = 3
"""After which an agent is stuck."""


@dataclass(frozen=True, slots=True)
class World:
    """A conversation as it may be.

    Attributes:
        instructions: those of its first turn.
        heard: the user's messages that the language model has seen, oldest first.
        llm: that language model; None if nobody knows.
        waiting: messages whose clients gave up, which may still arrive.
        failed: messages of failed turns that the next one is joined to.
        broken: when the target has joined a message to the next one, if this is the real world.
    """

    instructions: str
    heard: tuple[str, ...] = ()
    llm: str | None = None
    waiting: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()

    def before(self) -> Iterator[World]:
        """The worlds that this one may have become by itself when the next message arrives."""
        yield self
        for index, text in enumerate(self.waiting):
            others = (*self.waiting[:index], *self.waiting[index + 1 :])
            yield from replace(self, heard=(*self.heard, text), waiting=others).before()
            yield replace(
                self, waiting=others, failed=(*self.failed, text), broken=self.broken | {JOINED_AFTER_GIVING_UP}
            )

    def heard_as(self, text: str) -> str:
        """The message as the language model sees it."""
        return "\n".join((*self.failed, text))

    def answering(self, text: str) -> World:
        """The world after a turn that was answered."""
        return replace(self, heard=(*self.heard, self.heard_as(text)), failed=())

    def failing(self, text: str) -> tuple[World, ...]:
        """The worlds after a turn that failed: its message is kept, dropped, or joined to the next one."""
        kept = replace(self, heard=(*self.heard, self.heard_as(text)), failed=())
        joined = replace(self, failed=(*self.failed, text), broken=self.broken | {JOINED})
        return kept, replace(self, failed=()), joined

    def predict(self, text: str) -> Turn:
        """What the agent makes of a message."""
        return predict(self.instructions, (*self.heard, self.heard_as(text)), self.llm or "")


@dataclass(frozen=True, slots=True)
class Turn:
    """The outcome of a turn: its text, or None if it fails, and the tokens that it takes."""

    text: str | None
    tokens: tuple[int, int]
    stuck: bool = False


@lru_cache(4096)
def predict(instructions: str, heard: tuple[str, ...], llm: str) -> Turn:
    """What an agent makes of the last message, over as many calls of the scripted model as it takes."""
    said: list[dict[str, object]] = [{"role": "system", "content": instructions}] if instructions else []
    said += [{"role": "user", "content": text} for text in heard]
    prompt = answer = nudges = repeated = 0
    last = None
    while True:
        reply = respond(said, llm)
        if reply.failure not in {None, Failure.EMPTY}:
            return Turn(None, (prompt, answer))
        prompt, answer = prompt + reply.usage.prompt_tokens, answer + reply.usage.completion_tokens
        if reply.failure is Failure.EMPTY:
            nudges += 1
            said.append({"role": "user", "content": NUDGE})
            if nudges == _EMPTY_REPLIES:
                return Turn(None, (prompt, answer), stuck=True)
        elif reply.tool_call is None or reply.finish:
            return Turn(reply.text, (prompt, answer))
        elif reply.tool_call.name == "finish":
            return Turn(_finished(reply.tool_call.arguments), (prompt, answer))
        else:
            repeated = repeated + 1 if reply.tool_call == last else 1
            last = reply.tool_call
            said += [{"role": "assistant", "content": None}, {"role": "tool", "content": "done"}]
            if repeated == _SAME_CALLS:
                return Turn(None, (prompt, answer), stuck=True)


def _finished(arguments: str) -> str:
    document = json.loads(arguments)
    text = document.get("message") if isinstance(document, dict) else None
    return text if isinstance(text, str) else ""
