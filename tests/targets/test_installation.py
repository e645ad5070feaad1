from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from harness.targets.errors import TargetError, TargetUsageError
from harness.targets.installation import constraints, installed_server, packages, requirements
from harness.targets.parse import parse_target
from tests.targets.releases import publish, release

pytest.importorskip("uv")

if TYPE_CHECKING:
    from pathlib import Path


def ignore(_: str) -> None:
    """Discards progress."""


def test_the_packages_of_a_release_go_together() -> None:
    assert requirements("1.58.0") == [
        "openhands-agent-server==1.58.0",
        "openhands-sdk==1.58.0",
        "openhands-tools==1.58.0",
        "openhands-workspace==1.58.0",
    ]


@pytest.mark.parametrize(
    ("version", "pinned"),
    [
        ("1.28.0", ["fastapi==0.128.0", "litellm==1.105.3"]),
        ("1.47.0", ["fastapi==0.128.0", "litellm==1.105.3"]),
        ("1.48.0", ["litellm==1.105.3"]),
        ("1.55.1", ["litellm==1.105.3"]),
        ("1.58.2", []),
    ],
)
def test_an_old_release_gets_the_dependency_that_it_still_works_with(version: str, pinned: list[str]) -> None:
    assert requirements(version)[4:] == pinned


def test_each_constraint_is_a_requirement_with_a_reason_for_some_release() -> None:
    known = {each for version in ("1.28.0", "1.55.0", None) for each in constraints(version)}
    for each in known:
        assert Requirement(each.requirement).specifier
        assert len(each.reason) > 20
    assert {each.override for each in known} == {True, False}


def test_the_newest_release_is_taken_when_none_is_named(index: Path) -> None:
    for version in ("1.57.0", "1.58.0"):
        release(index, version)
    python = installed_server(None, ignore)
    assert packages(python)["openhands-agent-server"] == "1.58.0"


def test_without_an_index_the_newest_that_is_installed_is_taken(index: Path) -> None:
    for version in ("1.57.0", "1.58.0"):
        release(index, version)
    installed_server("1.57.0", ignore)
    for wheel in index.iterdir():
        wheel.unlink()
    assert packages(installed_server(None, ignore))["openhands-agent-server"] == "1.57.0"


def test_an_environment_is_made_once_and_anew_when_its_constraints_change(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(index, "1.58.0", requires=["fastapi"])
    for version in ("0.100", "0.101"):
        publish(index, "fastapi", version)
    said: list[str] = []
    assert packages(installed_server("1.58.0", said.append))["fastapi"] == "0.101"
    assert any("Installed 5 packages" in line for line in said)
    said.clear()
    installed_server("1.58.0", said.append)
    assert not any("install" in line and "waiting" not in line for line in said)
    constraint = tmp_path / "constraint.txt"
    constraint.write_text("fastapi<0.101")
    monkeypatch.setenv("UV_CONSTRAINT", str(constraint))
    assert packages(installed_server("1.58.0", ignore))["fastapi"] == "0.100"


def test_a_release_that_asks_for_what_the_index_has_not_yet_gets_what_there_is(index: Path) -> None:
    release(index, "1.58.2", requires=["certifi>=2026.10.19"])
    publish(index, "certifi", "2026.10.18")
    installed_server("1.58.2", ignore)
    assert installed_server(None, ignore).parents[1].name == "1.58.2"


def test_a_release_that_does_not_exist_is_a_mistake_of_who_asked(index: Path) -> None:
    release(index, "1.58.0")
    with pytest.raises(TargetUsageError, match=r"no release 1\.99\.0 of openhands-agent-server") as raised:
        installed_server("1.99.0", ignore)
    assert raised.value.advice == "the newest that can be installed is 1.58.0"
    assert raised.value.exit_status == 2


def test_what_stands_in_the_way_is_named_with_the_constraint_to_try(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(index, "1.58.0", requires=["fastapi>=0.104"])
    publish(index, "fastapi", "0.100")
    with pytest.raises(TargetError, match=r"only fastapi==0\.100 is available") as raised:
        installed_server("1.58.0", ignore)
    assert "`fastapi` into a file and the file's path into UV_OVERRIDE" in raised.value.advice
    assert raised.value.exit_status == 3
    override = tmp_path / "override.txt"
    override.write_text("fastapi")
    monkeypatch.setenv("UV_OVERRIDE", str(override))
    installed_server("1.58.0", ignore)


def test_an_index_that_has_nothing_says_so(index: Path) -> None:
    with pytest.raises(TargetError, match="no version of openhands-agent-server can be found") as raised:
        installed_server(None, ignore)
    assert raised.value.exit_status == 3


def test_without_uv_it_says_how_to_get_it(index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An interpreter of its own that has the harness and no more."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True, timeout=60)
    code = (
        "from harness.targets.installation import installed_server\n"
        "try: installed_server(None, print)\n"
        "except Exception as error: print(error)"
    )
    import packaging

    from harness.targets import installation

    path = [tmp_path / "lib"]
    path[0].mkdir()
    (path[0] / "harness").symlink_to(installation.__file__.rpartition("/targets/")[0])
    (path[0] / "packaging").symlink_to(packaging.__file__.rpartition("/")[0])
    done = subprocess.run(
        [bare / "bin" / "python", "-c", code],
        env={"PATH": str(tmp_path), "PYTHONPATH": str(path[0]), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "`uv` is not installed" in done.stdout
    assert "pip install 'openhands-gateway-harness[agent-server]'" in done.stdout


def test_an_interpreter_without_the_server_is_refused() -> None:
    for python, why in ("/no/such/python", "FileNotFoundError"), (sys.executable, "no openhands-agent-server"):
        target = parse_target("agent-server", environment={"AGENT_SERVER_PYTHON": python})
        with pytest.raises(TargetUsageError, match=why) as raised:
            target.start(ignore)
        assert "AGENT_SERVER_PYTHON" in raised.value.advice
