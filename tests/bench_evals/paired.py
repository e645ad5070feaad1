"""The cost of each tool: the same 1,000 samples, one tool after the other, in rounds."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.process import Cost, Spread, cost_of
from tests.bench.result import Result
from tests.bench_evals.environments import Unavailable
from tests.bench_evals.gateway import gateway, known, write_samples
from tests.bench_evals.tools import CONCURRENCY, BareLoop, Eval, Inspect, LmEval, Promptfoo, RunnerAlone, Tally, Work

if TYPE_CHECKING:
    from tests.bench_evals.tools import Tool

COUNT = 1000
FEW = 20
RATIO = 1.15
"""Of the loop's CPU, for `eval`, from start to reports."""
WELL_BELOW = 0.5
"""Of the CPU of each of the others."""
OTHERS_ROUNDS = 3
"""At most; a round of them costs 45 s of CPU."""


def measure(scratch: Path, rounds: int) -> Result:
    """Run the loop, `eval`, its runner and each other tool in every round; ratios are taken within a round."""
    floor, ours, others = BareLoop(), Eval(), (Inspect(), LmEval(), Promptfoo())
    few, samples = write_samples(scratch, FEW), write_samples(scratch, COUNT)
    missing: dict[str, str] = {}
    costs: dict[str, list[Cost]] = {}
    all_tools = (floor, ours, RunnerAlone(), *others)
    with gateway() as url:
        for tool in all_tools:
            try:
                _play(tool, url, few, FEW)  # writes the bytecode
                costs[tool.name] = []
            except Unavailable as why:
                if tool not in others:
                    raise
                missing[tool.name] = str(why)
        tools = [tool for tool in all_tools if tool.name in costs]
        for number in range(rounds):
            for tool in tools:
                if number < OTHERS_ROUNDS or tool not in others:
                    costs[tool.name].append(_play(tool, url, samples, COUNT))
    ratios = {
        name: Spread.of(cost.cpu / loop.cpu for cost, loop in zip(each, costs[floor.name], strict=False))
        for name, each in costs.items()
    }
    ours_of_others = {
        tool.name: Spread.of(
            mine.cpu / theirs.cpu for mine, theirs in zip(costs[ours.name], costs[tool.name], strict=False)
        )
        for tool in others
        if tool.name in costs
    }
    rows = [
        [
            name,
            Spread.of(cost.cpu for cost in each).show(2),
            ratios[name].show(2),
            Spread.of(cost.wall for cost in each).show(2),
            Spread.of(cost.peak for cost in each).show(0),
        ]
        for name, each in costs.items()
    ]
    rows += [[name, f"not measured: {why}", "", "", ""] for name, why in missing.items()]
    return Result(
        name="eval",
        title=f"{COUNT:,} samples of one line, at no latency",
        method=(
            f"Whole processes with their children, from start to exit, {CONCURRENCY} requests in flight, an exact "
            "match for each answer, against a gateway that answers at once and isn't counted; "
            f"{rounds} rounds of the loop and `eval`, {min(rounds, OTHERS_ROUNDS)} of the others, one after the other. "
            f"Of each run it is checked that {known(COUNT)} of {COUNT:,} samples came out right. `eval` writes a "
            "durable journal, fetches the events of the first 100 wrong samples, and writes all its reports; the loop "
            "writes a line for each sample. Peak memory is that of the largest process."
        ),
        header=["", "CPU s", "of the loop's", "wall s", "peak MiB"],
        rows=rows,
        targets={f"`eval` costs at most {RATIO} x the CPU of the loop": ratios[ours.name].median <= RATIO}
        | {
            f"`eval` costs at most {WELL_BELOW} x the CPU of {name}": ratio.median <= WELL_BELOW
            for name, ratio in ours_of_others.items()
        },
        data={
            "samples": COUNT,
            "in_flight": CONCURRENCY,
            "costs": {name: [asdict(cost) for cost in each] for name, each in costs.items()},
            "ratios": {name: asdict(ratio) for name, ratio in ratios.items()},
            "missing": missing,
        },
    )


def _play(tool: Tool, url: str, samples: Path, count: int) -> Cost:
    """The cost of a tool, after checking that it did the work. Raises Unavailable."""
    with tempfile.TemporaryDirectory(dir=samples.parent) as name:
        work = Work(url, samples, Path(name))
        cost = cost_of(tool.command(work), cwd=work.folder, **tool.settings)
        if (tally := tool.tally(work)) != Tally(count, known(count)):
            raise RuntimeError(f"{tool.name}: {tally}, not {known(count)} right of {count}")
    return cost
