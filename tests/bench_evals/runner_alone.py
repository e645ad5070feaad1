"""`eval` reduced to its runner: the journal and the scores, no reports.

`python runner_alone.py URL MODEL SAMPLES JOURNAL CONCURRENCY`
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from harness.evals.benchmark.load import load_benchmark
from harness.evals.journal.header import RunHeader
from harness.evals.journal.journal import Journal
from harness.evals.runner.runner import evaluate
from harness.evals.runner.settings import Server, Settings
from harness.evals.scorers.scoring import make_scoring


def main(url: str, model: str, samples: str, journal: str, concurrency: int) -> str | None:
    benchmark = load_benchmark(samples, format=None, prompt=None, system=None, scorers=("exact",), fold_dialogues=False)
    header = RunHeader("0123456789abcdef", "2026-11-23T10:00:00Z", benchmark.name, len(benchmark.samples))
    with Journal.open(Path(journal), header) as opened:
        return asyncio.run(
            evaluate(
                benchmark,
                [Server(url, None, model)],
                opened,
                make_scoring(benchmark.scorers),
                Settings(concurrency=concurrency),
                lambda _: None,
            )
        )


if __name__ == "__main__":
    _, url, model, samples, journal, concurrency = sys.argv
    sys.exit(main(url, model, samples, journal, int(concurrency)))
