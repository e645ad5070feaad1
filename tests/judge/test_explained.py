"""`explained: one-order`: one order of a conversation's turns has to explain all of its answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.judge.scenario import judge
from harness.reading.problems import Location
from harness.scenarios.model import Call, Contract, Expectation, Explained, Http, Level, Requirement, Scenario, Step
from harness.trace import Exchange, Request, Response, Trace
from harness.verdict import State

if TYPE_CHECKING:
    from harness.json_value import Json

HERE = Location(Path("x.yaml"), 1, 1)
REQUIREMENT = Requirement("X-1", Level.MUST, "text", "source", frozenset(Contract), HERE)
CONVERSATION = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
NAMED = ("X-OpenHands-ServerConversation-ID", CONVERSATION)
JSON = ("Content-Type", "application/json")
WHICH = "Which language model are you?"
TELL = "Tell all that you know."
CHAT = Call("chat.completions.create", {})


class Conversation:
    """Turns of one conversation as they were played, each in its own second unless it says otherwise."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.exchanges: list[Exchange] = []

    def turn(
        self,
        text: str,
        says: str | None,
        *,
        status: int = 200,
        expects: Json = 200,
        at: tuple[float, float] | None = None,
        explained: bool = True,
        beside: bool = False,
    ) -> None:
        """A turn. Without an answer (`says` and `expects` are None) its client gave up.

        Args:
            text: the user's message.
            says: the answer.
            status: of the answer.
            expects: the status that the step expects.
            at: when it was sent and when it was answered.
            explained: whether the step asks for an explanation.
            beside: whether it was sent beside the one before.
        """
        number = len(self.steps)
        began, ended = at or (number, number + 0.5)
        body = {"model": "openhands_x", "messages": [{"role": "user", "content": text}]}
        request = Request("POST", "http://x/v1/chat/completions", (JSON, NAMED), json.dumps(body).encode())
        answer = json.dumps({"choices": [{"message": {"content": says}}]}).encode()
        response = None if expects is None else Response(status, (JSON, NAMED), answer)
        expectation = Expectation(expects, explained=Explained.ONE_ORDER if explained and expects else None)
        self.steps.append(Step(CHAT, "both", expectation, HERE, joined=beside, timeout=None if expects else 1))
        exchange = Exchange(number, began, ended - began, request, response, gave_up=response is None)
        self.exchanges.append(exchange)

    def verdict(self) -> tuple[State, str | None]:
        """The state of the scenario, and its reason."""
        scenario = Scenario("x/y", "title", "X-1", "x", tuple(self.steps), HERE)
        found = judge(scenario, {"X-1": REQUIREMENT}, Trace("x/y", {}, tuple(self.exchanges)))
        return found.state, found.reason


def at_once(first: str, second: str) -> Conversation:
    """Two messages that were under way at once, with these answers, after the language model's name was asked for."""
    played = Conversation()
    played.turn(WHICH, "plum", explained=False)
    played.turn(f"one: {TELL}", first, at=(1, 3))
    played.turn(f"two: {TELL}", second, at=(1, 3), beside=True)
    return played


ALONE = "plum | - | - | Which language model are you? | {}: Tell all that you"
BOTH = "plum | - | - | Which language model are you? | {}: Tell all that you | {}: Tell all that you"


def test_of_two_turns_at_once_either_may_be_the_first() -> None:
    assert at_once(ALONE.format("one"), BOTH.format("one", "two")).verdict() == (State.PASSED, None)
    assert at_once(BOTH.format("two", "one"), ALONE.format("two")).verdict() == (State.PASSED, None)


def test_two_turns_at_once_are_not_both_the_first_nor_answered_with_each_others_text() -> None:
    assert at_once(ALONE.format("one"), ALONE.format("two")).verdict()[0] is State.FAILED
    assert at_once(ALONE.format("two"), BOTH.format("one", "two")).verdict()[0] is State.FAILED


def test_the_order_of_two_turns_holds_for_what_comes_after_them() -> None:
    for order, state in ((("one", "two"), State.PASSED), (("two", "one"), State.FAILED)):
        played = at_once(ALONE.format("one"), BOTH.format("one", "two"))
        played.turn(f"three: {TELL}", f"{BOTH.format(*order)} | three: Tell all that you")
        assert played.verdict()[0] is state


