"""The files that set up the environments."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / ".ci/locks").glob("*.txt"))


def committed_files() -> list[Path]:
    """Every file that git knows in this checkout."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_each_package_and_names_no_place_to_get_it_from(lock: Path) -> None:
    lines = [line for line in lock.read_text("utf-8").splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    assert [line for line in lines if not re.match(r"^[a-z0-9-]+==[0-9a-z.+!]+( ; .+)?$", line)] == []


def test_no_committed_file_names_a_package_index() -> None:
    # The brackets keep this file from naming one itself.
    hosts = re.compile(rb"pypi[.]org|python[h]osted|registry[.](npmjs|yarnpkg)")
    files = committed_files()
    assert files
    assert [str(file.relative_to(ROOT)) for file in files if hosts.search(file.read_bytes())] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_each_lock_belongs_to_an_environment_of_the_makefile(lock: Path) -> None:
    assert f".ci/locks/{lock.name}" in (ROOT / "Makefile").read_text("utf-8")


def required(extra: str | None) -> set[str]:
    """The names that `pyproject.toml` asks for, with an extra and those that it includes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [*project["dependencies"], *(project["optional-dependencies"][extra] if extra else [])]
    names = {re.split(r"[<>=!~; ]", requirement)[0].lower() for requirement in requirements}
    included = {name for name in names if name.startswith(f"{project['name']}[")}
    extras = {name for each in included for name in each.partition("[")[2].rstrip("]").split(",")}
    return (names - included).union(*(required(name) for name in extras))


@pytest.mark.parametrize(("lock", "extra"), [("core", "test"), ("dev", "dev")])
def test_a_lock_holds_everything_that_the_project_asks_for(lock: str, extra: str) -> None:
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / f".ci/locks/{lock}.txt").read_text("utf-8"), re.MULTILINE))
    assert {"openai", "pytest"} <= required(extra)
    assert required(extra) - locked == set(), "make lock"
