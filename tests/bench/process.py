"""The cost of a whole process, as the kernel counts it."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """User and system CPU seconds, wall-clock seconds, and the peak resident set in MiB.

    The kernel starts a child's peak at that of its parent, so nothing under this program's own (30 MiB) can be seen.
    """

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several measurements, and their spread."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of at least one value."""
        ordered = sorted(values)
        return cls(median(ordered), ordered[0], ordered[-1])

    def show(self, digits: int) -> str:
        """`1.23 (1.20-1.31)`: the median, then the least and the most."""
        return f"{self.median:.{digits}f} ({self.min:.{digits}f}-{self.max:.{digits}f})"


def environment(**more: str) -> dict[str, str]:
    """The environment of a measured process: bytecode is kept, as in an installed tool."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONHASHSEED": "0", "LITELLM_LOCAL_MODEL_COST_MAP": "True"} | more


def cost_of(command: Sequence[str], *, cwd: Path, **more: str) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: it didn't exit with 0; the message holds what it wrote.
    """
    with (cwd / "output.txt").open("w+b") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment(**more), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        # wait4, because getrusage(RUSAGE_CHILDREN) sums over all children and keeps the largest peak of any.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}:\n{said[-4000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)
