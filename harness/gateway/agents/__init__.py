"""The interface between the gateway and the agent behind it.

A *runtime* is one kind of agent (`openhands`, `scripted`); it owns profiles and stored conversations. A *session* is
one conversation held in memory. Every call blocks: the service makes them on worker threads, one turn of a
conversation at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from harness.json_value import Json


@dataclass(frozen=True, slots=True)
class Text:
    """A text part of a user message."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image part of a user message: an http(s) or data URL."""

    url: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one turn, summed over all its model calls."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The final assistant text of a turn, and the turn's usage."""

    text: str
    usage: Usage


class TurnFailedError(Exception):
    """The agent ended a turn without an answer.

    `status` is the SDK's execution status: `error`, `stuck`, `waiting_for_confirmation`, `paused`. The text is safe to
    show to a client: no path, no key, no stack trace, nothing confidential from upstream.
    """

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class DamagedError(Exception):
    """A stored profile or conversation is damaged. The text names it; the cause is for the log, not for clients."""


class ProfileNotFoundError(LookupError):
    """No profile has that name."""


class ProfileLimitError(Exception):
    """The store has reached its limit of profiles."""


class ProfileStore(Protocol):
    """LLM profiles by name. The caller validates names: `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`."""

    def names(self) -> Sequence[str]:
        """All names, sorted."""

    def summaries(self) -> Sequence[dict[str, Json]]:
        """Sorted, each `{name, model, base_url, provider_connection_id, provider_connection_broken, api_key_set}`."""

    def get(self, name: str, *, expose_secrets: bool = False) -> dict[str, Json]:
        """The stored LLM settings; secrets are null unless exposed. Raises ProfileNotFoundError, DamagedError."""

    def save(self, name: str, llm: dict[str, Json], *, include_secrets: bool) -> None:
        """Create or overwrite. Raises ValueError (text safe to show), ProfileLimitError."""

    def rename(self, name: str, new_name: str) -> None:
        """Raises ProfileNotFoundError, FileExistsError."""

    def delete(self, name: str) -> None:
        """Delete a profile; a missing one is no error."""


class Session(Protocol):
    """One conversation in memory. One thread uses it at a time, except for `info`, `events` and `interrupt`."""

    def turn(self, parts: Sequence[Text | Image]) -> Answer:
        """Play one turn to its end; the answer is durable on return. Raises TurnFailedError."""

    def interrupt(self) -> None:
        """Ask a running turn to end soon; it then raises TurnFailedError."""

    def confirm(self, *, always: bool) -> None:
        """Set whether tool calls need a confirmation, between turns; a turn that makes such a call then fails."""

    def info(self) -> dict[str, Json]:
        """The fields of a released server's `GET /api/conversations/{id}`: id, execution_status, stats, created_at."""

    def events(self) -> Sequence[dict[str, Json]]:
        """The events so far, oldest first, as `GET …/events/search` of a released server shows them."""

    def final_response(self) -> str:
        """The newest final assistant text; empty if there is none."""

    def close(self) -> None:
        """Release memory, threads and files; the stored conversation stays."""


class Runtime(Protocol):
    """One kind of agent."""

    @property
    def name(self) -> str:
        """The kind of agent."""

    @property
    def profiles(self) -> ProfileStore:
        """The profile store, available after `load`."""

    def load(self) -> None:
        """Do the slow part of start-up (imports, warm-up). Called once, in a thread, before anything else.

        Raises ValueError if profiles were stored under another secret key.
        """

    def start(self, conversation: UUID, profile: str, instructions: str | None) -> Session:
        """Create and store the conversation. Raises ProfileNotFoundError, DamagedError."""

    def restore(self, conversation: UUID) -> Session:
        """Load a stored conversation into memory. Raises KeyError, DamagedError."""

    def stored(self) -> Sequence[UUID]:
        """Identifiers of every stored conversation."""

    def delete(self, conversation: UUID) -> bool:
        """Delete a stored conversation, and its workspace if that is its own. False if nothing was stored."""
