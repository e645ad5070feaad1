"""An environment for each tool that is measured beside `eval`; they can't share one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache/bench-eval"


class Unavailable(Exception):  # noqa: N818 - what is written in place of a measurement
    """A tool can't be installed here; the message says why."""


def python_packages(name: str, *requirements: str) -> Path:
    """The folder with the programs of these Python packages. Raises Unavailable."""
    folder = CACHE / name
    if not _is_made(folder, requirements):
        found = subprocess.run(
            [str(ROOT / ".ci/find-uv"), sys.executable], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
        uv = str(ROOT / found.stdout.strip())
        _make([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
        python = str(folder / "bin/python")
        _make([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *requirements])
        _note(folder, requirements)
    return folder / "bin"


def node_packages(name: str, *packages: str) -> Path:
    """The folder with these npm packages, without optional dependencies. Raises Unavailable."""
    folder = CACHE / name
    if not _is_made(folder, packages):
        npm = shutil.which("npm")
        if npm is None:
            raise Unavailable("there is no npm")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        quiet = ["--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts", "--loglevel=error"]
        _make([npm, "install", *quiet, "--prefix", str(folder), *packages])
        _note(folder, packages)
    return folder / "node_modules"


def _is_made(folder: Path, packages: tuple[str, ...]) -> bool:
    made = folder / ".installed"
    return made.exists() and made.read_text("utf-8") == "\n".join(packages)


def _note(folder: Path, packages: tuple[str, ...]) -> None:
    (folder / ".installed").write_text("\n".join(packages), "utf-8")


def _make(command: list[str]) -> None:
    sys.stderr.write(f"{' '.join(command)}\n")
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, stdout=sys.stderr, text=True)
    if done.returncode != 0:
        last = next(iter(reversed(done.stderr.strip().splitlines())), "")
        raise Unavailable(f"it can't be installed: {last[:200]}")
