"""pytest sessions as processes of their own, in a folder that holds a suite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.check.suite import SCENARIOS, write_suite

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-planted-key/42"

# The environment's other plugins take seconds to import, and nothing here needs them.
_OTHERS = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "no:libtmux")

_RESULT = re.compile(r"^(\S+\.(?:yaml|py)::\S+) ([A-Z]+)|^\[gw\d\] \[ *\d+%\] ([A-Z]+) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Session:
    """The result of a session."""

    status: int
    output: str

    @property
    def results(self) -> dict[str, str]:
        """The outcome of each item, from `-v`."""
        return {name or other: word or state for name, word, state, other in _RESULT.findall(self.output)}


class Sessions:
    """Runs pytest in its own folder, outside this project's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suite = write_suite(folder)
        (folder / "pytest.ini").write_text("[pytest]\n")
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not re.match(r"(LLM|OH|OPENHANDS|AGENT_SERVER|PYTEST)_", name)
        } | {"SESSION_API_KEY": KEY}

    def scenarios(self, text: str) -> None:
        """Replace the scenarios of chat.yaml."""
        write_suite(self.folder, text)

    def python(self, text: str) -> None:
        """Add a module of Python tests."""
        (self.folder / "test_python.py").write_text(text)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-v", *_OTHERS, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(self, *arguments: str) -> Session:
        with self.start(*arguments) as process:
            output, _ = process.communicate(timeout=120)
        assert KEY not in output
        return Session(process.returncode, output)


def only(*names: str) -> str:
    """The suite with only these scenarios."""
    head, *entries = re.split(r"(?=^  - id: )", SCENARIOS, flags=re.MULTILINE)
    return head + "".join(entry for entry in entries if any(f"- id: chat/{name}\n" in entry for name in names))
