"""The settings of one gateway, frozen while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path


class Dialect(StrEnum):
    """The contract that the gateway speaks."""

    DOCUMENTED = "documented"
    """The documentation and nothing else: `stream: true` is refused with 400."""
    AGENT_SERVER = "agent-server"
    """Released servers (1.58): `stream: true` is answered with server-sent events, there is `POST /v1/responses`,
    and malformed `X-OpenHands-Observability-*` headers are refused."""


type AgentName = Literal["openhands", "scripted"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on requests; a request beyond them is refused without being stored.

    Attributes:
        body_bytes: size of a request body; 32 MiB holds a few images as data URLs. Beyond it: 413.
        header_bytes: size of all header lines together. Beyond it: 431.
        nesting: depth of arrays and objects in a JSON body. Beyond it: 400.
        queued_turns: requests waiting on one conversation behind the running one. Beyond it: 429.
        running_turns: turns running at once over all conversations. Beyond it: 429.
        held_conversations: conversations in memory; the least recently used are evicted, and restored on use.
        profiles: stored profiles. Beyond it: 409.
    """

    body_bytes: int = 32 * 2**20
    header_bytes: int = 32 * 2**10
    nesting: int = 64
    queued_turns: int = 8
    running_turns: int = 64
    held_conversations: int = 1000
    profiles: int = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the HTTP side of a gateway.

    Attributes:
        state: the folder for everything durable.
        session_keys: any of them gives access; empty means that no key is required.
        turn_timeout: seconds until a client gets a 504 while its turn goes on.
        shutdown_grace: seconds for running turns to end after SIGTERM.
        cors_origins: origins whose pages may call the gateway besides those of this machine; `*` is any.
        scripted_model: whether the agent's model is the scripted one, which prompts can steer.
    """

    state: Path
    agent: AgentName = "openhands"
    dialect: Dialect = Dialect.DOCUMENTED
    session_keys: tuple[str, ...] = field(default=(), repr=False)
    turn_timeout: float = 120.0
    shutdown_grace: float = 20.0
    cors_origins: tuple[str, ...] = ()
    scripted_model: bool = False
    limits: Limits = Limits()
