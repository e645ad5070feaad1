"""ARCHITECTURE.md is true of the code, what it says never happens never does, and each of these checks can fail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.project.architecture import (
    Map,
    Package,
    ambiguous,
    arrows_off_the_map,
    circle,
    outside,
    rooms_off_the_map,
    too_long,
    upward,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
MAP = Map(TEXT)
PACKAGE = Package(ROOT / "harness")


def rooms_under(title: str) -> set[str]:
    """The rooms of one of the tables."""
    found = set(Map(TEXT.partition(f"\n### {title}\n")[2].partition("\n#")[0]).arrows)
    assert found
    return found


STAGES = rooms_under("What is passed along") | rooms_under("The stages of a check")
GATEWAY = rooms_under("The gateway")
EVALUATION = rooms_under("Evaluation")


def test_every_module_is_in_a_room_of_the_map() -> None:
    assert rooms_off_the_map(PACKAGE, MAP) == []


def test_rooms_import_what_the_map_says_and_nothing_else() -> None:
    assert arrows_off_the_map(PACKAGE, MAP) == []


def test_rooms_import_only_rooms_above_them() -> None:
    assert upward(MAP) == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert circle(PACKAGE) == []


def test_gateway_and_stages_do_not_know_each_other() -> None:
    assert set().union(*map(MAP.reached, GATEWAY)) & (STAGES | EVALUATION) == set()
    assert set().union(*map(MAP.reached, STAGES | EVALUATION)) & GATEWAY == set()


def test_the_ground_imports_no_stage() -> None:
    ground = rooms_under("The ground")
    assert set().union(*map(MAP.reached, ground)) - ground == set()


def test_a_check_knows_nothing_of_evaluation_nor_an_evaluation_of_a_check() -> None:
    assert set().union(*map(MAP.reached, STAGES)) & EVALUATION == set()
    assert set().union(*map(MAP.reached, EVALUATION)) & rooms_under("The stages of a check") == set()


def test_the_judge_does_no_input_or_output() -> None:
    assert "judge/" in MAP.outside
    assert outside(PACKAGE, MAP) == []


def test_mutants_stand_in_front_of_the_gateway_and_never_inside() -> None:
    assert MAP.arrows["mutants/"]["gateway"] == {"app", "gateway", "launch", "lifecycle", "settings"}
    assert {room for room, arrows in MAP.arrows.items() if "gateway" in arrows} == {"mutants/", "cli/"}


def test_nothing_imports_the_commands_but_the_main_module() -> None:
    assert {room for room, arrows in MAP.arrows.items() if "cli" in arrows} == {"__main__.py"}


def test_no_module_is_too_long() -> None:
    assert too_long(PACKAGE) == []


def test_modules_of_one_name_are_of_one_kind() -> None:
    assert ambiguous(PACKAGE, MAP) == []


# The checks themselves, on a small package.

PLAN = """
| room | what it holds | may import |
|---|---|---|
| `aside.py` | nobody uses it | |
| `ground.py` | everything stands on it | |
| `stage/` | a stage | `ground` |
| `stage/inner/` | a room in a room | `ground`, `stage` (`open`) |
| `top/` | an entry | everything above |

- `stage/` and what it stands on use of the outside only `json`, `re`: nothing else.

## Names

- `same`: said why
- `top/*`: said why
"""

MODULES = {
    "aside": "",
    "ground": "import json",
    "stage/open": "import re\nfrom pack.ground import x\nif TYPE_CHECKING:\n    from collections.abc import Iterator",
    "stage/same": "import pack.ground",
    "stage/inner/same": "from pack.stage import open\ndef f():\n    from pack import ground",
    "top/__init__": "",
    "top/open": "import socket\nfrom pack.stage.open import x",
}


def planted(folder: Path, modules: dict[str, str]) -> Package:
    """The small package, with some modules added or otherwise."""
    for module, text in {**MODULES, **modules}.items():
        path = folder / "pack" / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Package(folder / "pack")


ALL: dict[str, Callable[[Package, Map], list[str]]] = {
    "rooms": rooms_off_the_map,
    "arrows": arrows_off_the_map,
    "upward": lambda _, plan: upward(plan),
    "circle": lambda package, _: circle(package),
    "outside": outside,
    "length": lambda package, _: too_long(package),
    "names": ambiguous,
}


def complaints(package: Package, plan: str = PLAN) -> dict[str, list[str]]:
    """What each check says, of those that say something."""
    return {name: said for name, check in ALL.items() if (said := check(package, Map(plan)))}


def test_a_package_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    assert complaints(planted(tmp_path, {})) == {}


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ({"attic": ""}, {"rooms": ["attic is in no room"]}),
        ({"ground": "def f():\n    import pack.aside"}, {"arrows": ["ground:2 uses aside"]}),
        ({"ground": "if TYPE_CHECKING:\n    from pack.aside import x"}, {"arrows": ["ground:2 uses aside"]}),
        (
            {"stage/inner/same": "import pack.stage.same, pack.ground"},
            {"arrows": ["stage/inner/same:1 uses stage/same"]},
        ),
        ({"stage/inner/same": "import pack.stage.open"}, {"arrows": ["stage/inner/ doesn't import ground.py"]}),
        (
            {
                "stage/open": "import pack.ground, pack.stage.same",
                "stage/same": "if TYPE_CHECKING:\n    import pack.stage.open",
            },
            {"circle": ["stage/open", "stage/same", "stage/open"]},
        ),
        ({"stage/same": "import os.path"}, {"outside": ["stage/same:1 uses os, which stage/ must not"]}),
        ({"stage/same": "x = open('file')"}, {"outside": ["stage/same:1 uses open, which stage/ must not"]}),
        ({"ground": "import socket"}, {"outside": ["ground:1 uses socket, which stage/ must not"]}),
        ({"ground": "\n" * 401}, {"length": ["ground has 401 lines"]}),
        ({"stage/inner/ground": ""}, {"names": ["ground and stage/inner/ground"]}),
    ],
)
def test_a_package_that_breaks_a_rule_is_told_where(
    tmp_path: Path, modules: dict[str, str], said: dict[str, list[str]]
) -> None:
    assert complaints(planted(tmp_path, modules)) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| `top/`", "| `cellar/` | nothing | |\n| `top/`", {"rooms": ["cellar/ is empty"]}),
        ("stands on it | |", "stands on it | `stage` |", {"upward": ["ground.py imports stage/"]}),
        ("- `same`", "- `other`", {"names": ["stage/inner/same and stage/same", "no two modules are called other"]}),
        ("`json`, ", "", {"outside": ["ground:1 uses json, which stage/ must not"]}),
    ],
)
def test_a_map_that_is_wrong_is_told_where(tmp_path: Path, old: str, new: str, said: dict[str, list[str]]) -> None:
    assert old in PLAN
    found = complaints(planted(tmp_path, {}), PLAN.replace(old, new))
    assert {name: found.get(name) for name in said} == said
