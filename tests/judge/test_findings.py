"""What a finding says: the step, the check, what was expected, what was found. A report has nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.json_value import shorten
from harness.judge.contract import apply_controls, judge_contract, judge_requirements
from harness.judge.repeats import interval
from harness.judge.scenario import judge
from harness.scenarios.body import MAXIMUM_DEPTH, BodyError, decode
from harness.scenarios.capture import CaptureError, capture
from harness.scenarios.model import Contract, Expectation, Level, Scenario
from harness.trace import ClientView, Response, Trace
from harness.verdict import Finding, Repeats, State
from tests.judge.test_judge import HERE, by_id, exchange, requirement, response, scenario, step, trace, verdict

if TYPE_CHECKING:
    from harness.json_value import Json

SPOKEN = '"spoken"'
VARIABLES: dict[str, Json] = {"word": "spoken", "plain": {"a": 1}}


def second(expect: Expectation, answer: Response, client: ClientView | None = None) -> tuple[Finding, ...]:
    """The findings of a second step, after a first one that holds."""
    played = trace(response(), exchange(1, answer, client), variables=VARIABLES)
    return judge(scenario(step(), step(expect)), by_id(), played).findings


@pytest.mark.parametrize(
    ("expect", "answer", "finding"),
    [
        (Expectation(201), response(), ("status", "201", "200")),
        (Expectation(None), response(), ("status", "no answer", "200")),
        (
            Expectation(200, headers={"X-A": "${word}"}),
            response(headers={"x-a": "b"}),
            ("headers.X-A", SPOKEN, '"b"'),
        ),
        (Expectation(200, headers={"X-A": "b"}), response(), ("headers.X-A", '"b"', "nothing")),
        (Expectation(200, body={"$.a": "${word}"}), response(body={"a": 1}), ("body $.a", SPOKEN, "1")),
        (
            Expectation(200, body={"$.${word}": "${word}"}),
            response(body={}),
            ("body $.spoken", SPOKEN, "no such value in the body"),
        ),
        (
            Expectation(200, body={"$": {"properties": {"a": {"type": "string"}}}}),
            response(body={"a": 1}),
            ("body $", '{"type": "string"} at $.a', "1"),
        ),
        (Expectation(200, body={"$": {"type": "string"}}), response(body=7), ("body $", '{"type": "string"}', "7")),
        (
            Expectation(200, body={"$": {"properties": {"a": False}}}),
            response(body={"a": 1}),
            ("body $", '{"properties": {"a": false}}', "1"),
        ),
        (
            Expectation(200, body={"$": {"$ref": "#"}}),
            response(body=1),
            ("body $", '{"$ref": "#"}', "a value nested too deeply to look at"),
        ),
        (Expectation(200, text="${word}"), response(body={}), ("text", SPOKEN, "no text in the body")),
        (
            Expectation(200, text="${word}"),
            response(body={"choices": [{"message": {"content": "no"}}]}),
            ("text", SPOKEN, '"no"'),
        ),
        (Expectation(200, shape="${plain}"), response(body={"a": "x"}), ("shape $.a", "number", "string")),
        (Expectation(200, body={"$.a": 1}), response(body=b""), ("body", "JSON", "an empty body")),
    ],
)
def test_a_finding_says_where_it_was_what_was_expected_and_what_was_there(
    expect: Expectation, answer: Response, finding: tuple[str, str, str]
) -> None:
    assert second(expect, answer) == (Finding(1, *finding),)


@pytest.mark.parametrize(
    ("expect", "client", "finding"),
    [
        (Expectation(200, raises="NotFoundError"), ClientView(raised="X"), ("raises", "NotFoundError", "X")),
        (Expectation(200, returns="Model"), ClientView(returned="str"), ("returns", "Model", "str")),
        (
            Expectation(200, returns="Model"),
            ClientView(returned="Model", problems=("id: missing", "object: wrong")),
            ("returns", "a valid Model", "id: missing; object: wrong"),
        ),
    ],
)
def test_so_does_one_about_the_clients_view(
    expect: Expectation, client: ClientView, finding: tuple[str, str, str]
) -> None:
    assert second(expect, response(), client) == (Finding(1, *finding),)


def test_a_client_that_should_have_got_nothing_is_judged_in_its_own_step() -> None:
    expect = Expectation(None, raises="APITimeoutError")
    assert [finding.step for finding in second(expect, response(), ClientView(returned="Model"))] == [1, 1]


def test_a_path_that_is_too_much_hides_no_other() -> None:
    findings = second(Expectation(200, body={"$..*": "${word}", "$.a": "${word}"}), response(body=[1] * 20_000))
    assert [(finding.step, finding.check, finding.expected) for finding in findings] == [
        (1, "body $..*", SPOKEN),
        (1, "body $.a", SPOKEN),
    ]
    assert "selects more than" in findings[0].actual


def test_of_a_list_of_wrong_items_five_are_told() -> None:
    findings = second(Expectation(200, body={"$[*]": 1}), response(body=[0] * 9))
    assert [finding.check for finding in findings] == [f"body $[{index}]" for index in range(5)]


@pytest.mark.parametrize(("failure", "actual"), [("ConnectError: refused", "ConnectError: refused"), (None, "nothing")])
def test_a_request_without_an_answer_says_what_the_transport_said(failure: str | None, actual: str) -> None:
    silent = Trace("x/y", {}, (replace(exchange(0, None), failure=failure),))
    assert judge(scenario(), by_id(), silent).findings == (Finding(0, "response", "an HTTP response", actual),)


@pytest.mark.parametrize(
    ("source", "answer", "actual"),
    [
        ("headers.X-Id", response(headers={"x-other": "1"}), "no such header"),
        ("$.id", response(body={"a": 1}), "no such value in the body"),
        ("$.id", response(body=b""), "an empty body"),
    ],
)
def test_what_can_not_be_saved_is_told_with_where_it_was_looked_for(source: str, answer: Response, actual: str) -> None:
    played = scenario(step(), step(save={"id": source}))
    findings = judge(played, by_id(), trace(response(), answer, stopped="x")).findings
    assert findings == (Finding(1, "save id", f"a value at {source}", actual),)
    with pytest.raises(CaptureError, match=f"^{actual}$") as missing:
        capture({"id": source}, answer)
    assert missing.value.name == "id"


def test_a_header_or_the_first_node_of_a_path_is_what_is_saved() -> None:
    answer = response(body={"items": [{"id": 7}, {"id": 8}]}, headers={"x-id": "seven"})
    assert capture({"header": "headers.X-Id", "first": "$.items[*].id"}, answer) == {"header": "seven", "first": 7}


def test_a_shape_that_is_the_same_counts_as_looked_at() -> None:
    played = trace(response(body={"a": 5}), variables=VARIABLES)
    judged = judge(scenario(step(Expectation(200, shape="${plain}"))), by_id(), played)
    assert (judged.state, judged.checks) == (State.PASSED, 2)


@pytest.mark.parametrize(("length", "shown"), [(198, "k" * 198), (199, f"{'k' * 198}…")])
def test_the_path_of_a_shape_is_shown_up_to_two_hundred_characters(length: int, shown: str) -> None:
    (finding, _) = second(Expectation(200, shape="${plain}"), response(body={"k" * length: 1}))[::-1]
    assert finding.check == f"shape $.{shown}"


def test_what_was_sent_beside_a_request_that_the_target_lost_is_looked_at() -> None:
    beside = scenario(step(), step())
    judged = judge(beside, by_id(), trace(None, response(500), lost="the target is gone"))
    assert judged.state is State.FAILED
    assert [finding.step for finding in judged.findings] == [1]


def test_a_verdict_names_its_scenario_and_its_requirement() -> None:
    judged = judge(replace(scenario(name="a/b"), requirement="A-1"), by_id(requirement(name="A-1")), trace(response()))
    assert (judged.scenario, judged.requirement) == ("a/b", "A-1")


def test_reasons_are_sentences_for_people() -> None:
    assert judge(scenario(), by_id(), trace(response(429))).reason == (
        "the target is busy (429): try again with fewer --jobs"
    )
    assert judge(scenario(), by_id(), trace()).reason == "not all steps were played"
    empty = Scenario("x/y", "title", "X-1", "x", (), HERE)
    assert judge(empty, by_id(), trace()).reason == "nothing was looked at"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing"),
        ("é", '"é"'),
        ("k" * 298, f'"{"k" * 298}"'),
        ("k" * 299, f'"{"k" * 299}… (301 characters)'),
    ],
)
def test_a_value_is_shown_as_json_and_cut_after_three_hundred_characters(value: Json, shown: str) -> None:
    assert shorten(value) == shown


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty body"),
        (b"<html>", 'a body that is not JSON (Expecting value: line 1 column 1 (char 0)): "<html>"'),
        (b"[" * 100_000, "JSON nested too deeply to look at"),
        (b'{"a":' * (MAXIMUM_DEPTH + 1) + b"1" + b"}" * (MAXIMUM_DEPTH + 1), "JSON nested more than 100 levels deep"),
    ],
)
def test_a_body_that_is_no_json_says_why(body: bytes, said: str) -> None:
    with pytest.raises(BodyError) as unread:
        decode(response(body=body))
    assert str(unread.value) == said


@pytest.mark.parametrize(
    ("stream", "payloads"),
    [
        (b"\xef\xbb\xbfdata: 1\n\n", [1]),
        (b"data: [1,\r\ndata: 2]\r\n\r\n", [[1, 2]]),
        (b"data: [1,\rdata: 2]\r\rdata: 3\r\r", [[1, 2], 3]),
        (b"data\ndata: x\n\n", ["\nx"]),
        (b"data:1\n\n\n\ndata:  two\n\n", [1, " two"]),
        (b"database: 1\nDATA: 2\n\n", []),
    ],
)
def test_events_end_with_an_empty_line_however_lines_end(stream: bytes, payloads: list[Json]) -> None:
    assert decode(Response(200, (("content-type", "text/event-stream"),), stream)) == payloads


# Controls and roll-up


def test_a_chain_of_controls_that_all_passed_counts() -> None:
    chain = {name: scenario(name=name, control=control) for name, control in [("a", "b"), ("b", "c"), ("c", None)]}
    judged = apply_controls([verdict(State.PASSED, name) for name in "abc"], chain)
    assert [each.state for each in judged] == [State.PASSED] * 3


def test_a_refusal_whose_control_was_not_run_says_so() -> None:
    (judged,) = apply_controls([verdict(State.PASSED, "b")], {"b": scenario(name="b", control="a")})
    assert judged.reason == "its positive control a is not proven (not run), so this refusal proves nothing"


def test_a_requirements_reason_is_that_of_its_first_worst_scenario() -> None:
    proofs = [
        verdict(State.PASSED, "a"),
        verdict(State.FAILED, "b", reason="first"),
        verdict(State.FAILED, "c", reason="second"),
    ]
    (judged,) = judge_requirements([requirement()], proofs)
    assert (judged.reason, judged.scenarios) == ("b: first", ("a", "b", "c"))
    (passed,) = judge_requirements([requirement()], proofs[:1])
    assert passed.reason is None


def test_a_contracts_verdict_counts_the_states_of_its_requirements() -> None:
    requirements = [requirement(Level.MUST, f"X-{number}") for number in range(3)]
    verdicts = [verdict(State.PASSED, "a", "X-0"), verdict(State.FAILED, "b", "X-1"), verdict(State.PASSED, "c", "X-2")]
    judged = judge_contract(Contract.AGENT_SERVER, judge_requirements(requirements, verdicts), interrupted=False)
    assert judged.contract is Contract.AGENT_SERVER
    assert judged.counts == {State.PASSED: 2, State.FAILED: 1}


def test_a_rate_is_never_more_than_one() -> None:
    assert all(interval(Repeats(runs, 0, runs))[1] <= 1 for runs in range(1, 500))
