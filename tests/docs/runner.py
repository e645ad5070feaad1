"""GitHub's runner, as far as our action and recipes need one: expressions of inputs, secrets and outputs, run steps."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
OURS = "OWNER/openhands-gateway-harness@main"

# A few scenarios are enough to show that the recipes work.
_ONE_AREA = '[ "$1" != check ] || set -- "$@" --area models'

_EXPRESSION = re.compile(r"\$\{\{ *(\w+)\.([\w.-]+) *\}\}")


@dataclass
class Runner:
    """Runs steps in a folder.

    Attributes:
        folder: the workspace.
        environment: of every step.
        secrets: by name.
    """

    folder: Path
    environment: dict[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tools = self.folder / ".tools"
        # Recipes that create a virtual environment get this one, and install nothing into it.
        for bin_ in (tools / "bin", tools / "gateway-harness" / "bin"):
            bin_.mkdir(parents=True)
            _script(bin_ / "python", f'[ "$1 $2" = "-m venv" ] || exec {sys.executable} "$@"')
            _script(bin_ / "gateway-harness", f'{_ONE_AREA}\nexec {sys.executable} -m harness "$@"')
            _script(bin_ / "pip", f'echo "$@" >> {tools}/installed')
        self.environment |= {
            "PATH": f"{tools}/bin{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(tools),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(tools / "summary"),
            "GITHUB_OUTPUT": str(tools / "output"),
        }
        self._tools = tools

    @property
    def installed(self) -> str:
        """The arguments of pip. Nothing is installed; the tests' environment has it all."""
        return (self._tools / "installed").read_text()

    @property
    def summary(self) -> str:
        return (self._tools / "summary").read_text("utf-8")

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the only step that has any."""
        file = self._tools / "output"
        return dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines()) if file.exists() else {}

    def job(self, steps: list[dict[str, Any]], inputs: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run the steps of a job, or of the action with these inputs: the first status that isn't 0, and the log."""
        status, log = 0, ""
        for step in steps:
            if status and "always()" not in str(step.get("if", "")):
                continue
            values = {name: self._value(text, inputs) for name, text in step.get("env", {}).items()}
            if step.get("uses") == OURS:
                ended, printed = self.action({name: self._value(text) for name, text in step["with"].items()})
            elif "run" in step:
                ended, printed = self.shell(step["run"], values)
            else:
                continue  # GitHub's own
            status, log = status or ended, log + printed
        return status, log

    def action(self, inputs: Mapping[str, str]) -> tuple[int, str]:
        """Run our action."""
        action = yaml.safe_load((ROOT / "action.yml").read_text())
        known = {name: str(about.get("default", "")) for name, about in action["inputs"].items()}
        assert inputs.keys() <= known.keys()
        return self.job(action["runs"]["steps"], known | dict(inputs))

    def shell(self, text: str, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a script as the runner does, and stop whatever it leaves running."""
        log = self._tools / "log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
                cwd=self.folder,
                env={**self.environment, **environment},
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            status = process.wait()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        return status, log.read_text("utf-8")

    def _value(self, text: str, inputs: Mapping[str, str] | None = None) -> str:
        outputs = {f"conformance.outputs.{name}": value for name, value in self.outputs.items()}
        contexts = {"inputs": inputs or {}, "secrets": self.secrets, "steps": outputs}
        return _EXPRESSION.sub(lambda found: contexts[found[1]][found[2]], text)


def _script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
