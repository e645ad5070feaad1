"""How `check` grows with the suite: CPU and memory from hundreds of scenarios to ten thousand."""

from __future__ import annotations

import sys
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.bench.instant_server import KEY, MODEL
from tests.bench.overhead import JOBS, instant_server, write_suite
from tests.bench.process import Spread, cost_of
from tests.bench.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.bench.process import Cost

SIZES = (625, 1250, 2500, 5000, 10_000)
ROUNDS = 3
"""At most: one of them plays 19,375 scenarios."""
STEEPER = 1.25
"""What the last doubling may cost a scenario, beside what the first did."""


def measure(scratch: Path, rounds: int) -> Result:
    """Measure each size in turn, in every round."""
    rounds = min(rounds, ROUNDS)
    for size in SIZES:
        write_suite(scratch / f"suite-{size}", size)
    costs: dict[int, list[Cost]] = {size: [] for size in SIZES}
    with instant_server() as url:
        for _ in range(rounds):
            for size, measured in costs.items():
                command = [sys.executable, "-m", "harness", "check", url, "--model", MODEL, "--jobs", str(JOBS)]
                command += ["--scenarios", str(scratch / f"suite-{size}"), "--reports", str(scratch / "reports")]
                measured.append(cost_of(command, cwd=scratch, SESSION_API_KEY=KEY))
    cpu = {size: Spread.of(cost.cpu for cost in measured) for size, measured in costs.items()}
    peak = {size: Spread.of(cost.peak for cost in measured) for size, measured in costs.items()}
    cpu_steps, peak_steps = _steps(cpu, 1000), _steps(peak, 1024)
    cpu_of_one = ["", *(f"{step:.1f}" for step in cpu_steps)]
    memory_of_one = ["", *(f"{step:.0f}" for step in peak_steps)]
    rows = [
        [f"{size:,}", cpu[size].show(1), more, peak[size].show(0), larger]
        for size, more, larger in zip(SIZES, cpu_of_one, memory_of_one, strict=True)
    ]
    return Result(
        name="size",
        title="A suite that grows to ten thousand scenarios",
        method=(
            f"`check` with suites of one request a scenario, {JOBS} in flight, against a server that answers at once; "
            f"whole processes, both reports included; {rounds} rounds. What one more scenario costs is taken from one "
            "size to the next."
        ),
        header=["scenarios", "CPU s", "CPU ms for one more", "peak MiB", "KiB for one more"],
        rows=rows,
        targets={
            f"one more of 10,000 costs at most {STEEPER} x the CPU of one more of 1,250": (
                cpu_steps[-1] <= STEEPER * cpu_steps[0]
            ),
            f"one more of 10,000 takes at most {STEEPER} x the memory of one more of 1,250": (
                peak_steps[-1] <= STEEPER * peak_steps[0]
            ),
        },
        data={
            "rounds": rounds,
            "cpu_s": {size: asdict(spread) for size, spread in cpu.items()},
            "peak_mib": {size: asdict(spread) for size, spread in peak.items()},
        },
    )


def _steps(spreads: dict[int, Spread], factor: float) -> Sequence[float]:
    """The cost of one more scenario, from each size to the next."""
    medians = [(size, spread.median) for size, spread in spreads.items()]
    return [factor * (most - least) / (more - less) for (less, least), (more, most) in pairwise(medians)]
