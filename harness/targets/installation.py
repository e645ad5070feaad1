"""Released agent servers, each in a virtual environment of its own under the user's cache folder."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from harness.targets import TargetError, TargetUsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.targets import Progress

PACKAGE = "openhands-agent-server"
FIRST = (1, 28, 0)  # the release that brought /v1/chat/completions

_COMPLETE = "complete"  # a file in the environment, written last


def installed_server(version: str | None, progress: Progress) -> Path:
    """The interpreter of an environment that holds the agent server; it is made when there is none yet.

    Args:
        version: such as `1.58.0`; None is the newest that can be installed, or without an index the newest that is.
        progress: told when something takes long.

    Raises:
        TargetError: the installation failed.
    """
    if version is None:
        progress(f"asking the package index for the newest {PACKAGE}")
        version = _newest()
    folder = _folder() / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs that need the same version: the second waits for the first
        python = folder / "bin" / "python"
        if not (folder / _COMPLETE).exists():
            progress(f"installing {PACKAGE} {version} into {folder}; it takes some minutes, once")
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, requirements(version))
            (folder / _COMPLETE).touch()
    return python


def check_version(version: str) -> None:
    """Raise TargetUsageError unless that is a release which has the endpoint."""
    if not re.fullmatch(r"\d+(\.\d+)*", version) or _numbers(version) < FIRST:
        raise TargetUsageError(
            f"`{version}` is no release that has the endpoint",
            where=f"agent-server=={version}",
            advice=f"give a version such as 1.58.0, from {'.'.join(map(str, FIRST))} on",
        )


def server_version(python: Path) -> str:
    """The version of the agent server that an interpreter has. Raises TargetUsageError."""
    ask = f"import importlib.metadata; print(importlib.metadata.version({PACKAGE!r}))"
    try:
        answer = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        raise TargetUsageError(
            f"there is no {PACKAGE} to be had from this interpreter ({type(problem).__name__})",
            where=str(python),
            advice=f"install {PACKAGE} there, or unset AGENT_SERVER_PYTHON",
        ) from None
    return answer.stdout.strip()


def requirements(version: str) -> list[str]:
    """What to install for a release: itself, its siblings of the same version, and what it would not start without."""
    siblings = (PACKAGE, "openhands-sdk", "openhands-tools", "openhands-workspace")
    wanted = [f"{name}=={version}" for name in siblings]
    if _numbers(version) < (1, 48, 0):
        # Query(..., lte=100) is a TypeError with fastapi 0.165; 0.128.0 is known to serve them.
        wanted.append("fastapi==0.128.0")
    if _numbers(version) < (1, 56, 0):
        # With litellm 1.106.2 every turn of 1.46.0 and 1.54.0 failed: no CacheableResult in mcp.types. 1.56.0 pins it.
        wanted.append("litellm<1.106")
    return wanted


def _folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "openhands-gateway-harness" / "agent-server"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _newest() -> str:
    """The newest version whose dependencies can be installed together, else the newest that is installed already."""
    uv = shutil.which("uv")
    if uv:
        resolve = [uv, "pip", "compile", "--quiet", "--no-annotate", "--no-header", "--python", sys.executable, "-"]
        found = _run(resolve, stdin=PACKAGE)
        pinned = re.search(rf"^{PACKAGE}==(\S+)", found.stdout, re.MULTILINE)
    else:
        resolve = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        found = _run([*resolve, "--report", "-", PACKAGE])
        pinned = re.search(rf'"name": "{PACKAGE}",\s*"version": "([^"]+)"', found.stdout)
    if pinned:
        return pinned[1]
    installed = [mark.parent.name for mark in _folder().glob(f"*/{_COMPLETE}")]
    if not installed:
        raise _failed(f"no version of {PACKAGE} can be found", found)
    return max(installed, key=_numbers)


def _install(folder: Path, wanted: Sequence[str]) -> None:
    """Make the environment, bytecode included: without it the server starts 6 s of CPU later, each time."""
    python = str(folder / "bin" / "python")
    uv = shutil.which("uv")
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *wanted],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", str(folder)],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--compile", *wanted],
        ]
    for step in steps:
        done = _run(step)
        if done.returncode != 0:
            raise _failed("the agent server can't be installed", done)


def _run(command: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def _failed(what: str, run: subprocess.CompletedProcess[str]) -> TargetError:
    said = "\n".join(run.stderr.strip().splitlines()[-15:]) or f"status {run.returncode}, without a word"
    return TargetError(
        f"{what}:\n{indent(said, '    ')}",
        where=shlex.join(run.args),
        advice="check the way to the package index, or set AGENT_SERVER_PYTHON to an interpreter that has the server",
    )
