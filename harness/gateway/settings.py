"""What one gateway is told when it starts. Frozen: nothing in here changes while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path


class Dialect(StrEnum):
    """The contract that the gateway speaks."""

    DOCUMENTED = "documented"
    """What the documentation says, and nothing that it doesn't name: `stream: true` is refused with 400."""
    AGENT_SERVER = "agent-server"
    """What released servers do (1.58): `stream: true` is answered with server-sent events, there is
    `POST /v1/responses`, and ill-formed `X-OpenHands-Observability-*` headers are refused."""


type AgentName = Literal["openhands", "scripted"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a client may ask for; what is beyond them is refused without having been stored.

    Attributes:
        body_bytes: size of a request body; 32 MiB holds a few images as data URLs. Beyond it: 413.
        header_bytes: size of all header lines together. Beyond it: 431.
        nesting: depth of arrays and objects in a JSON body. Beyond it: 400.
        queued_turns: requests that wait on one conversation behind the running one. Beyond it: 429.
        running_turns: turns that run at once over all conversations; further ones wait.
        held_conversations: conversations in memory; the least recently used ones are put out, and restored on use.
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
    """Everything that the HTTP side of a gateway has to know.

    Attributes:
        state: the folder that holds everything durable.
        session_keys: any of them opens the gateway; empty means that no key is asked for.
        turn_timeout: seconds until a client is told 504 while its turn goes on.
        shutdown_grace: seconds that running turns get to end after SIGTERM.
        cors_origins: origins whose pages may call the gateway besides those of this machine; `*` is any.
        scripted_model: the agent's model is the scripted one, so that a prompt can steer it.
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
