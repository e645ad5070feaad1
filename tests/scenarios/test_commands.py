"""`gateway-harness scenarios`, as a user types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.scenarios.schema import scenario_schema
from tests.scenarios.files import REQUIREMENTS, SCENARIOS, write_suite

if TYPE_CHECKING:
    from pathlib import Path


class Screen:
    """Runs commands on a suite and keeps what they print."""

    def __init__(self, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.suite = suite
        self.capsys = capsys
        self.out = self.err = ""

    def scenarios(self, action: str, *arguments: str) -> int:
        status = main(["scenarios", action, "--scenarios", str(self.suite), *arguments])
        self.out, self.err = self.capsys.readouterr()
        return status


@pytest.fixture
def screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Screen:
    return Screen(write_suite(tmp_path / "suite"), capsys)


def test_list_has_a_line_for_each_entry(screen: Screen) -> None:
    assert screen.scenarios("list") == 0
    assert screen.out == (
        "ID                     REQUIREMENT  LEVEL   NEEDS           TITLE\n"
        "auth/opens             AUTH-1       MUST                    The key opens the list\n"
        "auth/refuses[2 cases]  AUTH-2       SHOULD  authentication  A wrong key opens nothing\n"
    )


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--level", "MUST"], ["auth/opens"]),
        (["--contract", "documented"], ["auth/opens"]),
        (["--tag", "smoke"], ["auth/refuses[bearer]", "auth/refuses[header]"]),
        (["--requirement", "AUTH-1"], ["auth/opens"]),
        (["--area", "auth", "--level", "SHOULD"], ["auth/refuses[bearer]", "auth/refuses[header]"]),
        (["--level", "SHOULD", "--level", "MUST"], ["auth/opens", "auth/refuses[bearer]", "auth/refuses[header]"]),
    ],
)
def test_list_selects_and_speaks_json(arguments: list[str], ids: list[str], screen: Screen) -> None:
    assert screen.scenarios("list", "--json", *arguments) == 0
    assert [entry["id"] for entry in json.loads(screen.out)] == ids


def test_a_json_entry_says_all_that_a_selection_goes_by(screen: Screen) -> None:
    screen.scenarios("list", "--json", "--tag", "smoke")
    assert json.loads(screen.out)[0] == {
        "id": "auth/refuses[bearer]",
        "title": "A wrong key opens nothing",
        "requirement": "AUTH-2",
        "level": "SHOULD",
        "contracts": ["agent-server"],
        "area": "auth",
        "needs": ["authentication"],
        "tags": ["smoke"],
        "control": "auth/opens",
        "location": f"{screen.suite}/auth.yaml:9:5",
    }


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--tag", "smok"], "no scenario has the tag `smok`; did you mean `smoke`?"),
        (["--area", "zzz"], "no scenario has the area `zzz`; there are auth"),
        (["--requirement", "AUTH-22"], "there is no requirement `AUTH-22`; did you mean `AUTH-2`?"),
        (["--tag", "smoke", "--level", "MUST"], "there is no scenario with tag smoke, level MUST"),
    ],
)
def test_list_of_nothing_is_a_mistake(arguments: list[str], error: str, screen: Screen) -> None:
    assert screen.scenarios("list", *arguments) == 2
    assert (screen.out, screen.err) == ("", f"gateway-harness: {error}\n")


def test_show_prints_the_requirement_and_the_entry_as_it_was_written(screen: Screen) -> None:
    assert screen.scenarios("show", "auth/opens") == 0
    assert screen.out == (
        "auth/opens\n"
        f"  {screen.suite}/auth.yaml:3:5\n"
        "AUTH-1 (MUST; documented, agent-server)\n"
        "  The key opens the door.\n"
        "  Source: What to Configure\n"
        "\n"
        "id: auth/opens\n"
        "title: The key opens the list\n"
        "requirement: AUTH-1\n"
        "steps:\n"
        "  - call: models.list\n"
        "    expect: {status: 200, returns: ModelList}\n"
    )


def test_show_names_the_cases_of_an_entry_and_the_variables_of_a_case(screen: Screen) -> None:
    assert screen.scenarios("show", "auth/refuses") == 0
    assert "\nAUTH-2 (SHOULD; agent-server >=1.28,<2)\n" in screen.out
    assert "\nCases: bearer, header\n" in screen.out
    assert screen.scenarios("show", "auth/refuses[header]") == 0
    assert '\nVariables of this case: {"credential": "wrong-session-header"}\n' in screen.out


def test_show_of_what_is_not_there_knows_what_is_near(screen: Screen) -> None:
    assert screen.scenarios("show", "auth/open") == 2
    assert screen.err == "gateway-harness: there is no scenario `auth/open`; did you mean `auth/opens`?\n"


def test_lint_is_content_with_a_sound_suite(screen: Screen) -> None:
    assert screen.scenarios("lint") == 0
    assert screen.out == "3 scenarios: no problems\n"


def test_lint_tells_every_problem_in_a_line(screen: Screen) -> None:
    write_suite(screen.suite, SCENARIOS.replace("status: 401", "statsu: 401"), REQUIREMENTS.replace("SHOULD", "OUGHT"))
    assert screen.scenarios("lint") == 2
    assert screen.err.splitlines() == [
        f"{screen.suite}/auth.yaml:21:17: an expectation needs `status`",
        f"{screen.suite}/auth.yaml:21:18: unknown key `statsu` in an expectation; did you mean `status`?",
        f"{screen.suite}/requirements.yaml:7:12: unknown value `OUGHT`: it is one of `MUST`, `SHOULD`, `MAY`",
        "3 problems",
    ]


def test_lint_takes_files_and_folders(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "lint", str(screen.suite), str(screen.suite / "auth.yaml")]) == 0
    assert capsys.readouterr().out == "6 scenarios: no problems\n"


def test_a_suite_with_a_problem_is_neither_listed_nor_shown(screen: Screen) -> None:
    write_suite(screen.suite, "area: auth\n")
    for action in (["list"], ["show", "auth/opens"]):
        assert screen.scenarios(*action) == 2
        assert screen.err.endswith("auth.yaml:1:1: a scenario file needs `scenarios`\n1 problem\n")


def test_schema_prints_what_an_editor_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == scenario_schema()
    assert main(["scenarios", "schema", "requirements"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "the requirements"
