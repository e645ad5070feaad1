"""What a run tells its watcher while it goes on: one frozen value for each thing that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.evals.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Begin:
    """The run begins, or goes on.

    Attributes:
        planned: samples times epochs, of this shard.
        done: of these, what needs nothing any more.
        open: of these, what an earlier run had begun and not ended.
    """

    planned: int
    done: int
    open: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A sample has its outcome, and its scores if there is an answer. Also one that was only scored now."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer to a request got lost, and its agent is looked for by the conversation's id."""

    index: int
    epoch: int
    conversation: str
    server: str
    reason: str


@dataclass(frozen=True, slots=True)
class SentAgain:
    """The server knew nothing of a request for long enough, so it is sent once more."""

    index: int
    epoch: int
    conversation: str
    server: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The server has no room (429); the sample is asked again after so many seconds."""

    server: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SetAside:
    """A server can't be reached and gets no new samples for so many seconds."""

    server: str
    seconds: float
    reason: str


type Event = Begin | Finished | Lost | SentAgain | Waiting | SetAside
type Watcher = Callable[[Event], None]
