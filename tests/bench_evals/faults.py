"""What a tool does if one of ten requests fails: the samples it scores, and the agents it starts."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.process import environment
from tests.bench.result import Result
from tests.bench_evals.environments import Unavailable
from tests.bench_evals.gateway import agent_runs, gateway, known, write_samples
from tests.bench_evals.tools import BareLoop, Eval, Inspect, InspectOurs, LmEval, Promptfoo, Tally, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench_evals.tools import Tool

COUNT = 200
SECONDS = 180
FAULTS = {"429": 0.03, "500-before": 0.01, "500-after": 0.025, "reset-before": 0.01, "reset-after": 0.025}


def measure(scratch: Path, _: int) -> Result:
    """One trial for each tool, each with a new gateway."""
    samples = write_samples(scratch, COUNT)
    trials = {
        tool.name: _trial(tool, samples)
        for tool in (BareLoop(), Eval(), InspectOurs(), Inspect(), LmEval(), Promptfoo())
    }
    ours = trials[Eval().name]
    return Result(
        name="eval-faults",
        title=f"{COUNT} samples, and a tenth of the requests goes wrong",
        method=(
            "Of the requests 3 % are answered 429, 3.5 % 500 and 3.5 % with a reset; of the latter two five of seven "
            "once the agent has run, as a server does that fails to answer, and two before. One trial each: every tool "
            f"with its own defaults, in {SECONDS} s. Agent runs are what the gateway counted: {COUNT} are needed."
        ),
        header=["", "scored", "right", "without a score", "agent runs", "ended with", "wall s"],
        rows=[[name, *map(str, trial)] for name, trial in trials.items()],
        targets={
            f"`eval` scores all {COUNT} samples, each as it deserves": ours[:2] == [COUNT, known(COUNT)],
            f"`eval` starts {COUNT} agents": ours[3] == COUNT,
        },
        data={"faults": FAULTS, "samples": COUNT, "trials": trials},
    )


def _trial(tool: Tool, samples: Path) -> Sequence[object]:
    """Scored, right, without a score, agent runs, exit status, seconds."""
    faults = [f"--fault={kind}={rate}" for kind, rate in FAULTS.items()]
    with gateway(*faults) as url, tempfile.TemporaryDirectory(dir=samples.parent) as name:
        work = Work(url, samples, Path(name))
        began = time.perf_counter()
        try:
            command = tool.command(work)
            began = time.perf_counter()
            status: object = subprocess.run(
                command,
                check=False,
                cwd=work.folder,
                env=environment(**tool.settings),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
            ).returncode
        except Unavailable as why:
            return [f"not measured: {why}", *[""] * 5]
        except subprocess.TimeoutExpired:
            status = f"none in {SECONDS} s"
        wall = round(time.perf_counter() - began, 1)
        try:
            tally = tool.tally(work)
        except (OSError, StopIteration):
            tally = Tally(0, 0)
        return [tally.scored, tally.right, COUNT - tally.scored, agent_runs(url), status, wall]
