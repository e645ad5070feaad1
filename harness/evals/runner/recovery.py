"""Adoption: the answer to a lost request, fetched by the conversation's id; or the proof that there will be none.

A balancer in front of several servers has to keep a conversation with its server: elsewhere nothing is known of it.
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
"""Seconds between two looks: each is half as long again as the one before."""

_IDLE_GRACES = 3
"""Graces after which a message on which nothing works is given up: its server died with it, or forgot it."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The agent's text."""

    text: str


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The server can't be reached: it may have the work, so it is left to it."""

    reason: str


async def recover(
    client: Client,
    conversation: str,
    turn: int,
    *,
    settings: Settings,
    deadline: float,
    reached: Callable[[str | None], None],
) -> Recovered | Missing | StillRunning | Failure:
    """Look for a turn until it is over or the server has known nothing of it for the whole grace.

    The grace is for requests that were read and have no conversation yet: that took 0.8 s on a released server (1.58.0)
    and 3.1 s when eight came at once; on the reference gateway 1.2 s and 2.1 s, with the scripted agent 0.2 s.
    It begins anew when the server could not be asked in between, for it may have been restarted.

    Args:
        client: of the server that was sent the turn.
        conversation: its id.
        turn: from 1.
        settings: for grace and patience.
        deadline: on `time.monotonic()`'s clock; one look is made also when it is over.
        reached: is told each time whether the server can be reached: None, or why not.
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
                # It answers, and will not say more in the next run either.
                return Failure(FailureKind.AGENT, f"its run is finished, and its answer can't be had: {problem}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _verdict(found: Known | Missing | Unavailable, seen: _Since, grace: float) -> Missing | Failure | None:
    """What is to be done after a look; None: look again."""
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
    """How long the same has been seen without a break."""

    def __init__(self) -> None:
        self._what, self._since = "", 0.0

    def lasted(self, what: str) -> float:
        """The seconds since this has been seen at every look; 0 the first time."""
        if what != self._what:
            self._what, self._since = what, time.monotonic()
        return time.monotonic() - self._since
