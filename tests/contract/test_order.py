"""Turns of one conversation at once: every order is allowed that real time allows, and nothing else."""

from __future__ import annotations

from itertools import permutations
from math import inf

import pytest

from harness.contract.order import MOST_WAITING, Played, explain
from harness.contract.request import MOST_BYTES
from harness.contract.world import World
from tests.contract.target import GIVES_UP, TELL, TOLD, A, B, Target

COLOURS = ("Red", "Green", "Blue", "Amber")
EMPTY = World("", llm="scripted")
START = World("", (TOLD,), "scripted")


def ask(colour: str) -> str:
    """A message that asks for all that the conversation knows, and that can be told from the others."""
    return f"{colour} turn. {TELL}"


def answers(world: World, *colours: str) -> dict[str, str | None]:
    """What each turn answers if they are played in this order."""
    said = {}
    for colour in colours:
        said[colour] = world.predict(ask(colour)).text
        world = world.answering(ask(colour))
    return said


def group(it: Target, said: dict[str, str | None], *, at: tuple[float, float] = (10, 12)) -> None:
    """Turns at once, with these answers, by colour."""
    for number, (colour, says) in enumerate(said.items()):
        began, ended = at[0] + number / 10, at[1] + number / 10
        it.chat(ask(colour), A, says=says, deaf=True, at=(began, ended))


def course(said: dict[str, str | None]) -> Target:
    """Turns at once in a conversation that was told the code word."""
    it = Target()
    it.chat(TOLD)
    group(it, said)
    return it


@pytest.mark.parametrize("order", [each for count in (2, 3, 4) for each in permutations(COLOURS[:count])])
def test_any_order_is_allowed(order: tuple[str, ...]) -> None:
    said = answers(START, *order)
    it = course({colour: said[colour] for colour in COLOURS if colour in said})
    world = START
    for colour in order:
        world = world.answering(ask(colour))
    it.chat("Last turn. Tell all that you know.", A, says=world.predict("Last turn. Tell all that you know.").text)
    assert it.blamed() == []


def test_turns_beside_one_that_nothing_is_known_of_are_not_judged() -> None:
    it = Target()
    it.chat(TOLD)
    it.chat(ask("Red"), A, says="anything", at=(10, 12))
    it.chat(ask("Green"), A, says="at all", at=(10.1, 12))
    it.chat(ask("Blue"), A, members={"padding": "x" * MOST_BYTES}, at=(10.2, 12))
    assert it.blamed() == []


@pytest.mark.parametrize("count", [2, 3, 4])
def test_swapped_answers_are_forbidden(count: int) -> None:
    said = answers(START, *COLOURS[:count])
    first, *rest, last = COLOURS[:count]
    assert course({first: said[last], **{each: said[each] for each in rest}, last: said[first]}).blamed() == ["CONV-23"]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_one_answer_for_two_turns_is_forbidden(count: int) -> None:
    said = answers(START, *COLOURS[:count])
    assert course({**said, COLOURS[0]: said[COLOURS[1]]}).blamed() == ["CONV-23"]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_turns_that_know_nothing_of_each_other_are_forbidden(count: int) -> None:
    alone = {colour: answers(START, colour)[colour] for colour in COLOURS[:count]}
    assert course(alone).blamed() == ["CONV-23"]


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("lost", range(4))
def test_a_turn_that_is_lost_afterwards_is_missed_at_the_next_one(count: int, lost: int) -> None:
    order = COLOURS[:count]
    it = course(answers(START, *order))
    world = START
    for number, colour in enumerate(order):
        world = world if number == lost % count else world.answering(ask(colour))
    it.chat("Last.", A, says=world.predict(TELL).text)
    assert it.blamed() == ["CONV-23"]


def test_a_turn_that_is_heard_twice_is_noticed_at_the_next_one() -> None:
    it = course(answers(START, "Red", "Green"))
    world = START.answering(ask("Red")).answering(ask("Green")).answering(ask("Green"))
    it.chat(TELL, A, says=world.predict(TELL).text)
    assert it.blamed() == ["PROXY-2"]


def test_an_order_other_than_the_one_of_the_answers_is_noticed_at_the_next_turn() -> None:
    it = course(answers(START, "Red", "Green"))
    it.chat(TELL, A, says=START.answering(ask("Green")).answering(ask("Red")).predict(TELL).text)
    assert len(it.blamed()) == 1


@pytest.mark.parametrize("count", [2, 3, 4])
def test_first_turns_at_once_may_begin_a_conversation_in_any_order(count: int) -> None:
    for order in permutations(COLOURS[:count]):
        said = answers(EMPTY, *order)
        it = Target()
        group(it, {colour: said[colour] for colour in COLOURS[:count]})
        assert it.blamed() == []
    alone = {colour: answers(EMPTY, colour)[colour] for colour in COLOURS[:count]}
    it = Target()
    group(it, alone)
    assert it.blamed() == ["CONV-22"]


