"""`check --repeat`: scenarios that are violated only sometimes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.compare.record import Change
from harness.report.formats import FORMATS
from harness.report.record import read_report
from tests.check.conftest import KEY
from tests.run.servers import Answer, Gateway, Received, Server, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.check.suite import Runner


class Moody:
    """A gateway that answers some chats about a word of ours with 500: by their number, the smoke test's is 1."""

    def __init__(self, is_wrong: Callable[[int], bool] = lambda number: number % 4 == 0) -> None:
        self.is_wrong = is_wrong
        self._gateway = Gateway(KEY)
        self._asked = 0

    def __call__(self, request: Received) -> Answer:
        asked = b"Reply with exactly" in request.body
        self._asked += asked
        return error(500) if asked and self.is_wrong(self._asked) else self._gateway(request)


def test_what_always_holds_passes_in_every_run_with_other_words_each_time(check: Runner) -> None:
    with Server(Gateway(KEY)) as server:
        assert check(server.url, "--repeat", "3") == 0
    scenarios = check.report()["scenarios"]
    for scenario in scenarios:
        assert scenario["state"] == "passed"
        assert scenario["repeats"] == {"runs": 3, "passed": 3, "violated": 0, "low": 0.0, "high": pytest.approx(0.5615)}
    asked = [each.body for each in server.received if b"Reply with exactly" in each.body]
    assert len(asked) >= 6
    assert len(set(asked)) == len(asked)


def test_a_must_that_is_violated_now_and_then_is_flaky_and_not_conformant(
    check: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(Moody()) as server:
        assert check(server.url, "--repeat", "8", "--jobs", "1", "--scenario", "chat/answers") == 1
    report = check.report()
    (scenario,) = report["scenarios"]
    repeats = scenario["repeats"]
    assert scenario["state"] == "flaky"
    assert (repeats["runs"], repeats["passed"] + repeats["violated"]) == (8, 8)
    assert 0 < repeats["low"] < repeats["violated"] / 8 < repeats["high"] < 1
    assert scenario["exchanges"][0]["response"]["status"] == 500, "the evidence is that of a violation"
    assert report["contracts"]["documented"]["outcome"] == "non-conformant"
    said = capsys.readouterr().out
    assert "CHAT-1 flaky (MUST): A chat is answered." in said
    assert f"violated in {repeats['violated']} of 8 runs" in said


def test_every_format_tells_that_it_is_flaky(check: Runner) -> None:
    with Server(Moody()) as server:
        check(server.url, "--repeat", "8", "--jobs", "1", "--scenario", "chat/answers")
    (path,) = check.reports.glob("*/*/report.json")
    report = read_report(path)
    for name in ("markdown", "html", "junit", "sarif"):
        text = FORMATS[name].render(report)
        assert "flaky" in text.lower(), name
        assert "of 8 runs" in text, name
    assert "1 MUST violated" in FORMATS["badge"].render(report)


def test_a_flaky_control_proves_no_refusal(check: Runner) -> None:
    with Server(Moody()) as server:
        check(server.url, "--repeat", "8", "--jobs", "1", "--scenario", "chat/refuses")
    states = check.states()
    assert states["chat/answers"] == "flaky"
    assert states["chat/refuses[wrong]"] == "could not run"


def test_what_every_run_created_is_deleted(check: Runner) -> None:
    gateway = Gateway(KEY)
    with Server(gateway) as server:
        check(server.url, "--repeat", "4")
    assert gateway.existing == set()
    created = [path for path in server.paths("POST") if path.startswith("/api/profiles/harness-")]
    assert len(set(created)) >= 4


def test_runs_that_the_budget_does_not_allow_are_not_played(check: Runner) -> None:
    with Server(Gateway(KEY)) as server:
        assert check(server.url, "--repeat", "1000", "--max-requests", "40") == 3
    report = check.report()
    assert report["run"]["ended_early"] == "the run's 40 requests are spent"
    assert {each["repeats"]["runs"] for each in report["scenarios"]} < set(range(2, 9))


def test_a_flake_that_appears_is_a_regression(check: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    moody = Moody()
    moods = (lambda _: False, moody.is_wrong)
    with Server(moody) as server:
        for moody.is_wrong in moods:
            check(server.url, "--repeat", "8", "--jobs", "1", "--scenario", "chat/answers")
    old, new = sorted(check.reports.glob("*/*"), key=lambda path: (path / "report.json").stat().st_mtime_ns)
    capsys.readouterr()
    assert main(["compare", str(old), str(new)]) == 1
    said = capsys.readouterr().out
    assert Change.VIOLATED.capitalize() in said
    assert "chat/answers: passed → flaky; violated in " in said


def test_a_server_that_is_always_wrong_is_no_flake(check: Runner) -> None:
    with Server(Moody(lambda number: number > 1)) as server:
        check(server.url, "--repeat", "3", "--scenario", "chat/answers")
    (scenario,) = check.report()["scenarios"]
    assert (scenario["state"], scenario["repeats"]["violated"]) == ("failed", 3)
