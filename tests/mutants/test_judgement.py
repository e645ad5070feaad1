"""A self-test's verdict on gateways with known faults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from harness.mutants.honest import Honest
from harness.mutants.judgement import judge_honest, judge_mutant
from harness.mutants.mutant import Mutant, SpoilsAnswers
from harness.mutants.proof import play, prove
from harness.mutants.record import HonestRecord, MutantRecord, Verdict
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Level
from harness.verdict import State

if TYPE_CHECKING:
    from harness.mutants.exchange import Request, Response

SUITE = load_suite(corpus_folder())
PLAYED = (
    "models/can-be-retrieved",
    "models/retrieving-an-unknown-one-fails",
    "models/are-listed-once",
    "models/belong-to-openhands",
)
MISSING, TWICE, FOREIGN = "MODEL-6", "MODEL-9", "MODEL-8"


def test_the_requirements_that_these_gateways_break_are_what_they_were() -> None:
    levels = {name: SUITE.requirements[name].level for name in (MISSING, TWICE, FOREIGN)}
    assert levels == {MISSING: Level.SHOULD, TWICE: Level.SHOULD, FOREIGN: Level.MAY}


class HidesModels(Mutant):
    """Finds no single model."""

    breaks = MISSING

    async def answer(self, request: Request) -> Response:
        hidden = request.is_for("GET", "/v1/models/")
        return await self.gateway(replace(request, path="/v1/nothing") if hidden else request)


class ListsTwice(SpoilsAnswers):
    """Lists every model twice."""

    breaks = TWICE
    method, path = "GET", "/v1/models"

    def spoil(self, body: dict[str, Any]) -> None:
        body["data"] *= 2


class ListsTwiceAndHides(HidesModels):
    """Lists every model twice, and finds none of them."""

    async def answer(self, request: Request) -> Response:
        response = await super().answer(request)
        if not request.is_for("GET", "/v1/models"):
            return response
        return response.with_json({**response.json, "data": response.json["data"] * 2})


def verdict(mutant: type[Mutant]) -> MutantRecord:
    record = prove(mutant, SUITE, scenarios=PLAYED)
    assert isinstance(record, MutantRecord)
    return record


def named(base: type[Mutant], **attributes: Any) -> type[Mutant]:
    """The same sin under another flag."""
    return type(base.__name__, (base,), attributes)


def test_a_mutant_that_is_accused_of_what_it_breaks_and_of_nothing_else_is_caught() -> None:
    record = verdict(HidesModels)
    assert (record.verdict, record.reason) == (Verdict.CAUGHT, None)
    assert record.caught_by == ("models/can-be-retrieved",)
    assert (record.elsewhere, record.level) == ((), Level.SHOULD)
    assert record.requests > record.scenarios > 0


def test_a_mutant_that_nobody_accuses_survives() -> None:
    record = verdict(named(Mutant, breaks=MISSING))
    assert (record.verdict, record.accusations) == (Verdict.SURVIVED, ())


def test_a_mutant_that_is_accused_of_something_else_is_caught_only_elsewhere() -> None:
    record = verdict(named(HidesModels, breaks=TWICE))
    assert (record.verdict, record.caught_by) == (Verdict.CAUGHT_ELSEWHERE, ())
    assert {each.requirement for each in record.elsewhere} == {MISSING}


def test_an_accusation_of_more_than_a_mutant_breaks_is_wrong_unless_it_says_so_itself() -> None:
    assert verdict(ListsTwiceAndHides).verdict is Verdict.CAUGHT_AND_ELSEWHERE
    admitted = verdict(named(ListsTwiceAndHides, also=frozenset({TWICE})))
    assert (admitted.verdict, admitted.elsewhere, admitted.also) == (Verdict.CAUGHT, (), (TWICE,))


def test_a_mutant_that_says_it_breaks_more_than_it_does_is_not_judged() -> None:
    record = verdict(named(HidesModels, also=frozenset({TWICE})))
    assert record.verdict is Verdict.NOT_JUDGED
    assert record.reason == f"it says that it breaks {TWICE}, and the suite doesn't see it"


def test_what_a_mutant_says_it_breaks_too_may_lie_in_what_was_not_played() -> None:
    record = prove(named(HidesModels, also=frozenset({TWICE})), SUITE, scenarios=("models/can-be-retrieved",))
    assert record.verdict is Verdict.CAUGHT


def test_what_else_a_gross_mutant_breaks_is_held_against_nobody() -> None:
    record = verdict(named(ListsTwiceAndHides, gross=True))
    assert (record.verdict, record.gross, record.elsewhere) == (Verdict.CAUGHT, True, ())
    assert {each.requirement for each in record.accusations} == {MISSING, TWICE}


def test_a_gross_mutant_whose_own_requirement_is_not_named_survives() -> None:
    assert verdict(named(HidesModels, breaks=TWICE, gross=True)).verdict is Verdict.SURVIVED


def test_a_gross_mutant_whose_run_ended_early_is_judged_by_what_was_named_before() -> None:
    gross = named(HidesModels, gross=True)
    report = play(gross, SUITE, PLAYED)
    cut = report.model_copy(update={"run": report.run.model_copy(update={"ended_early": "the power failed"})})
    record = judge_mutant(gross, SUITE, cut, [])
    assert (record.verdict, record.reason) == (Verdict.CAUGHT, "the power failed")
    unknown = tuple(each.model_copy(update={"state": State.COULD_NOT_RUN}) for each in cut.scenarios)
    left_open = cut.model_copy(update={"scenarios": unknown})
    assert judge_mutant(gross, SUITE, left_open, []).verdict is Verdict.SURVIVED


def test_what_only_may_be_is_seen_and_held_against_nobody() -> None:
    class BelongsToOthers(SpoilsAnswers):
        breaks = FOREIGN
        method, path = "GET", "/v1/models"

        def spoil(self, body: dict[str, Any]) -> None:
            for model in body["data"]:
                model["owned_by"] = "somebody"

    record = verdict(BelongsToOthers)
    assert (record.verdict, record.level) == (Verdict.CAUGHT, Level.MAY)
    assert {each.state for each in record.accusations} == {State.NOT_ASSESSED}
    assert verdict(named(Mutant, breaks=FOREIGN)).verdict is Verdict.SURVIVED


def test_a_mutant_that_breaks_down_is_not_judged() -> None:
    class BreaksDown(Mutant):
        breaks = MISSING

        async def answer(self, request: Request) -> Response:
            if request.is_for("GET", "/v1/models/"):
                raise RuntimeError("out of paper")
            return await self.gateway(request)

    record = verdict(BreaksDown)
    assert (record.verdict, record.reason) == (Verdict.NOT_JUDGED, "it crashed: RuntimeError: out of paper")


def test_a_mutant_that_the_suite_can_not_be_played_on_is_not_judged() -> None:
    class ListsNothing(SpoilsAnswers):
        breaks = MISSING
        path = "/v1/.*"

        def spoil(self, body: dict[str, Any]) -> None:
            body.clear()

        async def answer(self, request: Request) -> Response:
            response = await super().answer(request)
            return response.with_json({}, status=503)

    record = verdict(ListsNothing)
    assert record.verdict is Verdict.NOT_JUDGED
    assert "a plain chat with openhands_scripted is not answered: 503" in (record.reason or "")


def test_a_fault_of_the_harness_is_no_catch() -> None:
    report = play(HidesModels, SUITE, PLAYED)
    broken = tuple(
        each.model_copy(update={"state": State.HARNESS_ERROR, "reason": "our fault"})
        if each.state is State.WARNED
        else each
        for each in report.scenarios
    )
    record = judge_mutant(HidesModels, SUITE, report.model_copy(update={"scenarios": broken}), [])
    assert (record.verdict, record.reason) == (Verdict.NOT_JUDGED, "models/can-be-retrieved: our fault")


class Faultless(Honest):
    """Does everything right."""


class Boasts(Honest):
    """Finds no single model, and doesn't know it."""

    async def answer(self, request: Request) -> Response:
        hidden = request.is_for("GET", "/v1/models/")
        return await self.gateway(replace(request, path="/v1/nothing") if hidden else request)


