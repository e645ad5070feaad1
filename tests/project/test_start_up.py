"""Commands that check nothing start at once, because they import nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Most of these alone cost more than all that the light commands do (openai 0.8 s of CPU, the agent SDK 6 s); the last
# line's would take a quarter of their 0.2 s.
HEAVY = {
    *("openai", "httpx", "httpx2", "pydantic", "rich", "fastapi", "starlette", "uvicorn", "openhands", "litellm"),
    *("jsonschema", "jsonpath_rfc9535", "tabulate"),
}

# The last line of stderr lists the modules imported when the command ended.
PROGRAM = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr))
from harness.cli import main
sys.exit(main(sys.argv[1:]))
"""


def imported_by(*arguments: str) -> set[str]:
    """The top-level modules that a successful command has imported when it ends."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return set(json.loads(process.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "command", [["--help"], ["check", "--help"], ["scenarios", "list"], ["scenarios", "lint"], ["explain", "CONV-3"]]
)
def test_a_command_that_checks_nothing_imports_no_client_no_agent_and_no_web_server(command: list[str]) -> None:
    imported = imported_by(*command)
    assert "harness" in imported
    assert imported & HEAVY == set()