def test_of_first_turns_at_once_the_first_played_gives_the_instructions() -> None:
    question = "What is the instruction word?"
    for says, blamed in (("fig", []), ("date", []), ("elder", ["CONV-22"])):
        it = Target()
        it.chat("Hello.", A, instructions="The instruction word is fig.", at=(10, 12))
        it.chat(question, A, instructions="The instruction word is date.", says=says, at=(11, 13))
        assert it.blamed() == blamed


@pytest.mark.parametrize("status", [409, 429])
def test_a_turn_may_be_refused_while_another_one_is_under_way(status: int) -> None:
    it = Target()
    it.chat(TOLD)
    it.chat("Hello, you.", A, at=(10, 12))
    it.chat("The code word is pear.", A, at=(11, 11.5), status=status)
    it.chat(TELL, A)
    assert it.blamed() == []
    it.chat(TELL, A, status=409)
    assert it.blamed() == ["CONV-20"]


def test_a_turn_that_was_answered_before_another_was_sent_comes_before_it() -> None:
    for order, blamed in ((("Red", "Green", "Blue"), []), (("Blue", "Green", "Red"), ["CONV-23"])):
        said = answers(START, *order)
        it = Target()
        it.chat(TOLD)
        for colour, at in (("Red", (10.0, 12.0)), ("Green", (11.0, 15.0)), ("Blue", (13.0, 16.0))):
            it.chat(ask(colour), A, says=said[colour], at=at)
        assert it.blamed() == blamed


def test_turns_of_several_conversations_at_once_are_told_apart() -> None:
    told_other = "scripted | - | pear | The code word is pear. | Tell all that you know."
    for says, blamed in ((None, []), (told_other, ["CONV-16"])):
        it = Target()
        it.chat(TOLD)
        it.chat("The code word is pear.", answers_as=B)
        it.chat(TELL, A, says=says, at=(10, 12))
        it.chat(TELL, B, at=(11, 13))
        assert it.blamed() == blamed


def test_a_failure_among_turns_at_once_is_in_any_order_too() -> None:
    failing = "Fail, please. [[error: 500]]"
    for heard in ((), (failing,)):
        it = Target()
        it.chat(TOLD)
        it.chat(failing, A, at=(10, 12))
        world = World("", (TOLD, *heard), "scripted")
        it.chat(TELL, A, at=(11, 13), says=world.predict(TELL).text)
        assert it.blamed() == []


def test_a_client_that_gave_up_is_in_any_later_order() -> None:
    late = "The code word is pear."
    for heard in (0, 1, 2, None):
        it = Target()
        it.chat(TOLD)
        it.chat(late, A, status=GIVES_UP, at=(10, 11))
        messages = [TOLD]
        for number in range(2):
            if heard == number:
                messages.append(late)
            it.chat(TELL, A, says=World("", tuple(messages), "scripted").predict(TELL).text)
            messages.append(TELL)
        if heard == 2:
            messages.append(late)
        it.chat(TELL, A, says=World("", tuple(messages), "scripted").predict(TELL).text)
        assert it.blamed() == []


def worlds_after(worlds: set[World], *turns: Played) -> set[World]:
    """The worlds after these turns, where they can be told."""
    after = explain(frozenset(worlds), turns)
    assert after is not None
    return set(after)


def test_what_may_be_is_a_set_of_worlds() -> None:
    turn = Played("Hello.", 0, 1, "You said: Hello.")
    assert worlds_after({EMPTY}, turn) == {EMPTY.answering("Hello.")}
    assert worlds_after({EMPTY}, Played("Hello.", 0, 1, "You said: no.")) == set()
    assert worlds_after(set(), turn) == set()
    assert worlds_after({EMPTY}) == {EMPTY}
    assert worlds_after({EMPTY}, Played("Hello.", 0, 1, None, failed=True)) == set(EMPTY.failing("Hello."))
    unsure = Played("Hello.", 0, 1, None, unsure=True)
    assert worlds_after({EMPTY}, unsure) == {EMPTY, EMPTY.answering("Hello.")}
    (given_up,) = worlds_after({EMPTY}, Played("Hello.", 0, inf, None))
    assert (given_up.heard, given_up.waiting) == ((), ("Hello.",))


def test_where_too_much_is_possible_nothing_is_forbidden() -> None:
    for count, blamed in ((2, 1), (8, 0)):
        it = Target()
        it.chat(TOLD)
        for number in range(count):
            it.chat(f"Fail {number}. [[error: 500]]", A)
        it.chat(TELL, A, says="nonsense")
        it.chat(TELL, A, says="nonsense")
        assert len(it.blamed()) == blamed


def test_after_many_clients_that_gave_up_nothing_is_forbidden_any_more() -> None:
    for count, blamed in ((MOST_WAITING, ["CONV-24"]), (MOST_WAITING + 1, [])):
        it = Target()
        it.chat(TOLD)
        for number in range(count):
            it.chat(f"Turn {number}.", A, status=GIVES_UP)
        it.chat(TELL, A, says="nonsense")
        it.chat(TELL, A, says="nonsense")
        assert it.blamed() == blamed
