"""The cost of comparing two reports of 200 scenarios, and of writing every format of the comparison."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from tests.bench.instant_server import KEY, MODEL
from tests.bench.overhead import COUNT, instant_server, write_suite
from tests.bench.process import Spread, cost_of
from tests.bench.result import Result

if TYPE_CHECKING:
    from pathlib import Path

TARGET = 500
"""Milliseconds of CPU."""


def measure(scratch: Path, rounds: int) -> Result:
    """Two runs that differ only in the time that their calls took."""
    write_suite(scratch / "suite", COUNT)
    harness = [sys.executable, "-m", "harness"]
    with instant_server() as url:
        for number in (1, 2):
            check = [*harness, "check", url, "--scenarios", str(scratch / "suite"), "--model", MODEL]
            cost_of([*check, "--reports", str(scratch / f"run-{number}")], cwd=scratch, SESSION_API_KEY=KEY)
    old, new = (next((scratch / f"run-{number}").glob("*/*/report.json")) for number in (1, 2))
    played = len(json.loads(old.read_bytes())["scenarios"])
    compare = [*harness, "compare", str(old), str(new)]
    commands = {
        "compare OLD NEW": compare,
        "and write html, markdown, json": [*compare, *("--to=html=c.html", "--to=markdown=c.md", "--to=json=c.json")],
        "compare --history, two runs": [*harness, "compare", "--history", str(scratch)],
    }
    for command in commands.values():
        cost_of(command, cwd=scratch)  # writes the bytecode
    costs = [{name: cost_of(command, cwd=scratch) for name, command in commands.items()} for _ in range(rounds)]
    cpu = {name: Spread.of(1000 * cost[name].cpu for cost in costs) for name in commands}
    return Result(
        name="compare",
        title=f"Comparing two runs of {played} scenarios",
        method=(
            f"CPU of the whole process, {rounds} rounds, every command once a round, with bytecode; reports of "
            f"{old.stat().st_size / 1000:.0f} kB."
        ),
        header=["command", "CPU ms"],
        rows=[[name, spread.show(0)] for name, spread in cpu.items()],
        targets={f"`{name}` costs at most {TARGET} ms of CPU": cpu[name].median <= TARGET for name in commands},
        data={"scenarios": played, "cpu_ms": {name: asdict(spread) for name, spread in cpu.items()}},
    )
