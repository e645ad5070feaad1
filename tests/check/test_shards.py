"""Shards and their reports: what each plays, and which can be merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.plan import NothingSelectedError
from harness.records import MergeError
from harness.report.merge import merge
from harness.report.record import Report, read_report
from harness.scenarios.load import load_suite
from harness.shard import Shard
from harness.verdict import Standing
from tests.check.conftest import KEY
from tests.check.suite import Runner, write_suite
from tests.run.servers import Gateway, Server, error

if TYPE_CHECKING:
    from pathlib import Path

    from harness.scenarios.model import Suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return load_suite(write_suite(tmp_path))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_scenario_is_in_exactly_one_shard(suite: Suite, count: int) -> None:
    held = [name for name in suite.scenarios for number in range(count) if Shard(number + 1, count).holds(name)]
    assert held == list(suite.scenarios)


def test_a_scenario_more_moves_no_other_to_another_shard() -> None:
    """A scenario's id alone decides its shard."""
    shares = [sum(Shard(number, 4).holds(f"area/name-{each}") for each in range(1000)) for number in range(1, 5)]
    assert sum(shares) == 1000
    assert min(shares) > 200


def test_a_positive_control_comes_along_with_what_needs_it(suite: Suite) -> None:
    scenarios = tuple(suite.scenarios.values())
    for count in (2, 3):
        for number in range(1, count + 1):
            shard = Shard(number, count)
            try:
                played = {each.id for each in shard.of(scenarios, suite.scenarios)}
            except NothingSelectedError:
                continue
            controls = {suite.scenarios[name].control for name in played} - {None}
            assert controls <= played
            assert all(shard.holds(name) or name in controls for name in played)


def test_a_shard_without_a_scenario_is_a_mistake(suite: Suite) -> None:
    (one,) = (each for each in suite.scenarios.values() if each.id == "chat/answers")
    shard = next(Shard(number, 2) for number in (1, 2) if not Shard(number, 2).holds(one.id))
    with pytest.raises(NothingSelectedError, match="take fewer shards"):
        shard.of((one,), suite.scenarios)


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/99999"])
def test_what_is_no_shard_is_a_usage_error(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["check", f"--shard={text}"])
    assert "I/N is meant" in capsys.readouterr().err


@pytest.fixture
def shards(check: Runner) -> dict[str, Report]:
    """A run of the small suite in two shards, on a server that keeps its promises."""
    with Server(Gateway(KEY)) as server:
        for number in (1, 2):
            check(server.url, "--shard", f"{number}/2", "--seed", f"s{number}")
    read = (read_report(path) for path in check.reports.glob("*/*/report.json"))
    return {f"shard {report.run.shard.number}": report for report in read if report.run.shard}


def test_all_shards_together_are_the_whole_run(check: Runner, shards: dict[str, Report]) -> None:
    merged = merge(shards)
    with Server(Gateway(KEY)) as server:
        Runner(check.suite.parent).reports.rename(check.reports.with_name("shards"))
        check(server.url)
    whole = check.report()
    assert sorted(each.id for each in merged.scenarios) == sorted(each["id"] for each in whole["scenarios"])
    for one, other in zip(merged.requirements, whole["requirements"], strict=True):
        # Cases stand in one line of the file, so their order is not in the shards.
        assert one.model_copy(update={"scenarios": ()}).model_dump(mode="json") == {**other, "scenarios": []}
        assert set(one.scenarios) == set(other["scenarios"])
    assert {name: each.model_dump(mode="json") for name, each in merged.contracts.items()} == whole["contracts"]
    assert (merged.run.shard, merged.run.seed) == (None, "s1, s2")
    assert merged.run.requests == sum(each.run.requests for each in shards.values())
    assert len(merged.cleanup.deleted) == sum(len(each.cleanup.deleted) for each in shards.values())


