"""Scenarios that only watch, in a run: what they see, and where their verdicts go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.report.merge import merge
from harness.report.record import read_report
from harness.verdict import NOTHING_SEEN
from tests.check.conftest import KEY
from tests.check.suite import SCENARIOS, Runner, write_suite
from tests.run.servers import CONVERSATION_HEADER, Answer, Gateway, Received, Server, completion, http

if TYPE_CHECKING:
    from collections.abc import Iterator

WATCHING = """\
  - id: chat/every-answer-names-one-conversation
    title: Every answer names one conversation
    requirement: CONV-1
    watch: conversation
  - id: chat/every-429-tells-when
    title: Every 429 tells when to try again
    requirement: PROFILE-1
    watch: retry-after
"""
NAMES, TELLS = "chat/every-answer-names-one-conversation", "chat/every-429-tells-when"
CHAT = "POST /v1/chat/completions"


class NamesItTwice(Gateway):
    """Gives every answer of a conversation that goes on two conversation headers."""

    def chat(self, request: Received) -> Answer:
        answer = super().chat(request)
        if not request.header(CONVERSATION_HEADER) or not isinstance(answer, bytes):
            return answer
        head, _, body = answer.partition(b"\r\n\r\n")
        line = next(
            each for each in head.split(b"\r\n") if each.lower().startswith(CONVERSATION_HEADER.lower().encode())
        )
        return b"\r\n".join([head, line, b"", body])


@pytest.fixture
def watched(check: Runner) -> Runner:
    write_suite(check.suite.parent, SCENARIOS + WATCHING)
    return check


@pytest.fixture
def sinner() -> Iterator[Server]:
    with Server(NamesItTwice(KEY)) as server:
        yield server


def test_what_holds_for_every_exchange_passes_and_what_saw_none_is_not_assessed(watched: Runner) -> None:
    with Server(Gateway(KEY)) as server:
        assert watched(server.url) == 0
        sent = len(server.paths("POST"))
    names, tells = (next(s for s in watched.report()["scenarios"] if s["id"] == name) for name in (NAMES, TELLS))
    assert (names["state"], names["checks"], names["exchanges"]) == (
        "passed",
        4,
        [],
    )  # three chats, and the smoke test's
    assert (tells["state"], tells["reason"]) == ("not assessed", NOTHING_SEEN)
    assert sent == 7  # the chats, the refused ones, and a profile; none for what watches


def test_a_violation_is_shown_with_the_scenario_that_sent_it(watched: Runner, sinner: Server) -> None:
    assert watched(sinner.url) == 1
    (names,) = (each for each in watched.report()["scenarios"] if each["id"] == NAMES)
    assert names["state"] == "failed"
    (shown,) = names["exchanges"]
    assert (shown["scenario"], shown["step"]) == ("chat/continues", 1)
    (finding,) = names["findings"]
    assert (finding["step"], finding["check"]) == (1, f"headers.{CONVERSATION_HEADER}")
    assert finding["actual"].endswith("(chat/continues, step 2)")
    assert names["reason"].endswith("; 1 of 4 answers")
    (other,) = (each for each in watched.report()["scenarios"] if each["id"] == "chat/continues")
    assert other["state"] == "passed"
    assert not any("scenario" in each for each in other["exchanges"])


def test_alone_it_sees_the_smoke_test(watched: Runner) -> None:
    with Server(Gateway(KEY)) as server:
        assert watched(server.url, "--scenario", NAMES) == 0
    assert watched.states() == {NAMES: "passed"}


def test_of_a_scenario_that_is_played_again_and_again_every_run_is_seen(watched: Runner, sinner: Server) -> None:
    assert watched(sinner.url, "--repeat", "3", "--scenario", "chat/continues", "--scenario", NAMES) == 1
    (names,) = (each for each in watched.report()["scenarios"] if each["id"] == NAMES)
    assert names["reason"].endswith("; 3 of 7 answers")
    assert names["repeats"] is None


def test_each_shard_watches_and_the_worst_counts(watched: Runner, sinner: Server) -> None:
    statuses = {watched(sinner.url, "--shard", f"{number}/2") for number in (1, 2)}
    reports = {str(path): read_report(path) for path in watched.reports.glob("*/*/report.json")}
    assert all({NAMES, TELLS} <= {each.id for each in report.scenarios} for report in reports.values())
    assert 1 in statuses
    states = {each.id: each.state for each in merge(reports).scenarios}
    assert (states[NAMES], states[TELLS]) == ("failed", "not assessed")


def test_a_shard_that_saw_nothing_takes_nothing_from_one_that_did(watched: Runner) -> None:
    busy = {"refused": False}

    def once(request: Received) -> Answer:
        if request.header(CONVERSATION_HEADER) and not busy["refused"]:
            busy["refused"] = True
            return http(429, {"error": {"message": "busy"}}, {"Retry-After": "0"})
        return gateway.chat(request)

    gateway = Gateway(KEY)
    gateway.overrides[CHAT] = lambda request: (
        once(request) if request.header("Authorization") == f"Bearer {KEY}" else http(401, {})
    )
    with Server(gateway) as server:
        for number in (1, 2):
            watched(server.url, "--shard", f"{number}/2")
    reports = {str(path): read_report(path) for path in watched.reports.glob("*/*/report.json")}
    told = [each.state for report in reports.values() for each in report.scenarios if each.id == TELLS]
    assert sorted(told) == ["not assessed", "passed"]
    assert {each.id: each.state for each in merge(reports).scenarios}[TELLS] == "passed"


def test_a_429_that_was_waited_out_is_seen_and_kept(watched: Runner) -> None:
    asked = []

    def chat(request: Received) -> Answer:
        asked.append(request)
        busy = len(asked) == 2  # the first is the smoke test's
        return http(429, "<html>", {"Content-Type": "text/html"}) if busy else gateway.chat(request)

    gateway = Gateway(KEY)
    gateway.overrides[CHAT] = lambda request: chat(request)
    with Server(gateway) as server:
        watched(server.url, "--scenario", "chat/answers", "--scenario", TELLS)
    (tells,) = (each for each in watched.report()["scenarios"] if each["id"] == TELLS)
    assert tells["state"] == "warned"
    (refusal,) = tells["exchanges"][0]["refusals"]
    assert (refusal["response"]["status"], refusal["response"]["body"]) == (429, "<html>")


def test_rejudged_it_sees_the_exchanges_of_the_report(
    watched: Runner, sinner: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    watched(sinner.url)
    (folder,) = watched.reports.glob("*/*")
    assert main(["rejudge", str(folder), "--scenarios", str(watched.suite)]) == 1
    assert "0 verdicts changed, 7 did not" in capsys.readouterr().out


def test_an_old_report_is_held_against_a_new_rule(
    check: Runner, sinner: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(sinner.url) == 0
    write_suite(check.suite.parent, SCENARIOS + WATCHING)
    (folder,) = check.reports.glob("*/*")
    assert main(["rejudge", str(folder), "--scenarios", str(check.suite)]) == 1
    said = capsys.readouterr().out
    assert f"{NAMES}, which only watches and is new: failed" in said
    assert f"in the suite and not in the report: {TELLS}" in said


def test_replayed_it_is_played_with_the_scenarios_that_it_showed(
    watched: Runner, sinner: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    watched(sinner.url)
    (folder,) = watched.reports.glob("*/*")
    assert main(["replay", str(folder), NAMES]) == 1
    assert f"still failing: {NAMES}" in capsys.readouterr().out


def test_a_key_in_an_answer_is_found_and_not_shown(check: Runner) -> None:
    write_suite(check.suite.parent, SCENARIOS + WATCHING.replace("watch: conversation", "watch: keys"))
    gateway = Gateway(KEY)
    gateway.overrides["GET /api/conversations/count"] = lambda _: http(200, {"count": 0, "opened_with": KEY})
    with Server(gateway) as server:
        assert check(server.url) == 1
    (names,) = (each for each in check.report()["scenarios"] if each["id"] == NAMES)
    assert names["findings"][0]["actual"] == "a key that the harness knows (the smoke test, step 3)"
    assert KEY not in "".join(path.read_text("utf-8") for path in check.files())


def test_a_word_that_servers_say_for_themselves_is_no_key_to_be_found(
    check: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_suite(check.suite.parent, SCENARIOS + WATCHING.replace("watch: conversation", "watch: keys"))
    monkeypatch.setenv("SESSION_API_KEY", "openhands")
    with Server(Gateway("openhands")) as server:
        assert check(server.url) == 0
    assert check.states()[NAMES] == "not assessed"


def test_created_an_hour_off_is_seen_by_the_clock_of_the_run(check: Runner) -> None:
    write_suite(check.suite.parent, SCENARIOS + WATCHING.replace("watch: conversation", "watch: created"))
    gateway = Gateway(KEY)
    gateway.overrides[CHAT] = lambda _: completion("ok", {CONVERSATION_HEADER: "a"}, created=1)
    with Server(gateway) as server:
        assert check(server.url, "--scenario", NAMES) == 1
    assert "the time of the exchange, got 1 (the smoke test, step 2)" in check.report()["scenarios"][0]["reason"]


PAGES = """\
  - id: chat/json-is-json
    title: What is declared as JSON is JSON
    requirement: CONV-1
    watch: media-type
"""


@pytest.mark.parametrize(("known", "state"), [(True, "failed"), (False, "could not run")])
def test_a_smoke_test_that_fails_is_watched_too_where_nothing_but_the_target_can_have_answered(
    check: Runner, *, known: bool, state: str
) -> None:
    write_suite(check.suite.parent, SCENARIOS + PAGES)
    gateway = Gateway(KEY, {"GET /v1/models": lambda _: http(200, "<html>", kind="application/json")})
    if known:
        gateway.overrides["GET /server_info"] = lambda _: http(200, {"title": "a gateway"})
    with Server(gateway) as server:
        assert check(server.url) == (1 if known else 3)
    states = check.states()
    assert states.pop("chat/json-is-json") == state
    assert set(states.values()) == {"could not run"}
