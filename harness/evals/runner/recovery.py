"""Recovery of a lost answer: it is fetched by the conversation's id, or shown not to exist.

A load balancer must keep a conversation on its server: the others know nothing about it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evals.outcome import Failure, FailureKind
from harness.evals.runner import lookup
from harness.evals.runner.client import UnansweredError
from harness.evals.runner.lookup import Known, Missing, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.evals.runner.client import Client
    from harness.evals.runner.settings import Settings

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
"""Seconds between two lookups; each pause is half as long again as the one before."""

_IDLE_GRACES = 3
"""Grace periods after which an idle conversation is given up: its server lost the agent in a restart."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The answer was recovered."""

    text: str


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The server can't be reached and its agent may still be running: a later run has to look for the answer."""

    reason: str


async def recover(
    client: Client,
    conversation: str,
    turn: int,
    *,
    settings: Settings,
    deadline: float,
    reached: Callable[[str | None], object] = lambda _problem: None,
) -> Recovered | Missing | StillRunning | Failure:
    """Look a turn up until it is over, or until the server has known nothing about it for the whole grace period.

    The grace period is for requests that were received but have no conversation yet. That took 0.8 s on a released
    server (1.58.0) and 3.1 s for eight requests at once; on the reference gateway 1.2 s and 2.1 s, with the scripted
    agent 0.2 s. It starts over when the server could not be asked in between: it may have been restarted.

    Args:
        client: of the server that the turn was sent to.
        conversation: its id.
        turn: from 1.
        settings: for grace and patience.
        deadline: on the clock of `time.monotonic()`; one lookup is made even after it.
        reached: called after each lookup with None, or with the reason why the server can't be reached.
    """
    pause = _FIRST_PAUSE
    seen = _Since()
    while True:
        found = None
        try:
            found = await lookup.look(client, conversation, turn)
            if found == Known("finished"):
                return Recovered(await lookup.final_response(client, conversation))
            reached(None)
            if (verdict := _verdict(found, seen, settings.grace)) is not None:
                return verdict
            if time.monotonic() >= deadline:
                state = found.status if isinstance(found, Known) else "not known there"
                return Failure(FailureKind.TIMEOUT, f"the sample's time was over, and its run was still {state}")
        except UnansweredError as problem:
            reached(problem.unreached)
            if seen.lasted("unanswered") >= settings.patience:
                if found is None:
                    return StillRunning(str(problem))
                # The server answers, and the next run would learn no more.
                return Failure(FailureKind.AGENT, f"its run is finished, and its answer can't be had: {problem}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _verdict(found: Known | Missing | Unavailable, seen: _Since, grace: float) -> Missing | Failure | None:
    """The result after a lookup; None to look again."""
    match found:
        case Unavailable(reason) if seen.lasted("unavailable") >= grace:  # a proxy without a backend says 404 too
            return Failure(FailureKind.UNKNOWN, f"its agent can't be looked for: {reason}")
        case Missing():
            return found if seen.lasted("missing") >= grace else None
        case Known("error" | "stuck" | "paused" | "waiting_for_confirmation" as status):
            return Failure(FailureKind.AGENT, f"the agent's run ended with status: {status}")
        case Known("idle") if seen.lasted("idle") >= _IDLE_GRACES * grace:
            return Failure(FailureKind.AGENT, "the server has the message and no agent works on it")
        case Known(status):
            seen.lasted(status)
    return None


class _Since:
    """How long the same state has been seen without a break."""

    def __init__(self) -> None:
        self._what, self._since = "", 0.0

    def lasted(self, what: str) -> float:
        """Seconds for which every lookup has seen this state; 0 the first time."""
        if what != self._what:
            self._what, self._since = what, time.monotonic()
        return time.monotonic() - self._since
