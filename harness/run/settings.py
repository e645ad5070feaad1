"""How to play: the names of a run, its budget, its client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.scenarios.model import ClientKind

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How to play on one endpoint.

    Attributes:
        seed: makes the words and identifiers of the scenarios.
        run: the run's id, eight hexadecimal digits; in the names of what it creates.
        request_timeout: seconds for one request in all; an agent's turn takes as long as its model does.
        wait: seconds that a target which doesn't answer yet is given.
        jobs: scenarios at once.
        requests: to send in all, smoke test included, clean-up aside; None for no limit.
        seconds: to play, after which no further request is sent.
        client: the class of the official client, where a step doesn't say.
        repeat: how often all scenarios are played, one time after the other, each with words and ids of its own.
        created_log: where to write down what the run creates on someone else's server; None: nowhere.
        cleanup: seconds for all deletions in the end together, of which a released server does one in some ten
            milliseconds; 0 where the target goes with all that it holds.
    """

    seed: str
    run: str
    request_timeout: float
    wait: float
    jobs: int = 8
    requests: int | None = None
    seconds: float = 1800
    client: ClientKind = ClientKind.ASYNC
    repeat: int = 1
    created_log: Path | None = None
    cleanup: float = 60.0
