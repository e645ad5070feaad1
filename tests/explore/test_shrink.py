"""Shrinking a walk to the shortest that still fails."""

from __future__ import annotations

import asyncio

from harness.explore.shrink import shrink
from harness.explore.step import Kind, Step, Walk


def shrunk(walk: Walk, *, needs: Walk, runs: int = 1000) -> tuple[Walk, int]:
    """A walk that fails as long as it holds some steps, in order and with their options, and the runs that it took."""
    count = 0

    async def fails(tried: Walk) -> bool:
        nonlocal count
        count += 1
        left = iter(tried)
        return count <= runs and all(any(_holds(step, need) for step in left) for need in needs)

    return asyncio.run(shrink(walk, fails)), count


def _holds(step: Step, need: Step) -> bool:
    same = step.kind is need.kind and step.slot == need.slot and (need.group is None or step.group == need.group)
    return same and set(need.options) <= set(step.options)


def turns(*slots: int) -> Walk:
    return tuple(Step(Kind.TURN, slot) for slot in slots)


def test_only_the_steps_that_it_takes_are_left() -> None:
    walk = (*turns(*range(12)), Step(Kind.RESTART), *turns(*range(12, 24)))
    needs = (Step(Kind.TURN, 3), Step(Kind.RESTART), Step(Kind.TURN, 20))
    assert shrunk(walk, needs=needs)[0] == needs


def test_only_the_options_that_it_takes_are_left() -> None:
    options = (("form", "parts"), ("history", "few"), ("key", "bearer"))
    walk = tuple(Step(Kind.TURN, slot, options) for slot in range(4))
    needs = (Step(Kind.TURN, 1, (("history", "few"),)), Step(Kind.TURN, 3, (("key", "bearer"),)))
    assert shrunk(walk, needs=needs)[0] == needs


def test_other_conversations_go_at_once_but_not_what_concerns_all() -> None:
    walk = (*turns(*range(9)), Step(Kind.RESTART), Step(Kind.SAVE, 1), Step(Kind.TURN, 0))
    shorter, runs = shrunk(walk, needs=(Step(Kind.TURN, 0), Step(Kind.RESTART), Step(Kind.TURN, 0)))
    assert [step.kind for step in shorter] == [Kind.TURN, Kind.RESTART, Kind.TURN]
    assert runs < 15


def test_an_option_that_all_steps_have_for_nothing_goes_at_once() -> None:
    walk = (Step(Kind.TURN, 0, (("older", "body-size/10-MB"),)),) * 30
    _, runs = shrunk(walk, needs=walk[:1])
    first, _ = shrunk(walk, needs=(Step(Kind.TURN, 0),), runs=1)
    assert [step.options for step in first] == [()] * 30
    assert runs < 60


def test_turns_at_once_become_one_after_the_other_if_that_suffices() -> None:
    walk = tuple(Step(Kind.TURN, slot, group=1) for slot in range(3))
    assert shrunk(walk, needs=turns(0, 2))[0] == turns(0, 2)
    together = (Step(Kind.TURN, 0, group=1), Step(Kind.TURN, 2, group=1))
    assert shrunk(walk, needs=together)[0] == together


def test_three_of_thirty_steps_are_found_in_less_than_a_hundred_runs() -> None:
    needs = turns(4, 15, 27)
    walk, runs = shrunk(turns(*range(30)), needs=needs)
    assert walk == needs
    assert runs < 100


def test_shrinking_ends_when_nothing_fails_any_more() -> None:
    walk, runs = shrunk(turns(*range(20)), needs=turns(1, 2), runs=5)
    assert len(walk) < 20
    assert runs < 100
