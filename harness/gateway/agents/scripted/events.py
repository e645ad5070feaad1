"""The event log of a scripted conversation: one JSON object a line, in the shapes of released servers (1.58).

Each line is appended by one `write`, so a `kill -9` costs at most the line being written. A complete turn ends with
the conversation's state; a log that ends with anything else holds a broken turn.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from harness.gateway.agents import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.json_value import Json

type Event = dict[str, Json]


@dataclass(slots=True)
class Log:
    """The events of one conversation, in memory and on disk."""

    path: Path
    conversation: UUID
    events: list[Event] = field(default_factory=list)

    @classmethod
    def create(
        cls, folder: Path, conversation: UUID, model: str, instructions: str | None, *, api_key_set: bool
    ) -> Log:
        """Start a conversation; its first event is the system prompt."""
        folder.mkdir(mode=0o700, exist_ok=True)  # exists after a `kill -9` before the first event
        log = cls(folder / "events.jsonl", conversation)
        log.append(system_prompt(model, instructions, api_key_set=api_key_set))
        return log

    @classmethod
    def read(cls, folder: Path, conversation: UUID) -> Log:
        """Read a stored conversation. Raises KeyError, DamagedError."""
        log = cls(folder / "events.jsonl", conversation)
        try:
            content = log.path.read_bytes()
        except FileNotFoundError:
            raise KeyError(conversation) from None
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            os.truncate(log.path, len(content) - len(torn))
        try:
            log.events = [json.loads(line) for line in whole.split(b"\n") if line]
            kinds = [event["kind"] for event in log.events]
        except (ValueError, TypeError, LookupError) as damage:
            raise DamagedError(f"conversation {conversation}") from damage
        if not kinds:
            raise KeyError(conversation)
        if kinds[-1] not in {"SystemPromptEvent", "ConversationStateUpdateEvent"}:
            log.append(error("TurnInterrupted", "The server stopped in the middle of this turn."), *state("error"))
        return log

    def append(self, *events: Event) -> None:
        """Add events, on disk first."""
        lines = b"".join(json.dumps(event).encode() + b"\n" for event in events)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, lines)
        finally:
            os.close(descriptor)
        self.events.extend(events)

    def last_state(self, key: str) -> Json:
        """The newest value of a field of the conversation's state; None before the first turn."""
        return next((event["value"] for event in reversed(self.events) if event.get("key") == key), None)


def system_prompt(model: str, instructions: str | None, *, api_key_set: bool) -> Event:
    """The system prompt, the agent's model and whether it has a key, from the profile."""
    prompt: Json = {"type": "text", "text": instructions or ""}
    return _event("SystemPromptEvent", "agent", system_prompt=prompt, tools=[], model=model, api_key_set=api_key_set)


def message(role: str, text: str, *, images: tuple[str, ...] = ()) -> Event:
    """A message of the user or the agent."""
    content: list[Json] = [{"type": "text", "text": text}]
    if images:
        content.append({"type": "image", "image_urls": list(images)})
    return _event("MessageEvent", "user" if role == "user" else "agent", llm_message={"role": role, "content": content})


def action(tool: str, arguments: str) -> Event:
    """A tool call."""
    call_id = f"call_{uuid.uuid4().hex[:12]}"
    call: Json = {"id": call_id, "name": tool, "arguments": arguments, "origin": "completion"}
    return _event(
        "ActionEvent", "agent", tool_name=tool, tool_call_id=call_id, tool_call=call, action=json.loads(arguments)
    )


def observation(called: Event, text: str) -> Event:
    """The result of a tool call."""
    return _event(
        "ObservationEvent",
        "environment",
        tool_name=called["tool_name"],
        tool_call_id=called["tool_call_id"],
        action_id=called["id"],
        observation={"content": [{"type": "text", "text": text}], "is_error": False},
    )


def error(code: str, detail: str) -> Event:
    """The reason why a turn ended without an answer."""
    return _event("ConversationErrorEvent", "environment", code=code, detail=detail)


def state(status: str, **values: Json) -> tuple[Event, ...]:
    """The conversation's state after a turn; the status comes last and completes the turn."""
    changes = [*values.items(), ("execution_status", status)]
    return tuple(_event("ConversationStateUpdateEvent", "environment", key=key, value=value) for key, value in changes)


def _event(kind: str, source: str, **fields: Json) -> Event:
    now = datetime.now().isoformat()  # noqa: DTZ005 - events carry the server's local time without an offset
    return {"kind": kind, "id": str(uuid.uuid4()), "timestamp": now, "source": source, **fields}
