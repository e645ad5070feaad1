"""Shrinking a walk to the shortest that still fails: delta debugging (Zeller and Hildebrandt, 2002, `ddmin`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.explore.step import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from harness.explore.step import Step, Walk


SLOTTED = {Kind.TURN, Kind.READ, Kind.DELETE, Kind.BEGIN, Kind.ADD, Kind.LEAVE}
"""The kinds of steps that concern the conversation in their slot."""


async def shrink(walk: Walk, fails: Callable[[Walk], Awaitable[bool]]) -> Walk:
    """The shortest walk found that fails.

    First all other conversations are taken away, then a kind of option everywhere, then steps, then options. The first
    two make the others quick: no step is left that sends megabytes, or waits, without need.

    Args:
        walk: fails.
        fails: plays a walk and says whether it fails too. It says no when there is no time left, which ends the search.
    """
    alone = tuple(step for step in walk if step.kind not in SLOTTED or step.slot == walk[-1].slot)
    if len(alone) < len(walk) and await fails(alone):
        walk = alone
    for name in sorted({name for step in walk for name, _ in step.options}):
        without = tuple(step.without(name) for step in walk)
        if await fails(without):
            walk = without
    walk = await _fewer_steps(walk, fails)
    return await _plainer_steps(walk, fails)


async def _fewer_steps(walk: Walk, fails: Callable[[Walk], Awaitable[bool]]) -> Walk:
    parts = 2
    while len(walk) > 1:
        size = -(-len(walk) // parts)
        for start in range(0, len(walk), size):
            rest = walk[:start] + walk[start + size :]
            if rest and await fails(rest):
                walk, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(walk))
    return walk


async def _plainer_steps(walk: Walk, fails: Callable[[Walk], Awaitable[bool]]) -> Walk:
    index = 0
    while index < len(walk):
        for plainer in _plainer(walk[index]):
            tried = (*walk[:index], plainer, *walk[index + 1 :])
            if await fails(tried):
                walk = tried
                break
        else:
            index += 1
    return walk


def _plainer(step: Step) -> Iterator[Step]:
    if step.group is not None:
        yield replace(step, group=None)
    for name, _ in step.options:
        yield step.without(name)
