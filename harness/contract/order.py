"""Turns of one conversation that were under way at once: is there an order in which all their answers are right?

Any order counts that real time allows: a turn that was answered before another one was sent comes before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.contract.world import World

MOST_WORLDS = 128
"""In which a conversation may be. With more, nothing can be told apart any more."""

MOST_WAITING = 2
"""Messages of a conversation whose clients gave up. With more, there are too many worlds in which it may be."""


@dataclass(frozen=True, slots=True)
class Played:
    """A turn, and what came of it.

    Attributes:
        text: the user's message.
        began: when it was sent, in seconds.
        ended: when it was answered; infinite if its client gave up.
        said: the answer's text; None if there is none, or it can't be predicted.
        failed: whether it ended with a failure.
        unsure: whether an answer without a prediction may have left no trace, as one to an image may.
    """

    text: str
    began: float
    ended: float
    said: str | None
    failed: bool = False
    unsure: bool = False

    @property
    def given_up(self) -> bool:
        """Whether nobody knows when it is played, or whether."""
        return self.ended == inf


class _TooManyWorldsError(Exception):
    """More is possible than can be looked at."""


def explain(worlds: frozenset[World], turns: Sequence[Played]) -> frozenset[World] | None:
    """The worlds after these turns, in each order that predicts all answers; none if there is no such order.

    None if too little is known, or too much is possible, to forbid anything.
    """
    waiting = max((len(world.waiting) for world in worlds), default=0)
    if waiting + sum(turn.given_up for turn in turns) > MOST_WAITING:
        return None
    try:
        return frozenset(_orders(worlds, tuple(turns)))
    except _TooManyWorldsError:
        return None


def _orders(worlds: frozenset[World], turns: tuple[Played, ...]) -> Iterator[World]:
    if not worlds:
        return
    if not turns:
        yield from worlds
        return
    for index, turn in enumerate(turns):
        others = (*turns[:index], *turns[index + 1 :])
        if all(turn.began <= other.ended for other in others):
            after = frozenset(new for world in worlds for new in _play(world, turn))
            if len(after) > MOST_WORLDS:
                raise _TooManyWorldsError
            yield from _orders(after, others)


def _play(world: World, turn: Played) -> Iterator[World]:
    """The worlds that a turn leaves, if this one predicts its answer."""
    if turn.given_up:
        yield replace(world, waiting=(*world.waiting, turn.text))
        return
    for before in world.before():
        if turn.failed:
            yield from before.failing(turn.text)
        elif turn.said is None or before.predict(turn.text).text == turn.said:
            yield before.answering(turn.text)
            if turn.unsure:
                yield before
