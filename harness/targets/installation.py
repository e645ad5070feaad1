"""Released agent servers, each in a virtual environment of its own under the user's cache folder."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.targets.errors import TargetError, TargetUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.targets import Progress

PACKAGE = "openhands-agent-server"
SIBLINGS = ("openhands-sdk", "openhands-tools", "openhands-workspace")
"""Released together with the server. It asks for some version of them, and works with its own."""

FIRST = Version("1.28.0")
"""The release that brought /v1/chat/completions."""

_COMPLETE = "complete"  # a file in the environment, written last: what the environment was made of


@dataclass(frozen=True, slots=True)
class Constraint:
    """An entry of `constraints.toml`."""

    releases: SpecifierSet
    requirement: str
    override: bool
    reason: str


def constraints(version: str | None) -> tuple[Constraint, ...]:
    """What a release needs beyond what it declares; None: what the newest might."""
    entries = tomllib.loads(Path(__file__).with_name("constraints.toml").read_text("utf-8"))["constraint"]
    known = [
        Constraint(SpecifierSet(each["releases"]), each["requirement"], each.get("override", False), each["reason"])
        for each in entries
    ]
    asked = Version(version or "9999")
    return tuple(each for each in known if each.releases.contains(asked, prereleases=True))


def requirements(version: str) -> list[str]:
    """What to install for a release: itself, its siblings of the same version, and what it would not start without."""
    own = [f"{name}=={version}" for name in (PACKAGE, *SIBLINGS)]
    return own + [each.requirement for each in constraints(version) if not each.override]


def check_version(version: str) -> None:
    """Raise TargetUsageError unless that is a version which can have the endpoint."""
    if not re.fullmatch(r"\d+(\.\d+)*", version) or Version(version) < FIRST:
        raise TargetUsageError(
            f"`{version}` is no release that has the endpoint",
            where=f"agent-server=={version}",
            advice=f"give a version such as 1.58.0, from {FIRST} on",
        )


def installed_server(version: str | None, progress: Progress) -> Path:
    """The interpreter of an environment that holds the agent server; it is made when there is none yet.

    Args:
        version: such as `1.58.0`; None is the newest that can be installed, or without an index the newest that is.
        progress: told when something takes long.

    Raises:
        TargetError: the installation failed.
        TargetUsageError: there is no such release, or no `uv`.
    """
    if version is None:
        progress(f"asking the package index for the newest {PACKAGE}")
        version = _newest()
    folder = _folder() / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{version}.lock").open("w") as lock:
        progress(f"waiting for another run that installs {PACKAGE} {version}")
        fcntl.flock(lock, fcntl.LOCK_EX)
        python = folder / "bin" / "python"
        recipe = _recipe(version)
        if not (_read(folder / _COMPLETE) == recipe and python.exists()):
            progress(f"installing {PACKAGE} {version}; it takes some minutes, once")
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, version, progress)
            (folder / _COMPLETE).write_text(recipe, "utf-8")
    return python


def packages(python: Path) -> dict[str, str]:
    """The versions, by name, of what an interpreter has and what makes released servers differ.

    Raises:
        TargetUsageError: it has no agent server.
    """
    names = (PACKAGE, *SIBLINGS, "fastapi", "starlette", "uvicorn", "pydantic", "litellm", "openai")
    ask = (
        "import importlib.metadata as m, json, sys\n"
        "print(json.dumps({d.name.lower(): d.version for d in m.distributions() if d.name.lower() in sys.argv}))"
    )
    try:
        command = [str(python), "-I", "-c", ask, *names]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        found: dict[str, str] = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        raise _no_server(python, type(problem).__name__) from None
    if PACKAGE not in found:
        raise _no_server(python, "it is not installed there")
    return {name: found[name] for name in names if name in found}


def _no_server(python: Path, why: str) -> TargetUsageError:
    return TargetUsageError(
        f"there is no {PACKAGE} to be had from this interpreter ({why})",
        where=str(python),
        advice=f"install {PACKAGE} there, or unset AGENT_SERVER_PYTHON",
    )


def _folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "openhands-gateway-harness" / "agent-server"


def _recipe(version: str) -> str:
    """All that decides what gets into the environment, so that another recipe makes another one."""
    users = [_read(Path(file)) for name in ("UV_CONSTRAINT", "UV_OVERRIDE") for file in _files(name)]
    return "\n".join([sys.version, *requirements(version), *_overrides(version), *users])


def _overrides(version: str | None) -> list[str]:
    return [each.requirement for each in constraints(version) if each.override]


def _files(name: str) -> list[str]:
    """The files that a variable of uv's names, divided by blanks as uv wants them."""
    return os.environ.get(name, "").split()


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError:
        return ""


