"""Is a finding there again, and what is the least that shows it?"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.explore.sender import EndedError
from harness.explore.shrink import shrink
from harness.explore.step import Kind, Step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from harness.contract.course import Forbidden
    from harness.explore.step import Walk
    from harness.trace import Exchange

TRIES = 3
"""How often a finding is played again."""

_IDLE = Step(Kind.IDLE, 0, (("seconds", "11"),))
_CROWD = Step(Kind.CROWD, 0, (("size", "110"),))


@dataclass(frozen=True, slots=True)
class Found:
    """Something forbidden that was met on a walk.

    Attributes:
        forbidden: what.
        walk: the steps up to there.
        history: the steps of the same walker before this walk, as far as it remembers them.
        exchanges: those of the walk.
        after: requests that all walkers together had sent by then.
    """

    forbidden: Forbidden
    walk: Walk
    history: Walk
    exchanges: tuple[Exchange, ...]
    after: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A finding that was played again.

    Attributes:
        found: as it was met.
        forbidden: as it showed in the shortest walk; that tells best whom to blame.
        walk: the shortest that shows it.
        exchanges: those of that walk.
        times: how often the shortest walk showed it.
        tries: how often it was played; none if there was no time. If none of them showed it, it was seen once, and walk
            and exchanges are those of the walk on which it was met.
        runs: walks that were played to confirm and to shrink it.
    """

    found: Found
    forbidden: Forbidden
    walk: Walk
    exchanges: tuple[Exchange, ...]
    times: int
    tries: int
    runs: int

    @property
    def key(self) -> tuple[str, str]:
        """What is the same for two findings of one fault."""
        return self.forbidden.requirement, self.forbidden.check


type Replay = Callable[[Walk], Awaitable[tuple[list[Forbidden], list[Exchange]]]]
"""Plays a walk by itself. Returns what was forbidden first, and the exchanges up to there."""


async def confirm(found: Found, replay: Replay, until: float) -> Confirmed:
    """Play a finding again, shrink it, and see how often it shows.

    Args:
        found: the finding.
        replay: plays a walk.
        until: the time, on the monotonic clock, when shrinking ends.
    """
    runs = 0
    best: list[Confirmed] = []  # the shortest walk so far that showed it, if nothing more can be sent

    async def shows(walk: Walk) -> tuple[Forbidden, list[Exchange]] | None:
        nonlocal runs
        forbidden, exchanges = await replay(walk)
        runs += 1
        like = [each for each in forbidden if _is_like(each, found.forbidden)]
        if like:
            best[:] = [Confirmed(found, like[0], walk, tuple(exchanges), 1, 1, runs)]
        return (like[0], exchanges) if like else None

    async def shows_in(walk: Walk, tries: int) -> bool:
        for _ in range(tries):
            if time.monotonic() < until and await shows(walk):
                return True
        return False

    async def play_again() -> Confirmed:
        for walk, tries in _suspects(found):
            if await shows_in(walk, tries):
                break
        else:
            return Confirmed(found, found.forbidden, found.walk, found.exchanges, 0, runs, runs)
        steady = all([await shows(walk) for _ in range(2)])
        shortest = await shrink(walk, lambda shorter: shows_in(shorter, 1 if steady else TRIES))
        outcomes = [await shows(shortest) for _ in range(TRIES)]
        times = sum(each is not None for each in outcomes)
        last = best[0]  # if none of these showed it, the run by which the shortest was found does
        return replace(last, times=times or 1, tries=TRIES if times else TRIES + 1, runs=runs)

    try:
        return await play_again()
    except EndedError:
        return best[0] if best else Confirmed(found, found.forbidden, found.walk, found.exchanges, 0, runs, runs)


def _is_like(one: Forbidden, other: Forbidden) -> bool:
    """Whether it is the same fault, as far as can be told: a shorter walk may blame another requirement."""
    return one.check == other.check


def _suspects(found: Found) -> Iterator[tuple[Walk, int]]:
    """Walks that may show it again, and how often to try each: alone, after a while, in a crowd, with what came before.

    A memory of ten seconds and one of a hundred conversations forget alike, and are told apart here.
    """
    *before, last = found.walk
    yield found.walk, TRIES
    yield (*before, _IDLE, last), 1
    yield (*before, _CROWD, last), 1
    yield (*found.history, *found.walk), 1
