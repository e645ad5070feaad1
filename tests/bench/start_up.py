"""Start-up: the cost of commands that check nothing, against a Python that does nothing."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from tests.bench.process import Spread, cost_of
from tests.bench.result import Result

if TYPE_CHECKING:
    from pathlib import Path

TARGET = 200
"""Milliseconds of CPU."""

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "--help": ["-m", "harness", "--help"],
    "scenarios list": ["-m", "harness", "scenarios", "list"],
    "scenarios lint": ["-m", "harness", "scenarios", "lint"],
}


def measure(scratch: Path, rounds: int) -> Result:
    """Run every command once per round, so that a slow moment of the machine affects all of them."""
    for arguments in COMMANDS.values():
        cost_of([sys.executable, *arguments], cwd=scratch)  # writes the bytecode
    costs = [
        {name: cost_of([sys.executable, *arguments], cwd=scratch) for name, arguments in COMMANDS.items()}
        for _ in range(rounds)
    ]
    cpu = {name: Spread.of(1000 * cost[name].cpu for cost in costs) for name in COMMANDS}
    return Result(
        name="start-up",
        title="Start-up",
        method=f"CPU of the whole process, {rounds} rounds, every command once a round, with bytecode.",
        header=["command", "CPU ms"],
        rows=[[name, spread.show(0)] for name, spread in cpu.items()],
        targets={
            f"`{name}` costs at most {TARGET} ms of CPU": cpu[name].median <= TARGET for name in list(COMMANDS)[1:]
        },
        data={"cpu_ms": {name: asdict(spread) for name, spread in cpu.items()}},
    )
