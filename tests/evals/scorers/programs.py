"""Runs programs in the sandbox, and checks what they leave behind."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from harness.evals.scorers.sandbox.landlock import version
from harness.evals.scorers.sandbox.sandbox import Limits, Sandbox, harmless_environment

if TYPE_CHECKING:
    from harness.evals.scorers.sandbox.sandbox import Ended

needs_sandbox = pytest.mark.skipif(not version(), reason="this kernel has no Landlock")

PYTHON = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", sys.prefix, sys.base_prefix)
"""What an interpreter reads."""


def play(
    code: str, *, stdin: str = "typed", reads: tuple[str, ...] | None = PYTHON, network: bool = False, **limits: Any
) -> Ended:
    """Run Python code, and check that it leaves no process and no folder behind."""
    mark = f"mark-{uuid4()}"
    sandbox = Sandbox(Limits(**{"seconds": 20, "cpu_seconds": 2, **limits}), reads, network=network)
    command = [sys.executable, "-I", "-c", code, mark]
    ended = asyncio.run(
        sandbox.run(command, environment=harmless_environment(), files={"given.txt": "given"}, stdin=stdin)
    )
    assert running(mark) == 0
    return ended


def running(mark: str) -> int:
    """Processes that have this in their command line and have not ended."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_dead = folder.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z"
            found += not is_dead and mark.encode() in folder.joinpath("cmdline").read_bytes()
        except OSError:
            continue
    return found
