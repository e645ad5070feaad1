"""The cost of a run's reports: every format, against the run itself, and their sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from tests.bench.instant_server import KEY, MODEL
from tests.bench.overhead import COUNT, JOBS, instant_server, write_suite
from tests.bench.process import Spread, cost_of, environment
from tests.bench.result import Result

if TYPE_CHECKING:
    from pathlib import Path

SHARE = 0.1
"""Of the run's CPU."""
LARGEST_PAGE = 1_500_000
"""Bytes of HTML."""


def measure(scratch: Path, rounds: int) -> Result:
    """Alternate between a run and all formats of its report; each round gives a share."""
    write_suite(scratch / "suite", COUNT)
    written = scratch / "written"
    written.mkdir()
    runs, formats = [], []
    with instant_server() as url:
        check = [
            *(sys.executable, "-m", "harness", "check", url, "--scenarios", str(scratch / "suite")),
            *("--model", MODEL, "--jobs", str(JOBS), "--reports", str(scratch / "reports")),
        ]
        cost_of(check, cwd=scratch, SESSION_API_KEY=KEY)  # writes the bytecode
        (report,) = scratch.glob("reports/*/*/report.json")
        write = [sys.executable, "-m", "tests.bench.formats", str(report), str(written)]
        for _ in range(rounds + 1):
            runs.append(cost_of(check, cwd=scratch, SESSION_API_KEY=KEY).cpu)
            said = subprocess.run(write, env=environment(), stdout=subprocess.PIPE, text=True, check=True).stdout
            formats.append(json.loads(said))
    del runs[0], formats[0]  # that one wrote the bytecode of the formats
    share = Spread.of(sum(used.values()) / run for run, used in zip(runs, formats, strict=True))
    by_format = {name: Spread.of(1000 * used[name] for used in formats) for name in formats[0]}
    every = Spread.of(1000 * sum(used.values()) for used in formats)
    run = Spread.of(1000 * run for run in runs)
    sizes = {path.name: path.stat().st_size for path in sorted(written.iterdir())}
    return Result(
        name="reports",
        title=f"The reports of {COUNT} scenarios",
        method=(
            "CPU of writing each format once, the import of what it needs included, against that of the whole run that "
            f"was reported (`check` with {COUNT} scenarios of one request each, from start to exit); {rounds} rounds."
        ),
        header=["format", "CPU ms", "of the run"],
        rows=[
            *([name, spread.show(1), ""] for name, spread in by_format.items()),
            ["all", every.show(1), f"{100 * share.median:.1f} % ({100 * share.min:.1f}-{100 * share.max:.1f})"],
            ["the run", run.show(0), ""],
            *([name, f"{size} bytes", ""] for name, size in sizes.items()),
        ],
        targets={
            f"all formats within {SHARE:.0%} of the run's CPU": share.median <= SHARE,
            f"HTML under {LARGEST_PAGE} bytes": sizes["report.html"] < LARGEST_PAGE,
        },
        data={
            "scenarios": COUNT,
            "rounds": rounds,
            "share": asdict(share),
            "cpu_ms": {name: asdict(spread) for name, spread in by_format.items()},
            "run_cpu_ms": asdict(run),
            "bytes": sizes,
        },
    )
