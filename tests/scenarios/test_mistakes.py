"""The message for a mistake in a scenario file: its place, what is wrong, and the fix if one is likely."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.reading.problems import FileError
from harness.scenarios.load import load_suite
from tests.scenarios.files import REQUIREMENTS, SCENARIOS, write_suite

MISTAKES = yaml.safe_load((Path(__file__).parent / "mistakes.yaml").read_text())


def problems_of(folder: Path) -> list[str]:
    """The problems of a suite, without its folder."""
    with pytest.raises(FileError) as caught:
        load_suite(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=mistake["name"]) for mistake in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_the_way_out(mistake: dict[str, Any], tmp_path: Path) -> None:
    suite = write_suite(tmp_path, mistake["file"])
    assert problems_of(suite) == [f"auth.yaml:{problem}" for problem in mistake["problems"]]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("MUST", "MUSS", "3:12: unknown value `MUSS`; did you mean `MUST`?"),
        ("AUTH-2", "AUTH-1", "6:9: `AUTH-1` again: line 2 of requirements.yaml has this id already"),
        ("AUTH-2", "AUTH2", "6:9: `AUTH2`: an id is capitals, a dash and a number, such as AUTH-1"),
        ("[agent-server]", "[documented]", "11:5: `versions` are those of the `agent-server` contract"),
        ("[agent-server]", "[agent]", "10:17: unknown value `agent`: it is one of `documented`, `agent-server`"),
        (">=1.28,<2", "1.28", "11:15: `1.28`: a version specifier reads like `>=1.28` or `>=1.28,<2` (PEP 440)"),
        ("    source: What to Configure\n  - id", "  - id", "2:5: a requirement needs `source`"),
        ("text:", "txt:", "6:5: a requirement needs `text`"),
    ],
)
def test_a_mistake_in_the_requirements_is_told_too(old: str, new: str, problem: str, tmp_path: Path) -> None:
    head, _, tail = REQUIREMENTS.rpartition(old)
    suite = write_suite(tmp_path, requirements=head + new + tail)
    assert f"requirements.yaml:{problem}" in problems_of(suite)


def test_the_mistakes_of_all_files_are_told_at_once_in_order(tmp_path: Path) -> None:
    suite = write_suite(
        tmp_path,
        SCENARIOS.replace("title: The key", "titel: The key").replace("AUTH-2", "AUTH-9"),
        REQUIREMENTS.replace("SHOULD", "OUGHT"),
        chat="area: chat\nscenarios: [1\n",
    )
    assert [problem.partition(" ")[0] for problem in problems_of(suite)] == [
        "auth.yaml:3:5:",  # no title
        "auth.yaml:4:5:",  # titel
        "auth.yaml:11:18:",  # AUTH-9
        "chat.yaml:3:1:",
        "requirements.yaml:7:12:",
    ]


def test_who_refers_to_a_broken_entry_is_not_to_blame(tmp_path: Path) -> None:
    broken = SCENARIOS.replace("title: The key opens", "title: [a] # The key opens")
    assert problems_of(write_suite(tmp_path, broken, REQUIREMENTS.replace("SHOULD", "OUGHT"))) == [
        "auth.yaml:4:12: text is expected here, not a list",
        "requirements.yaml:7:12: unknown value `OUGHT`: it is one of `MUST`, `SHOULD`, `MAY`",
    ]


def test_a_file_that_is_not_utf_8_is_told_with_the_place_of_the_odd_byte(tmp_path: Path) -> None:
    suite = write_suite(tmp_path)
    (suite / "auth.yaml").write_bytes(SCENARIOS.replace("The key", "Der Schlüssel").encode("latin-1"))
    assert problems_of(suite)[0] == "auth.yaml:4:20: not UTF-8: invalid start byte"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    suite = write_suite(tmp_path)
    (suite / "auth.yaml").write_bytes(SCENARIOS.encode("utf-8-sig"))
    assert len(load_suite(suite).scenarios) == 3


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    suite = write_suite(tmp_path, f"{SCENARIOS}# {'x' * (1 << 20)}\n")
    assert problems_of(suite) == ["auth.yaml:1:1: larger than 1048576 bytes: split it by area"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nope:1:1: can't be read: No such file or directory"):
        load_suite(tmp_path / "nope")


def test_a_folder_without_scenarios_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no scenario file"):
        load_suite(tmp_path)