def published() -> list[Version]:
    """The final releases that the package index has for this interpreter, oldest first.

    Raises:
        TargetError: the index can't be asked.
        TargetUsageError: there is no `uv`.
    """
    ask = [*_uv(), "tool", "run", "--python", sys.executable, "pip", "index", "versions", PACKAGE, "--json"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=False)
    try:
        found = map(Version, json.loads(answer.stdout)["versions"])
    except (ValueError, KeyError):
        raise _failed(f"the releases of {PACKAGE} can't be listed", ask, answer.stderr.splitlines()) from None
    return sorted(version for version in found if not version.is_prerelease)


def _newest() -> str:
    """The newest version whose dependencies can be installed together, else the newest that is installed already."""
    with TemporaryDirectory(prefix="gateway-harness-") as scratch:
        resolve = [*_uv(), "pip", "compile", "--quiet", "--no-annotate", "--no-header", "--python", sys.executable]
        resolve += [*_override_files(Path(scratch), None), "-"]
        found = subprocess.run(resolve, input=PACKAGE, capture_output=True, text=True, check=False)
    if pinned := re.search(rf"^{PACKAGE}==(\S+)", found.stdout, re.MULTILINE):
        return pinned[1]
    installed = [mark.parent.name for mark in _folder().glob(f"*/{_COMPLETE}")]
    if not installed:
        raise _failed(f"no version of {PACKAGE} can be found", resolve, found.stderr.splitlines())
    return max(installed, key=Version)


def _install(folder: Path, version: str, progress: Progress) -> None:
    """Make the environment, bytecode included: without it the server starts 6 s of CPU later, each time."""
    uv, python = _uv(), str(folder / "bin" / "python")
    _run([*uv, "venv", "--python", sys.executable, str(folder)], progress)
    install = [*uv, "pip", "install", "--compile-bytecode", "--python", python]
    try:
        _run([*install, *_override_files(folder, version), *requirements(version)], progress)
    except TargetError as failure:
        if f"no version of {PACKAGE}=={version}" not in " ".join(failure.what.split()):
            raise
        raise TargetUsageError(
            f"there is no release {version} of {PACKAGE}",
            where=f"agent-server=={version}",
            advice=f"the newest that can be installed is {_newest()}",
        ) from None


def _override_files(folder: Path, version: str | None) -> list[str]:
    """The options that make uv take our overrides; those of the user's UV_OVERRIDE would be dropped beside them."""
    overrides = _overrides(version)
    if not overrides:
        return []
    own = folder / "overrides.txt"
    own.write_text("\n".join(overrides), "utf-8")
    return [word for file in (str(own), *_files("UV_OVERRIDE")) for word in ("--override", file)]


def _uv() -> list[str]:
    """The command that runs uv: the one on PATH, or the module that is installed beside the harness."""
    if found := shutil.which("uv"):
        return [found]
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    raise TargetUsageError(
        "`uv` is not installed, and making an environment for a release takes it",
        where=sys.executable,
        advice="pip install 'openhands-gateway-harness[agent-server]', or set AGENT_SERVER_PYTHON to an interpreter "
        "that has the server",
    )


def _run(command: Sequence[str], progress: Progress) -> None:
    """Run a step of the installation, pass on what it says. Raises TargetError."""
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr or ():
                said.append(line.rstrip())
                progress(f"installing {PACKAGE}: {line.strip()}")
        except BaseException:  # Ctrl-C, above all
            process.kill()
            raise
    if process.returncode != 0:
        raise _failed("the agent server can't be installed", command, said)


def _failed(what: str, command: Sequence[str], said: Sequence[str]) -> TargetError:
    tail = "\n".join(said[-15:]) or "uv said nothing"
    return TargetError(f"{what}:\n{indent(tail, '    ')}", where=shlex.join(command), advice=_advice(tail))


def _advice(said: str) -> str:
    """What to try after uv said this, in lines of some 80 characters."""
    said = " ".join(said.split())
    if lacking := re.search(r"only ([a-z0-9-]+)\S* is available", said):
        package = lacking[1]
        return f"the index lacks a {package} that is asked for; {_with('UV_OVERRIDE', package)} to do with another"
    if broken := re.search(r"Failed to (?:build|download)[^`]*`([a-z0-9-]+)==([^`]+)`", said):
        return f"{_with('UV_CONSTRAINT', f'{broken[1]}<{broken[2]}')} to do without that version"
    if "unsatisfiable" in said:
        return f"{_with('UV_OVERRIDE', 'PACKAGE==VERSION')} for a package that stands in the way"
    return "check the way to the package index, or set AGENT_SERVER_PYTHON to an interpreter that has the server"


def _with(variable: str, requirement: str) -> str:
    return f"put `{requirement}` into a file and the file's path into {variable}"


def not_ready_advice(found: Mapping[str, str]) -> str:
    """What to try when a release that is installed does not start: its dependencies went on, as a rule."""
    listed = ", ".join(f"{name} {version}" for name, version in found.items() if not name.startswith("openhands"))
    return f"a dependency may be too new for it (it has {listed}); {_with('UV_CONSTRAINT', 'PACKAGE<VERSION')}"
