"""The README is true: its examples run, and what it restates is what the code says.

Blocks marked `console` (a `$ ` line is a command, the lines under it what it prints, `...` for anything), `python` and
`yaml` with a file's name in the first line are one story, told from top to bottom in one folder beside a gateway.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.project.readme_tables import README, TABLES, generated

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [block for marked, block in BLOCKS if marked == language]


def test_the_generated_tables_are_current() -> None:
    assert re.findall(r"<!-- generated: ([\w-]+) -->", TEXT) == list(TABLES)
    assert generated(TEXT) == TEXT, "python -m tests.project.readme_tables"


def test_every_environment_variable_that_is_named_is_one_that_the_code_reads() -> None:
    code = "\n".join(file.read_text("utf-8") for file in (README.parent / "harness").rglob("*.py"))
    table = TEXT.partition("## Environment")[2].partition("## ")[0]
    names = re.findall(r"`([A-Z_]+)`", table)
    assert len(names) > 5
    assert [name for name in names if name not in code] == []


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (README.parent / "Makefile").read_text("utf-8")
    names = re.findall(r"(?:`|^)make ([a-z-]+)", TEXT, re.MULTILINE)
    assert names
    assert [name for name in names if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a reader who has started the gateway with the scripted agent."""
    pytest.importorskip("fastapi")
    key = "readme-session-key"
    reader = {
        name: value for name, value in os.environ.items() if not re.match(r"(LLM|OH|OPENHANDS|AGENT_SERVER)_", name)
    }
    reader |= {"SESSION_API_KEY": key, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    serve = [
        sys.executable,
        "-m",
        "harness",
        "serve",
        "--agent",
        "scripted",
        "--port",
        "0",
        "--state",
        str(tmp_path / "s"),
    ]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(serve, env=reader, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        try:
            assert any(line == "ready\n" for line in server.stdout)
            yield reader | {"AGENT_SERVER_URL": url}
        finally:
            server.terminate()


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a successful command prints."""
    process = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, f"{command[-1]}\n{process.stdout}\n{process.stderr}"
    return process.stdout


def test_the_examples_work_as_they_stand(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "my-scenarios").mkdir()
    ran = 0
    for language, block in BLOCKS:
        if language == "console":
            for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                printed = run(["bash", "-c", command], tmp_path, environment)
                assert doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS), printed
                ran += 1
        elif language == "python":
            run([sys.executable, "-c", block], tmp_path, environment)
            ran += 1
        elif language == "yaml" and (named := re.match(r"# (my-scenarios/\S+)", block)):
            (tmp_path / named[1]).write_text(block, "utf-8")
    assert ran >= len(blocks("console")) + len(blocks("python"))
