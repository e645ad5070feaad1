"""From all messages of a dialogue, as Inspect sends them, to the one turn that the endpoint reads.

Inspect sends all messages every time. The endpoint reads the newest user message and, in a conversation's first turn,
the system text; the earlier messages it has itself. So the messages before the newest one must be exactly those of a
conversation that we began; otherwise the agent would answer something that the task did not ask, which is an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspect_ai.model import ChatMessage

    from harness.evals.outcome import Usage
    from harness.json_value import Json

CONVERSATION = "openhands_conversation"
"""The key of the conversation's id in the metadata of each answer's message."""


class UnsupportedError(Exception):
    """The endpoint can't do what the task asks: what, why and what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a conversation between two turns.

    Attributes:
        turns: how many it has had.
        used: its usage so far; None when it is not known.
        history: a digest of all messages so far.
    """

    turns: int
    used: Usage | None
    history: bytes


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn to ask.

    Attributes:
        conversation: its id, a UUID that we choose.
        messages: to send, in OpenAI's format.
        before: the conversation's state; None when the turn begins it.
    """

    conversation: str
    messages: list[Json]
    before: Standing | None = None

    @property
    def number(self) -> int:
        """Its place in the conversation, from 1."""
        return self.before.turns + 1 if self.before else 1

    @property
    def used_before(self) -> Usage | None:
        """The usage of the turns before."""
        return self.before.used if self.before else None


class Dialogues:
    """The conversations of this process; each can be continued from its current state only."""

    def __init__(self) -> None:
        self._standing: dict[str, Standing] = {}

    def next_turn(self, messages: Sequence[ChatMessage]) -> Turn:
        """The turn that these messages ask for. Its conversation is reserved until `answered` or `not_asked`.

        Raises:
            UnsupportedError: the endpoint would not see all that the task sends.
        """
        *earlier, newest = messages
        if newest.role != "user":
            raise UnsupportedError(
                f"the last message is one of the {newest.role}'s, and the endpoint answers a user's message only"
            )
        answers = [message for message in earlier if message.role == "assistant"]
        if not answers:
            return _first(earlier, newest)
        conversation = (answers[-1].metadata or {}).get(CONVERSATION)
        if conversation is None:
            raise UnsupportedError(
                "there is an answer in the messages that no agent of this endpoint has given: a few-shot dialogue, or "
                "another model's. The endpoint reads the newest user message only, so the examples would be lost; put "
                "them into one user message"
            )
        standing = self._standing.get(conversation)
        if standing is None or standing.history != _digest(earlier):
            raise UnsupportedError(
                f"the messages are not those of conversation {conversation} as it stands on the server: they were "
                "changed, cut or added to, the conversation went on elsewhere (fork), or its answer comes from a cache "
                "or a log. The endpoint can't go back to an earlier turn; begin a new dialogue"
            )
        del self._standing[conversation]
        return Turn(conversation, [_sent(newest)], standing)

    def answered(self, turn: Turn, messages: Sequence[ChatMessage], used: Usage | None) -> None:
        """The turn is over: its answer is the last of the messages, and the conversation has used `used` so far."""
        self._standing[turn.conversation] = Standing(turn.number, used or turn.used_before, _digest(messages))

    def not_asked(self, turn: Turn) -> None:
        """The server did not take the turn; it may be asked again."""
        if turn.before is not None:
            self._standing[turn.conversation] = turn.before


def _first(earlier: Sequence[ChatMessage], newest: ChatMessage) -> Turn:
    if any(message.role != "system" for message in earlier):
        raise UnsupportedError(
            "there is more than one message before the first answer that isn't the system's, and the endpoint reads "
            "the newest user message only; join them into one"
        )
    return Turn(str(uuid4()), [_sent(message) for message in (*earlier, newest)])


def _sent(message: ChatMessage) -> Json:
    """A message in OpenAI's format. Raises UnsupportedError."""
    if isinstance(message.content, str):
        return {"role": message.role, "content": message.content}
    parts: list[Json] = []
    for part in message.content:
        if part.type == "text":
            parts.append({"type": "text", "text": part.text})
        elif part.type == "image":
            parts.append({"type": "image_url", "image_url": {"url": part.image, "detail": part.detail}})
        else:
            raise UnsupportedError(f"the endpoint takes text and images, no {part.type}")
    return {"role": message.role, "content": parts}


def _digest(messages: Sequence[ChatMessage]) -> bytes:
    """Equal for messages with equal content; ignores the ids and metadata that Inspect adds."""
    said = [
        [message.role, message.content]
        if isinstance(message.content, str)
        else [message.role, [part.model_dump(mode="json", exclude_none=True) for part in message.content]]
        for message in messages
    ]
    return sha256(json.dumps(said).encode()).digest()