class Admits(Boasts):
    """Finds no single model."""

    lacks: ClassVar = {MISSING: "there are too many", "MODEL-7": "what isn't found can't be told from what isn't there"}


class Modest(Honest):
    """Says that it finds no single model, and does."""

    lacks: ClassVar = {MISSING: "it thinks so"}


@pytest.mark.parametrize(
    ("honest", "expected"),
    [
        (Faultless, Verdict.CONFORMANT),
        (Boasts, Verdict.FALSE_ALARM),
        (Admits, Verdict.CONFORMANT),
        (Modest, Verdict.NOT_JUDGED),
    ],
)
def test_an_honest_gateway_is_accused_of_nothing_but_what_it_says_it_lacks(
    honest: type[Honest], expected: Verdict
) -> None:
    record = prove(honest, SUITE, scenarios=PLAYED, seed="7")
    assert isinstance(record, HonestRecord)
    assert (record.verdict, record.seed, record.alone) == (expected, "7", False)
    accused = {each.requirement for each in record.accusations}
    assert accused == ({MISSING, "MODEL-7"} if honest is Boasts else set())


def test_an_honest_gateway_that_could_not_be_played_to_the_end_is_not_judged() -> None:
    report = play(Faultless, SUITE, PLAYED)
    cut = report.model_copy(update={"run": report.run.model_copy(update={"ended_early": "the power failed"})})
    record = judge_honest(Faultless, cut, [], alone=False)
    assert (record.verdict, record.reason) == (Verdict.NOT_JUDGED, "the power failed")
