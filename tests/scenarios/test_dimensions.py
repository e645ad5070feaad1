"""A requirement names what it ranges over; every cell of it is tried, or has a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.reading.problems import FileError
from harness.scenarios.dimensions import tried_cells
from harness.scenarios.lint import lint
from harness.scenarios.load import load_suite
from tests.scenarios.files import REQUIREMENTS, SCENARIOS, write_suite

if TYPE_CHECKING:
    from pathlib import Path

DIMENSIONS = """\
dimensions:
  - id: wrong-key
    text: A wrong key stands in either header.
    cells:
      bearer: {credential: wrong-bearer}
      header: {credential: wrong-session-header}
      nobody: {credential: none}
  - id: turn
    text: A conversation goes on.
    cells: {first: , later: }
"""
RANGING = REQUIREMENTS.replace(
    "does not.\n", "does not.\n    dimensions:\n      wrong-key: {nobody: that is no key}\n      turn:\n"
)
TABLE = """\
    cases:
      bearer: {credential: wrong-bearer}
      header: {credential: wrong-session-header}
"""
TRYING = SCENARIOS.replace(TABLE, "    cases_from: wrong-key\n    tries: {turn: [first, later]}\n")


def suite_of(folder: Path, scenarios: str = TRYING, requirements: str = RANGING, dimensions: str = DIMENSIONS) -> Path:
    (write_suite(folder, scenarios, requirements) / "dimensions.yaml").write_text(dimensions)
    return folder


def problems_of(folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in lint(folder).problems]


def test_the_cells_of_a_dimension_are_the_cases_of_a_scenario_save_those_with_a_reason(tmp_path: Path) -> None:
    suite = load_suite(suite_of(tmp_path))
    cases = [scenario for scenario in suite.scenarios.values() if scenario.requirement == "AUTH-2"]
    assert [case.id for case in cases] == ["auth/refuses[bearer]", "auth/refuses[header]"]
    assert [case.steps[0].auth for case in cases] == ["wrong-bearer", "wrong-session-header"]
    assert cases[0].tries == {"wrong-key": ("bearer",), "turn": ("first", "later")}
    assert tried_cells(suite.scenarios.values())["AUTH-2", "turn", "later"] == 2
    assert problems_of(tmp_path) == []


@pytest.mark.parametrize(
    ("tries", "tried"),
    [
        ("{wrong-key: bearer}", {"bearer": ("bearer",), "header": ("bearer",)}),
        ("{wrong-key: [header, bearer]}", {"bearer": ("header", "bearer"), "header": ("header", "bearer")}),
        ('{wrong-key: "${case}"}', {"bearer": ("bearer",), "header": ("header",)}),
        ('{wrong-key: "${cell}"}', {"bearer": ("header",), "header": ("bearer", "header")}),
    ],
)
def test_a_scenario_says_itself_which_cells_each_of_its_cases_tries(
    tries: str, tried: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    table = TABLE.replace("wrong-bearer}", "wrong-bearer, cell: header}").replace(
        "wrong-session-header}", "wrong-session-header, cell: [bearer, header]}"
    )
    suite = load_suite(suite_of(tmp_path, SCENARIOS.replace(TABLE, f"{table}    tries: {tries}\n")))
    cases = [scenario for scenario in suite.scenarios.values() if scenario.requirement == "AUTH-2"]
    assert {case.id[13:-1]: case.tries["wrong-key"] for case in cases} == tried


MISTAKES = {
    ("first, later", "first"): (
        "requirements.yaml:6:5: `AUTH-2`: no scenario tries `later` of `turn`: write one, or the reason why not"
    ),
    ("      turn:\n", "      turn: {first: why}\n"): (
        "requirements.yaml:6:5: `AUTH-2`: `first` of `turn` has a reason not to be tried, and is tried"
    ),
    ("      turn:\n", ""): "auth.yaml:16:12: `AUTH-2` does not range over `turn`: say so there",
    ("      turn:\n", "      tun:\n"): ("requirements.yaml:10:7: there is no dimension `tun`; did you mean `turn`?"),
    ("nobody: that", "noone: that"): (
        "requirements.yaml:10:7: `wrong-key` has no cell `noone`: it has `bearer`, `header`, `nobody`"
    ),
    ("[first, later]", "[first, latter]"): "auth.yaml:16:12: `turn` has no cell `latter`; did you mean `later`?",
    ("cases_from: wrong-key", "cases_from: wrong-kee"): (
        "auth.yaml:15:17: there is no dimension `wrong-kee`; did you mean `wrong-key`?"
    ),
    ("cases_from: wrong-key\n", f"cases_from: wrong-key\n{TABLE}"): (
        "auth.yaml:16:5: the cases are the cells of `wrong-key`, and no others"
    ),
    ("header: {credential: wrong-session-header}\n      nobody", "header: {}\n      nobody"): (
        "dimensions.yaml:6:7: cell `header` lacks `credential`, which cell `bearer` has"
    ),
    ("nobody: {credential: none}", "nobody: none"): (
        'dimensions.yaml:7:15: a mapping or null is expected here, not "none"'
    ),
    ("{first: , later: }\n", "{first: , later: }\n  - {id: idle, text: It waits., cells: {no: }}\n"): (
        "dimensions.yaml:11:5: `idle`: no requirement ranges over it"
    ),
}


@pytest.mark.parametrize(("change", "problem"), MISTAKES.items())
def test_a_gap_and_a_mistake_are_told_with_their_place(change: tuple[str, str], problem: str, tmp_path: Path) -> None:
    files = [text.replace(*change) for text in (TRYING, RANGING, DIMENSIONS)]
    assert files != [TRYING, RANGING, DIMENSIONS]
    assert problem in problems_of(suite_of(tmp_path, *files))


def test_a_folder_without_requirements_of_its_own_ranges_over_the_built_in_dimensions(tmp_path: Path) -> None:
    trying = SCENARIOS.replace("AUTH-2", "AUTH-4").replace(TABLE, "    cases_from: wrong-key\n")
    suite = load_suite(write_suite(tmp_path, trying, requirements=None))
    assert "auth/refuses[bearer-undefined]" in suite.scenarios


def test_a_repetition_that_is_none_is_told(tmp_path: Path) -> None:
    table = TABLE.replace("wrong-bearer}", "wrong-bearer, more: {repeat: 0, of: 1}}").replace(
        "wrong-session-header}", "wrong-session-header, more: []}"
    )
    suite_of(tmp_path, SCENARIOS.replace(TABLE, table))
    with pytest.raises(FileError) as caught:
        load_suite(tmp_path)
    assert [problem.message for problem in caught.value.problems] == [
        "how often it is repeated is a whole number, from 1",
        "repeated is a text or a list",
    ]
