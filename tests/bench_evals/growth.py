"""How `eval` grows from 10,000 to 100,000 samples, and how long it takes to continue a long run."""

from __future__ import annotations

import subprocess
import time
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

from harness.evals.journal.journal import Journal
from tests.bench.process import Cost, cost_of, environment
from tests.bench.result import Result
from tests.bench_evals.gateway import agent_runs, gateway, known, write_samples
from tests.bench_evals.tools import CONCURRENCY, Eval, Tally, Work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZES = (10_000, 100_000)
LINES = 100_000
"""Of the journal that is broken off."""
FLAT = 1.2
"""Times the memory of 10,000 samples that 100,000 may take."""
SECONDS = 3.0
"""To go on with a run."""


def measure(scratch: Path, _: int) -> Result:
    """Measure each size once, then continue the longest run from a third of its journal and from all of it."""
    tool = Eval()
    costs: dict[int, Cost] = {}
    with gateway() as url:
        for size in SIZES:
            folder = scratch / f"of-{size}"
            folder.mkdir()
            work = Work(url, write_samples(scratch, size), folder)
            costs[size] = cost_of(tool.command(work), cwd=folder)
            if tool.tally(work) != Tally(size, known(size)) or agent_runs(url) != sum(costs):
                raise RuntimeError(f"{tool.tally(work)} of {size}, {agent_runs(url)} agent runs")
        journal = next(work.folder.glob("evals/*/*/*/journal.jsonl"))
        broken_off = Work(url, work.samples, scratch / "broken-off")
        _first_lines(journal, broken_off.folder / journal.relative_to(work.folder))
        runs = agent_runs(url)
        reports = _anew(tool, work, journal)
        if agent_runs(url) != runs:
            raise RuntimeError("a run that had come to its end has asked again")
        going_on = [_until_it_asks(tool.command(broken_off), broken_off.folder) for _ in range(3)]
        opening = [_opening(journal) for _ in range(3)]
    least, most = SIZES
    more = costs[most].cpu - costs[least].cpu
    return Result(
        name="eval-size",
        title=f"`eval` of {least:,} and {most:,} samples",
        method=(
            f"Whole processes, {CONCURRENCY} requests in flight, an exact match for each answer, at no latency, the "
            "gateway not counted; journal, scores and all reports included. The gateway counts as many agent runs as "
            "there are samples. To go on takes as long as from the start of the process to its first new line in the "
            f"journal, of which {LINES:,} lines were left. The reports are those of the same command line on the whole "
            "journal, which asks nothing any more."
        ),
        header=["", "CPU s", "CPU ms a sample", "wall s", "peak MiB"],
        rows=[
            *(
                [f"{n:,} samples", f"{c.cpu:.1f}", f"{1000 * c.cpu / n:.2f}", f"{c.wall:.1f}", f"{c.peak:.0f}"]
                for n, c in costs.items()
            ),
            ["one more", "", f"{1000 * more / (most - least):.2f}", "", ""],
            [f"going on with a journal of {LINES:,} lines", "", "", _show(going_on), ""],
            [f"opening the journal of {most:,} samples", "", "", _show(opening), ""],
            [
                f"all reports of {most:,} samples anew",
                f"{reports.cpu:.1f}",
                "",
                f"{reports.wall:.1f}",
                f"{reports.peak:.0f}",
            ],
        ],
        targets={
            f"{most:,} samples take at most {FLAT} x the memory of {least:,}": (
                costs[most].peak <= FLAT * costs[least].peak
            ),
            f"to go on with a journal of {LINES:,} lines takes under {SECONDS:g} s": sorted(going_on)[1] < SECONDS,
            f"the journal of {most:,} samples is open in under {SECONDS:g} s": sorted(opening)[1] < SECONDS,
        },
        data={
            "costs": {size: asdict(cost) for size, cost in costs.items()},
            "going_on_s": going_on,
            "opening_s": opening,
            "reports": asdict(reports),
        },
    )


def _anew(tool: Eval, work: Work, journal: Path) -> Cost:
    (journal.parent / "run.json").unlink()  # it marks the end of the run
    return cost_of(tool.command(work), cwd=work.folder)


def _first_lines(journal: Path, to: Path) -> None:
    """What a run leaves behind when it is killed in the middle."""
    to.parent.mkdir(parents=True)
    with journal.open("rb") as whole, to.open("wb") as part:
        part.writelines(islice(whole, LINES))


def _until_it_asks(command: Sequence[str], folder: Path) -> float:
    """Seconds from a run's start to its first new line in an existing journal. Ends the run then."""
    journal = next(folder.glob("evals/*/*/*/journal.jsonl"))
    size = journal.stat().st_size
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL) as process:
        while journal.stat().st_size == size:
            if process.poll() is not None:
                raise RuntimeError(f"it ended with {process.returncode} and asked nothing")
            time.sleep(0.005)
        seconds = time.perf_counter() - began
        process.kill()
    return seconds


def _opening(journal: Path) -> float:
    began = time.perf_counter()
    Journal.read(journal).close()
    return time.perf_counter() - began


def _show(seconds: Sequence[float]) -> str:
    least, middle, most = sorted(seconds)
    return f"{middle:.2f} ({least:.2f}-{most:.2f})"
