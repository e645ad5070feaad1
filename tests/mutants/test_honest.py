"""Honest gateways: the suite accuses none of them, in any order and selection of its scenarios.

`make selftest` plays on all of them, and every scenario alone; here are a plain one and a sample.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

import pytest

from harness.mutants.exchange import refusal
from harness.mutants.honest import Honest
from harness.mutants.judgement import contract_of
from harness.mutants.proof import prove, prove_alone, shuffled
from harness.mutants.record import Verdict
from harness.mutants.registry import every_honest
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import SLOW, Contract, Level

if TYPE_CHECKING:
    from harness.mutants.exchange import Request, Response
    from harness.mutants.mutant import Sound

SUITE = load_suite(corpus_folder())
GATEWAYS = {gateway.__name__: gateway for gateway in every_honest()}


def scenarios_of(contract: Contract) -> list[str]:
    requirements = SUITE.requirements
    return [each.id for each in SUITE.scenarios.values() if contract in requirements[each.requirement].contracts]


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=lambda gateway: gateway.__name__)
def test_an_honest_gateway_says_what_is_different_and_lacks_nothing_that_it_must(gateway: type[Honest]) -> None:
    confession = gateway.__doc__ or ""
    assert confession.endswith(".")
    assert "\n" not in confession
    assert all(SUITE.requirements[name].level is not Level.MUST for name in gateway.lacks)


def test_each_look_is_there_in_both_contracts() -> None:
    assert len(GATEWAYS) == len(every_honest())
    looks = {name.partition("-")[0] for name in GATEWAYS}
    assert set(GATEWAYS) == {f"{look}-{contract}" for look in looks for contract in Contract}
    assert all(name.endswith(f"-{contract_of(gateway)}") for name, gateway in GATEWAYS.items())


def test_the_order_of_the_scenarios_is_another_for_another_seed_and_the_same_for_the_same() -> None:
    first, again, other = (list(shuffled(SUITE, seed).scenarios) for seed in ("1", "1", "2"))
    assert first == again
    assert first != other
    assert sorted(first) == sorted(other) == sorted(SUITE.scenarios)
    assert first != list(SUITE.scenarios)


@pytest.mark.parametrize("contract", Contract)
def test_in_another_order_all_scenarios_come_to_the_same_verdict_and_the_model_agrees(contract: Contract) -> None:
    record = prove(GATEWAYS[f"Plain-{contract}"], SUITE, seed="order")
    assert (record.verdict, record.reason, record.accusations) == (Verdict.CONFORMANT, None, ())
    assert record.scenarios == sum(SLOW not in SUITE.scenarios[name].tags for name in scenarios_of(contract))


def test_a_scenario_comes_to_the_same_verdict_alone_and_once_more() -> None:
    sample = random.Random(0).sample(scenarios_of(Contract.AGENT_SERVER), 12)
    record = prove_alone(GATEWAYS["Plain-agent-server"], SUITE, sample)
    assert (record.verdict, record.reason, record.accusations) == (Verdict.CONFORMANT, None, ())
    assert (record.alone, record.scenarios >= 2 * len(sample)) == (True, True)


class Forgets(Honest):
    """Knows an id once and never again: what a scenario leaves behind is in its own way."""

    def __init__(self, gateway: Sound) -> None:
        super().__init__(gateway)
        self._known: set[str] = set()

    async def answer(self, request: Request) -> Response:
        if request.conversation is None:
            return await self.gateway(request)
        if request.conversation in self._known:
            return refusal(409, "This conversation is over.")
        self._known.add(request.conversation)
        return await self.gateway(request)


def test_a_scenario_that_can_not_be_played_again_is_found_out() -> None:
    chosen = "conversation/client-chooses-the-id[version-1]"
    assert prove(Forgets, SUITE, scenarios=(chosen,)).verdict is Verdict.CONFORMANT
    assert prove_alone(Forgets, SUITE, [chosen]).verdict is Verdict.FALSE_ALARM


class NamesAnotherModel(Honest):
    """Answers in the name of another model."""

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        answered = request.chat is not None and response.status == 200
        return response.with_json({**response.json, "model": "gpt-7"}) if answered else response


class KnowsThatItDoes(NamesAnotherModel):
    """Answers in the name of another model, and says so."""

    lacks: ClassVar = {"CHAT-10": "it has names of its own"}


def test_what_a_scenario_overlooks_and_the_model_of_the_contract_sees_is_an_accusation() -> None:
    overlooking = "conversation/id-is-returned"
    for record in (
        prove(NamesAnotherModel, SUITE, scenarios=(overlooking,)),
        prove_alone(NamesAnotherModel, SUITE, [overlooking]),
    ):
        assert record.verdict is Verdict.FALSE_ALARM
        assert {(each.scenario, each.requirement) for each in record.accusations} == {(overlooking, "CHAT-10")}
        reason = record.accusations[0].reason
        assert reason == "the model of the contract says: model: expected openhands_scripted, got gpt-7"
    assert prove(KnowsThatItDoes, SUITE, scenarios=(overlooking, "chat/answer-names-the-model")).accusations == ()
