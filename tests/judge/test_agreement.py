"""Where a scenario passed and the model of the contract forbids what came, the two are told to disagree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.contract.request import Given
from harness.judge.agreement import contradictions
from harness.judge.scenario import judge
from harness.reading.problems import Location
from harness.scenarios.model import AskModel, Call, Contract, Expectation, Level, Requirement, Scenario, Step
from harness.trace import Attempt, Exchange, Request, Response, Trace

if TYPE_CHECKING:
    from harness.scenarios.model import Action

HERE = Location(Path("x.yaml"), 1, 1)
MODEL, ID = "openhands_scripted", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
BOTH, ONE = frozenset(Contract), frozenset({Contract.DOCUMENTED})
CHAT = Call("chat.completions.create", {})


def requirements(contracts: frozenset[Contract]) -> dict[str, Requirement]:
    names = {"CHAT-1": BOTH, "CHAT-10": contracts, "CHAT-2": contracts}
    return {name: Requirement(name, Level.MUST, "text", "source", asked, HERE) for name, asked in names.items()}


def chat(step: int, *, says: str = "You said: Hello.", model: str = MODEL, status: int = 200) -> Exchange:
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "Hello."}]}
    headers = (("Authorization", "Bearer $KEY"), ("Content-Type", "application/json"))
    answer = {"model": model, "choices": [{"message": {"content": says}}]}
    named = f"{step}{ID[1:]}"
    came = (("Content-Type", "application/json"), ("X-OpenHands-ServerConversation-ID", named))
    request = Request("POST", "http://x/v1/chat/completions", headers, json.dumps(asked).encode())
    return Exchange(step, step, 0.5, request, Response(status, came, json.dumps(answer).encode()))


def disagreed(
    *exchanges: Exchange,
    contracts: frozenset[Contract] = BOTH,
    contract: Contract = Contract.AGENT_SERVER,
    action: Action = CHAT,
) -> list[str]:
    """The requirements of the disagreements about a scenario that asks each time for 200, and nothing else."""
    steps = tuple(Step(action, "bearer", Expectation(200), HERE) for _ in exchanges)
    scenario = Scenario("x/y", "title", "CHAT-1", "x", steps, HERE)
    trace = Trace("x/y", {}, exchanges)
    promised = requirements(contracts)
    given = Given(contract, frozenset({"$KEY"}), {MODEL: "scripted"}, scripted=True)
    return [
        each.requirement for each in contradictions(judge(scenario, promised, trace), scenario, promised, trace, given)
    ]


def test_a_scenario_that_passed_for_a_reason_agrees() -> None:
    assert disagreed(chat(0), chat(1)) == []


@pytest.mark.parametrize(
    ("wrong", "requirement"), [(chat(1, says="I am a teapot."), "CHAT-2"), (chat(1, model="gpt-7"), "CHAT-10")]
)
def test_what_a_scenario_overlooks_and_the_model_forbids_is_told(wrong: Exchange, requirement: str) -> None:
    assert disagreed(chat(0), wrong) == [requirement]


def test_what_a_scenario_found_itself_is_not_told_again() -> None:
    assert disagreed(chat(0, says="I am a teapot."), chat(1, status=500)) == []


def test_what_only_the_other_contract_asks_is_nothing() -> None:
    assert disagreed(chat(0, model="gpt-7"), contracts=ONE) == []
    assert disagreed(chat(0, model="gpt-7"), contracts=ONE, contract=Contract.DOCUMENTED) == ["CHAT-10"]


def test_requests_that_a_client_sent_by_itself_count_too() -> None:
    first = chat(0, model="gpt-7")
    again = Exchange(0, 0, 0.5, chat(1).request, chat(1).response, attempts=(Attempt(first.request, first.response),))
    assert disagreed(again) == ["CHAT-10"]


def test_the_scripted_models_log_is_none_of_the_targets_answers() -> None:
    assert disagreed(chat(0, says="I am a teapot."), action=AskModel("GET", "requests")) == []
