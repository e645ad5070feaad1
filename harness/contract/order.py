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

MOST_WORLDS = 64
"""Kept of a conversation; with more nothing can be told apart any more."""

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


def can_be_explained(worlds: frozenset[World], turns: Sequence[Played]) -> bool:
    """Whether enough is known for that, and not too much is possible."""
    waiting = max((len(world.waiting) for world in worlds), default=inf)
    return waiting + sum(turn.given_up for turn in turns) <= MOST_WAITING


def explain(worlds: frozenset[World], turns: Sequence[Played]) -> frozenset[World]:
    """The worlds after these turns, in each order that predicts all answers; none if there is no such order."""
    return frozenset(_orders(worlds, tuple(turns)))


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
            yield from _orders(_fewest_broken(after), others)


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


def _fewest_broken(worlds: frozenset[World]) -> frozenset[World]:
    """At most so many, those first that break the fewest requirements."""
    return frozenset(sorted(worlds, key=lambda each: len(each.broken))[:MOST_WORLDS])