def test_no_order_counts_that_real_time_forbids() -> None:
    played = at_once(BOTH.format("two", "one"), ALONE.format("two"))
    played.exchanges[1] = replace(played.exchanges[1], elapsed=0.5)
    played.exchanges[2] = replace(played.exchanges[2], started=2)
    assert played.verdict()[0] is State.FAILED


def test_the_message_of_a_failed_turn_was_heard_or_not_and_never_joined_to_the_next() -> None:
    for says, state in (("2", State.PASSED), ("3", State.PASSED), ("1", State.FAILED), ("4", State.FAILED)):
        played = Conversation()
        played.turn("one: hello", "You said: one: hello")
        played.turn("two: [[error: 500]]", None, status=502, expects={"minimum": 500})
        played.turn("three: How many messages have I sent?", says)
        assert played.verdict()[0] is state
    played = Conversation()
    played.turn("one: hello", "You said: one: hello")
    played.turn("two: [[error: 500]]", None, status=502, expects={"minimum": 500}, explained=False)
    played.turn("three: hello", "You said: two:\nthree: hello")
    state, reason = played.verdict()
    assert state is State.FAILED
    assert "joined" in (reason or "")


def test_the_message_of_a_client_that_gave_up_may_arrive_later() -> None:
    for says, state in (("1", State.PASSED), ("2", State.PASSED), ("3", State.FAILED)):
        played = Conversation()
        played.turn("one: [[delay: 1]]", None, expects=None)
        played.turn("two: How many messages have I sent?", says)
        assert played.verdict()[0] is state


def test_a_refused_turn_plays_no_part() -> None:
    played = at_once(ALONE.format("one"), "")
    played.exchanges[2] = replace(played.exchanges[2], response=Response(409, (JSON,), b"{}"))
    played.steps[2] = replace(played.steps[2], expect=Expectation({"enum": [200, 409]}, explained=Explained.ONE_ORDER))
    played.turn(f"three: {TELL}", BOTH.format("one", "three"))
    assert played.verdict() == (State.PASSED, None)


def test_an_answer_without_an_explanation_counts_at_the_next_step_that_asks_for_one() -> None:
    played = Conversation()
    played.turn("one: How many messages have I sent?", "2", explained=False)
    played.turn("two: How many messages have I sent?", "2")
    state, reason = played.verdict()
    assert state is State.FAILED
    assert "expected '1', got '2'" in (reason or "")


def test_what_nobody_can_predict_is_the_scenarios_fault() -> None:
    unasked = Conversation()
    unasked.turn(f"one: {TELL}", "plum | - | - | one: Tell all that you")
    assert unasked.verdict() == (
        State.HARNESS_ERROR,
        "step 1: a step before it has to ask `Which language model are you?` of its model",
    )
    added = Conversation()
    added.turn("one: hello", "You said: one: hello")
    step = Step(Http("POST", f"/api/conversations/{CONVERSATION}/run"), "both", Expectation(200), HERE)
    request = Request("POST", f"http://x/api/conversations/{CONVERSATION}/run", (), b"")
    added.steps.append(step)
    added.exchanges.append(Exchange(1, 1, 0.5, request, Response(200, (JSON,), b"{}")))
    added.turn("two: hello", "You said: two: hello")
    assert added.verdict() == (State.HARNESS_ERROR, "step 3: what its conversation was told is not known")


def test_a_failure_before_it_is_a_finding_and_no_fault_of_the_scenario() -> None:
    played = Conversation()
    played.turn("one: hello", None, status=500)
    state, reason = played.verdict()
    assert state is State.FAILED
    assert "status" in (reason or "")


def test_a_failure_beside_it_is_a_finding_too() -> None:
    played = at_once(ALONE.format("one"), "2")
    body = {"model": "openhands_x", "messages": [{"role": "user", "content": "two: hello [[error: 500]]"}]}
    request = replace(played.exchanges[2].request, body=json.dumps(body).encode())
    played.exchanges[2] = replace(played.exchanges[2], request=request)
    played.steps[2] = replace(played.steps[2], expect=Expectation(502))
    assert played.verdict() == (State.FAILED, "status: expected 502, got 200")
