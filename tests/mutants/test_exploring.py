"""`selftest --explore`: what walks alone tell of a mutant, and of an honest gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli import main
from harness.mutants.exploring import explore
from harness.mutants.record import HonestRecord, MutantRecord, Verdict
from harness.mutants.registry import every_honest, every_mutant
from harness.mutants.selftest import Choice, plan
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from harness.mutants.honest import Honest
    from harness.mutants.mutant import Mutant

SUITE = load_suite(corpus_folder())


def explored(name: str, walks: int) -> MutantRecord | HonestRecord:
    gateways: tuple[type[Mutant | Honest], ...] = (*every_mutant(), *every_honest())
    return explore(next(each for each in gateways if each.__name__ == name), SUITE, walks=walks, seed="1")


def test_a_mutant_is_caught_for_what_it_breaks_and_the_walk_that_shows_it_is_told() -> None:
    record = explored("RemembersEveryone", walks=200)
    assert isinstance(record, MutantRecord)
    assert record.verdict is Verdict.CAUGHT
    assert [each.requirement for each in record.accusations] == ["CONV-2"]
    assert "it knows what another conversation was told" in (record.accusations[0].reason or "")
    assert record.requests > 1


def test_one_that_no_walk_can_meet_survives_and_an_honest_one_is_conformant() -> None:
    survivor, honest = explored("CreatedIsJustOk", walks=3), explored("Crowded-documented", walks=6)
    assert survivor.verdict is Verdict.SURVIVED
    assert honest.verdict is Verdict.CONFORMANT
    assert honest.requests > 20


def test_each_gateway_is_explored_once_and_honest_ones_as_often_as_asked() -> None:
    jobs = plan(Choice(walks=9, repeat=2), SUITE)
    names = [job.gateway for job in jobs]
    assert all(job.walks == 9 and not job.scenarios and not job.alone for job in jobs)
    assert set(names) == {each.__name__ for each in (*every_mutant(), *every_honest())}
    assert all(names.count(each.__name__) == 2 for each in every_honest())
    assert all(names.count(each.__name__) == 1 for each in every_mutant())


def test_the_command_writes_a_report_of_its_own_and_bears_survivors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["selftest", "--explore", "--walks", "2", "--mutant", "CreatedIsJustOk", "--reports", str(tmp_path)]
    assert main([*asked, "--jobs", "1", "--quiet"]) == 0
    assert "1 mutants: 0 caught, 1 survived" in capsys.readouterr().out
    assert "# Walks, tested" in (tmp_path / "selftest" / "explore.md").read_text("utf-8")