def test_of_a_known_deviation_the_shard_that_has_its_scenario_tells(check: Runner) -> None:
    known = check.suite.parent / "known.yaml"
    known.write_text(
        "known: [{scenario: chat/continues, reason: it is so, link: 'https://example.com/1', expires: 2999-01-01}]"
    )
    with Server(Gateway(KEY)) as server:
        statuses = [check(server.url, "--shard", f"{number}/2", "--known", str(known)) for number in (1, 2)]
    assert sorted(statuses) == [0, 1]
    reports = {str(path): read_report(path) for path in check.reports.glob("*/*/report.json")}
    assert {each.known[0].standing for each in reports.values()} == {Standing.NOT_SEEN, Standing.GONE}
    merged = merge(reports)
    assert [entry.standing for entry in merged.known] == [Standing.GONE]
    assert merged.exit_status == 1


def test_a_shard_that_is_missing_or_there_twice_is_named(shards: dict[str, Report]) -> None:
    first, second = (shards[f"shard {number}"] for number in (1, 2))
    with pytest.raises(MergeError, match="shard 2 of 2 is missing"):
        merge({"a": first})
    with pytest.raises(MergeError, match="shard 1 of 2 is there 2 times: a, b"):
        merge({"a": first, "b": first, "c": second})


def test_a_scenario_that_is_missing_there_twice_or_another_is_found(shards: dict[str, Report]) -> None:
    first, second = (shards[f"shard {number}"] for number in (1, 2))
    holds = Shard(1, 2).holds
    (own, *_) = [each for each in first.scenarios if holds(each.id)]
    rest = tuple(each for each in first.scenarios if each is not own)
    for scenarios, said in (
        (rest, "scenarios are in the shards that hold them, and not the 5 of the run"),
        ((own, *first.scenarios), f"twice in a: {own.id}"),
        ((own.model_copy(update={"expects": "other"}), *rest), "and not the 5 of the run"),
    ):
        with pytest.raises(MergeError, match=said):
            merge({"a": first.model_copy(update={"scenarios": scenarios}), "b": second})


def test_shards_of_different_runs_are_told_apart_by_what_differs(shards: dict[str, Report]) -> None:
    first, second = (shards[f"shard {number}"] for number in (1, 2))
    other = second.model_copy(update={"target": second.target.model_copy(update={"model": "openhands_other"})})
    with pytest.raises(MergeError, match=r"model: \w+ in a; openhands_other in b"):
        merge({"a": first, "b": other})
    whole = second.model_copy(update={"run": second.run.model_copy(update={"shard": None})})
    with pytest.raises(MergeError, match="no shard, but a whole run: b"):
        merge({"a": first, "b": whole})


def test_a_shard_that_ended_early_makes_the_whole_run_incomplete(shards: dict[str, Report]) -> None:
    first, second = (shards[f"shard {number}"] for number in (1, 2))
    ended = second.model_copy(update={"run": second.run.model_copy(update={"ended_early": "interrupted"})})
    merged = merge({"a": first, "b": ended})
    assert merged.run.ended_early == "shard 2: interrupted"
    assert merged.outcome == "incomplete"


def test_the_command_writes_the_report_of_the_whole_run_and_exits_with_its_verdict(
    check: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = Gateway(KEY, {"POST /v1/chat/completions": lambda _: error(500)})
    with Server(gateway) as server:
        statuses = [check(server.url, "--shard", f"{number}/2") for number in (1, 2)]
    assert 1 in statuses or 3 in statuses
    folders = [str(path) for path in check.reports.glob("*/*")]
    out = check.reports.with_name("merged")
    capsys.readouterr()
    assert main(["report", "merge", *folders, "--reports", str(out), "--to", "junit"]) == max(
        statuses, key=(3, 0, 1).index
    )
    assert "is " in capsys.readouterr().out
    (written,) = out.glob("*/*")
    assert {"report.json", "report.md", "junit.xml"} <= {path.name for path in written.iterdir()}
    assert read_report(written / "report.json").run.shard is None
    assert main(["report", "merge", folders[0], "--reports", str(out)]) == 2
    assert "of 2 is missing" in capsys.readouterr().err
