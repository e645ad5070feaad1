"""`gateway-harness explain`: a requirement, a scenario, a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from tests.check.suite import write_suite
from tests.report.reports import report

if TYPE_CHECKING:
    from pathlib import Path

SUITE = load_suite(corpus_folder())


def explained(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["explain", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", SUITE.requirements)
def test_a_requirement_is_told_with_all_that_proves_it_and_the_mutants_that_break_it(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    registry = pytest.importorskip("harness.mutants.registry", exc_type=ImportError)
    text = explained(capsys, name)
    requirement = SUITE.requirements[name]
    assert text.startswith(f"{name}: {requirement.text}\n")
    assert f"\n  {requirement.level}: " in text
    proofs = {each.id.partition("[")[0] for each in SUITE.scenarios.values() if each.requirement == name}
    assert proofs
    assert [proof for proof in proofs if f"\n  {proof}: " not in text] == []
    breaking = [each.__name__ for each in registry.every_mutant() if each.breaks == name]
    assert [mutant for mutant in breaking if f"\n  {mutant}: " not in text] == []


def test_where_a_requirement_is_from_and_what_servers_do_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(capsys, "auth-3")
    assert "\nit follows from\n  DOC-6 (What to Configure): The API key" in text
    assert "\nreleased servers and clients\n  OBSERVED-1 (releases >=1.28): A request without a key" in text
    assert "a target that violates it is non-conformant (exit status 1)" in text
    assert "gateway-harness check TARGET --requirement AUTH-3" in text


def test_what_a_requirement_ranges_over_is_told_and_which_scenario_tries_what(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = explained(capsys, "AUTH-3")
    assert "\nit ranges over\n  keyless: There are several ways to carry no key. Tried: none, empty-bearer," in text
    assert "\n    not OPTIONS: a preflight carries no key" in text
    assert "\n    tries: method GET, PUT, PATCH, DELETE, HEAD\n" in text


@pytest.mark.parametrize("name", ["auth/no-key-opens-nothing", "auth/no-key-opens-nothing[empty-bearer]"])
def test_a_scenario_is_told_with_its_steps_and_its_requirement(capsys: pytest.CaptureFixture[str], name: str) -> None:
    text = explained(capsys, name)
    assert text.startswith("AUTH-3: ")
    assert "\n    prepares models.list with bearer and expects 200\n" in text
    assert "and expects 401, AuthenticationError\n" in text
    assert "says something only if auth/bearer-chats passes" in text
    assert "more prove AUTH-3: gateway-harness explain AUTH-3" in text


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("AUHT-3", "there is no requirement and no scenario `AUHT-3`; did you mean `AUTH-3`?"),
        ("auth/no-key-open-nothing", "did you mean `auth/no-key-opens-nothing`?"),
        (
            "auth/no-key-opens-nothing[nun]",
            "`auth/no-key-opens-nothing` has no such case; did you mean `auth/no-key-opens-nothing[none]`?",
        ),
        ("xyzzy", "`gateway-harness scenarios list` names them"),
    ],
)
def test_an_unknown_name_is_a_mistake(capsys: pytest.CaptureFixture[str], name: str, complaint: str) -> None:
    assert main(["explain", name]) == 2
    assert complaint in capsys.readouterr().err


def test_what_the_model_of_the_contract_looks_at_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    title = "\nrules of the contract's model, which judge any course of requests\n"
    assert f"{title}  A request for a stream is refused with 400.\n" in explained(capsys, "STREAM-1")
    assert f"{title}  An answer knows all that its conversation was told (after a turn that failed).\n" in explained(
        capsys, "CONV-21"
    )
    assert title not in explained(capsys, "CHAT-12")


def test_a_suite_of_ones_own_is_explained_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = explained(capsys, "CONV-1", "--scenarios", write_suite(tmp_path))
    assert text.startswith("CONV-1: A conversation has an id.\n")
    assert "chat/continues: A conversation is continued" in text
    assert "mutants" not in text


def test_a_report_tells_what_was_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    record = report("a \x1b[31m red text")
    (tmp_path / "report.json").write_text(record.to_json())
    (scenario,) = record.scenarios
    summary = explained(capsys, tmp_path)
    assert f"\n  {scenario.requirement} violated: " in summary
    for name in (scenario.requirement, scenario.id):
        text = explained(capsys, tmp_path / "report.json", name)
        assert f"{scenario.id}: violated" in text
        assert "\n  step 1, body a \\x1b[31m red text: expected " in text
        assert "\n  step 1: curl -i " in text
        assert "the official client raised InternalServerError" in text
        assert f"--scenario '{scenario.id}'" in text
        assert "\x1b" not in text


def test_a_report_is_not_asked_in_vain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["explain", str(tmp_path / "report.json"), "CONV-1"]) == 2
    (tmp_path / "report.json").write_text(report().to_json())
    assert main(["explain", str(tmp_path), "xyzzy"]) == 2
    errors = capsys.readouterr().err
    assert "No such file" in errors
    assert "the report says nothing of `xyzzy`" in errors
