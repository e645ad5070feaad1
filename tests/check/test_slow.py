"""Scenarios that take minutes: left out, unless they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.verdict import ONLY_SLOW
from tests.check.conftest import KEY
from tests.check.suite import SCENARIOS, write_suite
from tests.run.servers import Gateway, Server

if TYPE_CHECKING:
    from tests.check.suite import Runner

REFUSALS = {"chat/refuses[wrong]", "chat/refuses[basic]"}
QUICK = {"chat/answers", "chat/profile", *REFUSALS}
LEFT_OUT = "1 slow scenario was left out; --slow plays slow ones too"


@pytest.fixture
def check(check: Runner) -> Runner:
    write_suite(check.suite.parent, SCENARIOS.replace("tags: [long]", "tags: [slow]"))
    return check


@pytest.mark.parametrize(
    ("options", "played"),
    [
        ([], QUICK),
        (["--slow"], {*QUICK, "chat/continues"}),
        (["--tag", "slow"], {"chat/continues"}),
        (["--scenario", "chat/continues"], {"chat/continues"}),
        (["--scenario", "chat/*"], QUICK),
        (["--slow", "--scenario", "chat/*", "--requirement", "CONV-1"], {"chat/continues"}),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_a_slow_scenario_is_played_if_it_is_asked_for(check: Runner, options: list[str], played: set[str]) -> None:
    with Server(Gateway(KEY)) as server:
        assert check(server.url, *options) == 0
    assert check.states() == dict.fromkeys(check.states(), "passed")
    assert set(check.states()) == played


def test_the_report_says_how_many_were_left_out(check: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(Gateway(KEY)) as server:
        assert check(server.url, "--report", "html") == 0
    report = check.report()
    assert report["run"]["slow_left_out"] == 1
    (requirement,) = (each for each in report["requirements"] if each["id"] == "CONV-1")
    assert (requirement["state"], requirement["reason"]) == ("not assessed", ONLY_SLOW)
    assert f"\n  {LEFT_OUT}\n" in capsys.readouterr().out
    for name in ("report.md", "report.html"):
        (page,) = check.reports.glob(f"*/*/{name}")
        assert f"{LEFT_OUT}." in page.read_text("utf-8")


@pytest.mark.parametrize("option", ["--slow", "--level=SHOULD"])
def test_nothing_is_said_of_slow_scenarios_if_none_was_left_out(
    check: Runner, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with Server(Gateway(KEY)) as server:
        assert check(server.url, option) == 0
    assert "slow_left_out" not in check.report()["run"]
    assert "slow scenario" not in capsys.readouterr().out


def test_a_selection_of_slow_scenarios_alone_is_a_usage_error_that_names_the_option(
    check: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("http://127.0.0.1:9", "--requirement", "CONV-1") == 2
    assert "requirement CONV-1 has only slow scenarios (1); --slow plays them" in capsys.readouterr().err
