from __future__ import annotations

import pytest

from harness.judge.contract import judge_contract, judge_requirements
from harness.judge.repeats import combine, interval
from harness.reading.problems import Location
from harness.scenarios.model import Contract, Level, Requirement
from harness.verdict import Finding, Outcome, Repeats, ScenarioVerdict, State

PASSED, FAILED, WARNED = State.PASSED, State.FAILED, State.WARNED
UNKNOWN = State.COULD_NOT_RUN


def run(state: State, reason: str | None = None) -> ScenarioVerdict:
    return ScenarioVerdict("a/b", "A-1", state, reason, (Finding(0, "status", "200", state),), 1)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([PASSED, PASSED, PASSED], PASSED),
        ([FAILED, FAILED], FAILED),
        ([WARNED, WARNED], WARNED),
        ([PASSED, FAILED], State.FLAKY),
        ([FAILED, PASSED, PASSED], State.FLAKY),
        ([WARNED, PASSED], State.FLAKY),
        ([PASSED, UNKNOWN], UNKNOWN),
        ([FAILED, UNKNOWN], FAILED),
        ([WARNED, UNKNOWN], WARNED),
        ([WARNED, UNKNOWN, PASSED], State.FLAKY),
        ([PASSED, FAILED, State.HARNESS_ERROR], State.HARNESS_ERROR),
        ([PASSED, State.NOT_ASSESSED], State.NOT_ASSESSED),
    ],
)
def test_several_runs_are_stable_or_flaky_or_tell_nothing(states: list[State], state: State) -> None:
    verdict = combine([run(each) for each in states])
    assert verdict.state is state
    assert verdict.repeats == Repeats(
        runs=len(states), passed=states.count(PASSED), violated=states.count(FAILED) + states.count(WARNED)
    )


def test_one_run_is_what_it_is() -> None:
    assert combine([run(FAILED, "why")]) == run(FAILED, "why")


def test_the_evidence_is_that_of_the_first_violation_and_the_reason_tells_the_rate() -> None:
    verdict = combine([run(PASSED), run(UNKNOWN, "busy"), run(WARNED, "first"), run(WARNED, "second"), run(PASSED)])
    assert verdict.findings[0].actual == WARNED
    assert verdict.reason == "violated in 2 of 4 runs (50%, 95 % interval 15% to 85%): first"


@pytest.mark.parametrize(
    ("passed", "violated", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3; and the ends
        (263 - 81, 81, 0.2553, 0.3662),
        (148 - 15, 15, 0.0624, 0.1605),
        (20, 0, 0.0, 0.1611),
        (28, 1, 0.0061, 0.1718),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_of_the_rate_is_wilsons(passed: int, violated: int, low: float, high: float) -> None:
    assert interval(Repeats(passed + violated, passed, violated)) == pytest.approx((low, high), abs=0.00005)


@pytest.mark.parametrize(
    ("level", "outcome"), [(Level.MUST, Outcome.NON_CONFORMANT), (Level.SHOULD, Outcome.CONFORMANT)]
)
def test_a_flaky_must_is_not_conformant_and_a_flaky_should_is_a_warning(level: Level, outcome: Outcome) -> None:
    location = Location("x", 1, 1)  # type: ignore[arg-type]  # nobody looks at it
    requirement = Requirement("A-1", level, "It holds.", "here", frozenset(Contract), location)
    verdicts = judge_requirements([requirement], [combine([run(PASSED), run(FAILED)]), run(PASSED)])
    assert verdicts[0].state is State.FLAKY
    assert judge_contract(Contract.DOCUMENTED, verdicts, interrupted=False).outcome is outcome
