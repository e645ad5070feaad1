"""`gateway-harness selftest`: what it plays, prints and writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness.cli import main
from harness.mutants.matrix import lines, markdown
from harness.mutants.record import (
    AccusationRecord,
    HonestRecord,
    MutantRecord,
    RunRecord,
    Selftest,
    Verdict,
)
from harness.mutants.registry import every_mutant
from harness.mutants.selftest import Choice, plan
from harness.plan import NothingSelectedError
from harness.records import Tool, json_schema
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import SLOW, Contract, Level
from harness.verdict import State

ROOT = Path(__file__).parents[2]
SUITE = load_suite(corpus_folder())


def accusation(requirement: str, scenario: str = "models/shown[one]") -> AccusationRecord:
    return AccusationRecord(requirement=requirement, scenario=scenario, state=State.FAILED, reason="it | is wrong")


def mutant(verdict: Verdict, *accusations: AccusationRecord, name: str = "HidesAll") -> MutantRecord:
    return MutantRecord(
        name=name,
        contract=Contract.DOCUMENTED,
        docstring="Hides | all.",
        verdict=verdict,
        reason="out of paper" if verdict is Verdict.NOT_JUDGED else None,
        accusations=accusations,
        scenarios=3,
        requests=20,
        seconds=1.5,
        requirement="MODEL-1",
        level=Level.MUST,
        also=(),
    )


def honest(verdict: Verdict, *accusations: AccusationRecord) -> HonestRecord:
    return HonestRecord(
        name="Plain",
        contract=Contract.DOCUMENTED,
        docstring="Is plain.",
        verdict=verdict,
        reason=None,
        accusations=accusations,
        scenarios=4,
        requests=30,
        seconds=2,
        alone=False,
        seed="1",
        lacks=(),
    )


def selftest(*gateways: MutantRecord | HonestRecord, ended_early: str | None = None) -> Selftest:
    return Selftest(
        tool=Tool(version="1", python="3", openai="2", platform="Linux"),
        run=RunRecord(
            started=datetime(2026, 1, 2, tzinfo=UTC),
            seconds=12.3,
            selection=None,
            ended_early=ended_early,
            workers=2,
            planned=9,
        ),
        requirements={"MODEL-1": Level.MUST, "MODEL-2": Level.SHOULD},
        mutants=tuple(each for each in gateways if isinstance(each, MutantRecord)),
        honest=tuple(each for each in gateways if isinstance(each, HonestRecord)),
    )


@pytest.mark.parametrize(
    ("gateways", "status"),
    [
        ([mutant(Verdict.CAUGHT, accusation("MODEL-1")), honest(Verdict.CONFORMANT)], 0),
        ([mutant(Verdict.SURVIVED)], 1),
        ([mutant(Verdict.CAUGHT_ELSEWHERE, accusation("MODEL-2"))], 1),
        ([mutant(Verdict.CAUGHT_AND_ELSEWHERE, accusation("MODEL-1"), accusation("MODEL-2"))], 1),
        ([honest(Verdict.FALSE_ALARM, accusation("MODEL-1"))], 1),
        ([mutant(Verdict.NOT_JUDGED), honest(Verdict.CONFORMANT)], 3),
        ([mutant(Verdict.NOT_JUDGED), mutant(Verdict.SURVIVED)], 1),
    ],
)
def test_the_exit_status_says_whether_the_suite_holds(gateways: list[MutantRecord | HonestRecord], status: int) -> None:
    assert selftest(*gateways).exit_status == status


def test_a_selftest_that_ended_early_has_not_succeeded() -> None:
    assert selftest(mutant(Verdict.CAUGHT, accusation("MODEL-1")), ended_early="interrupted").exit_status == 3


def test_the_last_line_has_the_numbers() -> None:
    caught = mutant(Verdict.CAUGHT, accusation("MODEL-1"))
    *_, (last, _) = lines(selftest(caught, caught, mutant(Verdict.SURVIVED), honest(Verdict.CONFORMANT)))
    assert last == (
        "3 mutants: 2 caught, 1 survived; 1 runs on honest gateways: 1 conformant, 0 false alarms; 12 s, 90 requests"
    )


def test_what_went_wrong_is_told_with_what_is_held_against_whom_wrongly() -> None:
    both = mutant(Verdict.CAUGHT_AND_ELSEWHERE, accusation("MODEL-1"), accusation("MODEL-2"))
    said = [text for text, _ in lines(selftest(both, mutant(Verdict.CAUGHT, accusation("MODEL-1"))))]
    assert said[:3] == [
        "HidesAll: caught, and elsewhere too",
        "  breaks MODEL-1 (MUST): Hides | all.",
        "  MODEL-2 models/shown[one] failed: it | is wrong",
    ]
    assert len(said) == 4


def test_one_that_was_interrupted_says_how_far_it_came() -> None:
    said = [text for text, _ in lines(selftest(mutant(Verdict.CAUGHT), ended_early="interrupted"))]
    assert "interrupted: 1 of 9 gateways were played" in said


def test_the_matrix_has_a_row_for_each_mutant_and_the_survivors_first() -> None:
    text = markdown(
        selftest(
            mutant(Verdict.CAUGHT, accusation("MODEL-1"), accusation("MODEL-1", "models/shown[two]"), name="Seen"),
            mutant(Verdict.SURVIVED, name="Unseen"),
            honest(Verdict.CONFORMANT),
            honest(Verdict.FALSE_ALARM, accusation("MODEL-2")),
        )
    )
    rows = [[cell.strip() for cell in line.split(" | ")] for line in text.splitlines() if line.startswith("| MODEL")]
    assert [row[2].partition(":")[0] for row in rows] == ["Unseen", "Seen"]
    assert "`models/shown`" in rows[1][-1]
    assert text.count("`models/shown`") == 1
    assert "Hides \\| all." in text
    assert "- **Unseen**, survived: breaks MODEL-1 (MUST)" in text
    assert "conformant, false alarm" in text


def test_a_record_keeps_to_the_schema() -> None:
    record = selftest(mutant(Verdict.CAUGHT, accusation("MODEL-1")), honest(Verdict.CONFORMANT))
    Draft202012Validator(json_schema(Selftest)).validate(json.loads(record.to_json()))
    assert Selftest.model_validate_json(record.to_json()) == record


def test_everything_is_played_if_nothing_is_chosen() -> None:
    jobs = plan(Choice(), SUITE)
    assert [job.gateway for job in jobs][-len(every_mutant()) :] == [each.__name__ for each in every_mutant()]
    slow = tuple(name for name, each in SUITE.scenarios.items() if SLOW in each.tags)
    assert {job.scenarios for job in jobs if not job.alone} == {(), slow}
    looks = sorted({job.gateway.partition("-")[0] for job in plan(Choice(honest=True), SUITE)})
    assert sorted(job.gateway.partition("-")[0] for job in jobs if job.scenarios == slow) == looks
    alone = [scenario for job in jobs if job.alone for scenario in job.scenarios]
    # A scenario that only watches would see nothing but the smoke test.
    assert set(alone) == {name for name, each in SUITE.scenarios.items() if each.watch is None and name not in slow}


def test_a_fast_one_plays_on_every_mutant_what_has_to_see_it_and_on_every_look_once() -> None:
    jobs = plan(Choice(fast=True), SUITE)
    mutants = {each.__name__: each for each in every_mutant()}
    assert mutants.keys() <= {job.gateway for job in jobs}
    honest = [job.gateway for job in jobs if job.gateway not in mutants]
    whole = {job.gateway for job in plan(Choice(), SUITE)} - mutants.keys()
    assert sorted(name.partition("-")[0] for name in honest) == sorted({name.partition("-")[0] for name in whole})
    for job in jobs:
        if job.gateway in mutants:
            own = {each.id for each in SUITE.scenarios.values() if each.requirement == mutants[job.gateway].breaks}
            assert own <= set(job.scenarios)
            assert set(job.scenarios) < SUITE.scenarios.keys()


def test_honest_gateways_are_played_on_as_often_as_asked_each_time_in_another_order() -> None:
    jobs = [job for job in plan(Choice(honest=True, repeat=3), SUITE) if job.gateway == "Slow-documented"]
    assert len({job.seed for job in jobs}) == len(jobs) == 3


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(gateways=("Plian-documented",)), "no gateway is called `Plian-documented`; did you mean"),
        (Choice(requirements=frozenset({"NONE-1"})), "there is no gateway with requirement NONE-1"),
        (Choice(areas=frozenset({"nowhere"})), "there is no gateway with area nowhere"),
        (Choice(areas=frozenset({"models"}), honest=True), "there is no gateway with area models, honest gateways"),
    ],
)
def test_a_choice_that_leaves_nothing_is_a_mistake(choice: Choice, said: str) -> None:
    with pytest.raises(NothingSelectedError, match=f"^{said}"):
        plan(choice, SUITE)


def test_the_command_plays_judges_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["selftest", "--fast", "--mutant", "HasNoSingleModels", "--jobs", "1"]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("1 mutants: 1 caught, 0 survived; 0 runs on honest gateways")
    assert list(tmp_path.iterdir()) == []
    assert main([*command, "--reports", "there"]) == 0
    record = Selftest.model_validate_json((tmp_path / "there/selftest/selftest.json").read_text("utf-8"))
    assert [each.verdict for each in record.mutants] == [Verdict.CAUGHT]
    assert record.run.selection == "gateway HasNoSingleModels, fast"
    assert "HasNoSingleModels" in (tmp_path / "there/selftest/selftest.md").read_text("utf-8")


@pytest.mark.parametrize("wrong", [["--mutant", "nobody"], ["--jobs", "0"], ["--repeat", "x"]])
def test_a_mistake_in_the_command_is_status_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["selftest", *wrong])
    except SystemExit as exit_:
        status = int(exit_.code or 0)
    assert status == 2
    assert capsys.readouterr().err


def workers_of(process: int) -> list[int]:
    """The worker processes of a self-test: its children, once each has a session of its own."""
    children = map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
    return [child for child in children if os.getsid(child) == child]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for worker processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_interrupts_it_hears_what_was_done_and_finds_no_process_left(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "harness", "selftest", "--fast", "--jobs", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        while not (workers := workers_of(process.pid)):
            time.sleep(0.01)
        os.kill(process.pid, number)
        said, _ = process.communicate()
    assert process.returncode == 3
    assert f"interrupted: 0 of {len(plan(Choice(fast=True), SUITE))} gateways were played" in said
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
