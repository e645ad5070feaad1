"""`.ci/find-python`: the first thing that a fresh clone runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FIND_PYTHON = Path(__file__).parents[2] / ".ci/find-python"


def find_python(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it with nothing but `path` and the machine's basic tools."""
    return subprocess.run(
        ["/bin/sh", FIND_PYTHON],
        env={"PATH": str(path), "HOME": str(path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder: Path, name: str, text: str) -> Path:
    """An executable shell script."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    file.chmod(0o755)
    return file


def test_a_python_that_is_too_old_or_does_not_run_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path, "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    program(tmp_path, "python3.13", "exit 0")  # what the probe does on an old Python: nothing is printed
    program(tmp_path, "python3", f'exec {sys.executable} "$@"')
    found = find_python(tmp_path)
    assert found.returncode == 0
    assert os.path.realpath(found.stdout.strip()) == os.path.realpath(sys.executable)


def test_the_python_that_the_user_names_comes_first(tmp_path: Path) -> None:
    program(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    mine = program(tmp_path, "mine", "echo /the/one/i/named")
    assert find_python(tmp_path, PYTHON=str(mine)).stdout == "/the/one/i/named\n"


def test_a_uv_that_knows_a_python_is_asked_last(tmp_path: Path) -> None:
    program(tmp_path, "uv", "echo /managed/by/uv/python")
    assert find_python(tmp_path).stdout == "/managed/by/uv/python\n"


def test_without_any_python_the_message_says_what_to_do(tmp_path: Path) -> None:
    program(tmp_path, "cat", 'exec /bin/cat "$@"')
    found = find_python(tmp_path)
    assert found.returncode == 1
    assert found.stdout == ""
    assert "No Python 3.12 or newer was found" in found.stderr
    assert "make PYTHON=" in found.stderr
