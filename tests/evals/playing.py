"""A run against fake gateways in this process, and its result."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.evals.journal.journal import Journal
from harness.evals.runner.runner import evaluate
from harness.evals.runner.settings import Server, Settings
from harness.evals.sample import Benchmark, ScorerSpec
from tests.evals.fake_gateway import Behaviour, FakeGateway, serving
from tests.evals.sums import LastNumber, header, sums

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.evals.outcome import Outcome
    from harness.evals.runner.events import Event
    from harness.evals.runner.scored import Scoring
    from harness.evals.sample import Sample

QUICK = Settings(concurrency=4, sample_timeout=30, request_timeout=10, grace=0.3, patience=3)


@dataclass(frozen=True)
class Played:
    """The result of a run."""

    ended: str | None
    outcomes: list[Outcome]
    events: list[Event]
    gateways: list[FakeGateway]

    @property
    def gateway(self) -> FakeGateway:
        """The first one."""
        return self.gateways[0]


def of(*samples: Sample) -> Benchmark:
    """A benchmark of these samples."""
    return Benchmark("sums", samples, (ScorerSpec("last-number"),))


def play(
    path: Path,
    *behaviours: Behaviour,
    benchmark: Benchmark | int = 6,
    settings: Settings = QUICK,
    scoring: Scoring | None = None,
    epochs: int = 1,
    shard: str | None = None,
    native_api: bool = True,
    key: str | None = None,
) -> Played:
    """Run a benchmark against gateways that behave like this, with the journal there.

    Each run has new gateways, at new addresses; one that goes on with another's work is played with `play_on`.
    """

    async def all_of_it() -> Played:
        async with AsyncExitStack() as undo:
            gateways = [await undo.enter_async_context(serving(each)) for each in behaviours or (Behaviour(),)]
            return await play_on(
                path,
                gateways,
                benchmark=benchmark,
                settings=settings,
                scoring=scoring,
                epochs=epochs,
                shard=shard,
                native_api=native_api,
                key=key,
            )

    return asyncio.run(all_of_it())


async def play_on(
    path: Path,
    gateways: Sequence[FakeGateway],
    *,
    benchmark: Benchmark | int = 6,
    settings: Settings = QUICK,
    scoring: Scoring | None = None,
    epochs: int = 1,
    shard: str | None = None,
    native_api: bool = True,
    key: str | None = None,
    lasting: bool = True,
) -> Played:
    """Likewise, with gateways that serve."""
    asked = sums(benchmark) if isinstance(benchmark, int) else benchmark
    servers = [
        Server(one.url, key, "openhands_fake", native_api=native_api, info=one.info(), lasting=lasting)
        for one in gateways
    ]
    events: list[Event] = []
    with Journal.open(path, replace(header(len(asked.samples), epochs), shard=shard)) as journal:
        ended = await evaluate(asked, servers, journal, scoring or LastNumber(), settings, events.append)
        return Played(ended, list(journal.outcomes()), events, list(gateways))
