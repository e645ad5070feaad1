"""The events of a run, for whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.evals.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Begin:
    """The run begins or resumes.

    Attributes:
        planned: samples times epochs, of this shard.
        done: how many of these are finished.
        open: how many of these an earlier run started and did not finish.
    """

    planned: int
    done: int
    open: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A sample is finished: it has scores, or a failure. Also sent when an earlier answer was scored."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer to a request was lost; recovery by the conversation's id begins."""

    index: int
    epoch: int
    conversation: str
    server: str
    reason: str


@dataclass(frozen=True, slots=True)
class SentAgain:
    """The server knew nothing about a request for the whole grace period, so it is sent again."""

    index: int
    epoch: int
    conversation: str
    server: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The server has no room (429); the sample is asked again after `seconds`."""

    server: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SetAside:
    """A server can't be reached and gets no new samples for `seconds`."""

    server: str
    seconds: float
    reason: str


type Event = Begin | Finished | Lost | SentAgain | Waiting | SetAside
type Watcher = Callable[[Event], None]
