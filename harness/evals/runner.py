"""The runner: every sample of a benchmark asked once in every epoch, whatever happens on the way.

    header = RunHeader(run=secrets.token_hex(8), created=..., benchmark=..., samples=..., epochs=..., ...)
    with Journal.open(folder / "journal.jsonl", header) as journal:
        ended_early = asyncio.run(evaluate(benchmark, servers, journal, scoring, settings, watch))

What came of it is in the journal. Cancelled (Ctrl-C), killed, out of time: the next call with the same journal goes on;
what was at work is looked for on its server and its answer fetched, never paid for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evals.events import Watcher
    from harness.evals.journal import Journal
    from harness.evals.outcome import Outcome, Score
    from harness.evals.sample import Benchmark, Sample
    from harness.evals.settings import Server, Settings


class Scoring(Protocol):
    """What scores answers."""

    @property
    def hash(self) -> str:
        """SHA-256, hexadecimal, of all that decides a score besides the sample and the answer."""

    async def __call__(self, sample: Sample, outcome: Outcome) -> tuple[Score, ...]:
        """The scores of an answered sample, in the benchmark's order. Raises ScorerError."""


async def evaluate(
    benchmark: Benchmark,
    servers: Sequence[Server],
    journal: Journal,
    scoring: Scoring,
    settings: Settings,
    watch: Watcher,
) -> str | None:
    """Ask what the journal has no outcome of, and score what has no score.

    Args:
        benchmark: what to ask; its own `epochs` is not looked at.
        servers: at least one; none twice.
        journal: of this run; `limit`, `shard` and `epochs` of the settings agree with its header.
        scoring: of the answers.
        settings: how to ask.
        watch: is told what happens; it must not block.

    Returns:
        Why the run ended before all was done, for people; None when all is done.

    Raises:
        BenchmarkError: the samples can't be read.
        JournalError: the disk takes no more.
        TargetUsageError: a server's TLS files are gone, or the extra `eval` is not installed.
    """
    raise NotImplementedError
