"""`gateway-harness explore` from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.explore.record import ExplorationRecord
from harness.mutants.conversation import RenamesTheConversation
from harness.scenarios.lint import lint
from tests.run.servers import Answer, Gateway, Received, Server

if TYPE_CHECKING:
    from pathlib import Path

WALKS = ("--scripted-model", "--walks", "4", "--seed", "7", "--shrink-seconds", "20")


def test_a_planted_fault_is_found_shrunk_and_told(
    serve: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = serve(RenamesTheConversation)
    assert gateway.explore(*WALKS, "--report", f"markdown={tmp_path}/summary.md") == 1
    said = capsys.readouterr().out
    assert "CONV-4 violated (MUST): " in said
    record = ExplorationRecord.model_validate(gateway.report())
    worst = next(each for each in record.violations if each.requirement == "CONV-4")
    assert worst.is_confirmed
    assert (worst.times, worst.tries) == (3, 3)
    assert [step.kind for step in worst.steps] == ["turn", "turn"]
    assert [each.blamed for step in worst.steps for each in step.sent] == [False, True]
    page = (tmp_path / "summary.md").read_text("utf-8")
    assert page == gateway.page("report.md")
    assert "## ❌ CONV-4 (MUST)" in page
    assert "1. Begin conversation A" in page
    assert "2. Continue conversation A" in page
    assert "curl -i " in page
    assert "<h2" in gateway.page("report.html")
    assert '<svg class="timeline"' in gateway.page("report.html")


def test_what_was_found_is_saved_as_a_scenario_that_a_check_finds_violated(serve: Any, tmp_path: Path) -> None:
    gateway, folder = serve(RenamesTheConversation), tmp_path / "found"
    assert gateway.explore(*WALKS, "--save", str(folder)) == 1
    record = ExplorationRecord.model_validate(gateway.report())
    saved = next(each.saved for each in record.violations if each.requirement == "CONV-4")
    assert saved is not None, "it was asked for"
    assert saved.path == str(folder / "explored-conv-4.yaml"), saved.reason
    for page in ("report.md", "report.html"):
        assert f"It was saved as the scenario {saved.scenario}" in gateway.page(page)
    assert lint(folder).problems == ()
    assert gateway.key not in (folder / "explored-conv-4.yaml").read_text("utf-8")
    options = ["--scenario", str(saved.scenario), "--scripted-model", "--reports", str(tmp_path / "checked"), "--quiet"]
    assert main(["check", gateway.url, "--scenarios", str(folder), *options]) == 1


def test_a_known_violation_is_counted_and_nothing_else(serve: Any, tmp_path: Path) -> None:
    entries = "".join(
        f"  - {{requirement: {name}, reason: so be it, link: 'https://a.example/1', expires: 2999-01-01}}\n"
        for name in ("CONV-4", "CONV-3", "CONV-13", "CONV-17", "CONV-25", "CONV-28", "STREAM-10", "ERROR-13")
    )
    known = tmp_path / "known.yaml"
    known.write_text(f"known:\n{entries}", "utf-8")
    gateway = serve(RenamesTheConversation)
    assert gateway.explore(*WALKS, "--known", str(known)) == 0
    report = gateway.report()
    assert report["violations"] == []
    counts = {each["requirement"]: each["times"] for each in report["known"]}
    assert counts["CONV-4"] > 1
    assert "so be it" in gateway.page("report.md")


def test_the_reference_gateway_is_started_explored_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--agent", "scripted", "--contract", "agent-server", "--walks", "3", "--jobs", "2", "--seed", "5"]
    assert main(["explore", "reference", *options, "--reports", str(tmp_path), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "Exploring reference found nothing that the contract forbids (agent-server)" in said
    (page,) = tmp_path.glob("reference/*/report.md")
    again = "gateway-harness explore reference --agent scripted --contract agent-server --seed 5 --jobs 2"
    assert again in page.read_text("utf-8")


def test_a_target_that_does_not_answer_is_incomplete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["explore", "http://127.0.0.1:9", "--reports", str(tmp_path), "--quiet"])
    assert status == 3
    captured = capsys.readouterr()
    assert "127.0.0.1:9" in captured.out + captured.err


def test_a_target_that_is_lost_is_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SESSION_API_KEY", "a-key")
    gateway = Gateway("a-key")
    chats = iter(range(2))  # that of the smoke test, and one more

    def answer(request: Received) -> Answer:
        if request.path == "/v1/chat/completions" and next(chats, None) is None:
            server.answer = lambda _: None
            return None
        return gateway(request)

    with Server(answer) as server:
        assert main(["explore", server.url, "--reports", str(tmp_path), "--no-native-api", "--quiet"]) == 3
    assert "the target stopped answering" in capsys.readouterr().out


def test_without_a_walk_nothing_is_said_of_the_target(serve: Any, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = serve(RenamesTheConversation)
    assert gateway.explore("--max-requests", "3") == 3
    said = capsys.readouterr().out
    assert "ended before the first walk" in said
    assert "nothing that the contract forbids" not in said
    assert gateway.left() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--report", "junit"], "no report as junit"),
        (["--report", "html=-"], "standard output"),
        (["--known", "/nowhere/known.yaml"], "/nowhere/known.yaml"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    status = main(["explore", "http://127.0.0.1:9", "--reports", str(tmp_path / "reports"), *options])
    assert status == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "reports").exists()
