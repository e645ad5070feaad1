"""Runners in processes of their own, killed at random moments until there were enough of them."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.evals.journal.journal import Journal
from harness.evals.runner.runner import evaluate
from harness.evals.sample import Sample
from tests.evals import faulty_proxy
from tests.evals.sums import LastNumber, header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.evals.outcome import Outcome
    from harness.evals.runner.settings import Server, Settings
    from harness.evals.sample import Benchmark
    from harness.targets import Endpoint

FAULTS = {
    "429": 0.02,
    "500-before": 0.01,
    "500-after": 0.02,
    "504-after": 0.02,
    "reset-before": 0.01,
    "reset-after": 0.02,
}
"""A tenth of all requests."""

# It has imported everything that a runner needs, so that a runner works 20 ms after its start.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.evals.kills", "harness.evals.runner.attempt", "harness.evals.runner.pool"])


@dataclass(frozen=True)
class Replies:
    """Numbers that the scripted model is to reply with, but for one of ten; every seventh takes it `slow` seconds."""

    count: int
    delay: float
    slow: float

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sample]:
        for number in range(self.count):
            delay = self.slow if number % 7 == 0 else self.delay
            said = number if is_reply_right(number) else number + 1
            turn = f"Reply with exactly: {said}\n[[delay: {delay}]]"
            yield Sample(id=f"reply-{number}", turns=(turn,), target=(str(number),))


def is_reply_right(number: int) -> bool:
    """Whether the model is told to reply with the right answer."""
    return number % 10 != 3


def run(journal: str, benchmark: Benchmark, epochs: int, servers: list[Server], settings: Settings) -> None:
    """A runner's process: it begins, or goes on; the status is 3 when something is left in the end."""
    with Journal.open(Path(journal), header(len(benchmark.samples), epochs)) as opened:
        ended = asyncio.run(evaluate(benchmark, servers, opened, LastNumber(), settings, lambda _: None))
    sys.exit(3 if ended else 0)


def killed(
    path: Path,
    benchmark: Benchmark,
    epochs: int,
    servers: list[Server],
    settings: Settings,
    *,
    kills: int,
    longest: float,
    seed: int = 7,
) -> list[Outcome]:
    """Kill so many runners, each up to `longest` seconds after its start, and let the next one end: the outcomes."""
    chance = random.Random(seed)
    for number in range(kills + 1):
        runner = _PROCESSES.Process(target=run, args=(str(path), benchmark, epochs, servers, settings))
        runner.start()
        runner.join(chance.uniform(0.05, longest) if number < kills else 240)
        assert (runner.exitcode is None) == (number < kills), "the run outlasts the kills, and the last runner ends it"
        if number < kills:
            runner.kill()
            runner.join()
    assert runner.exitcode == 0
    with Journal.read(path) as journal:
        return list(journal.outcomes())


@contextmanager
def behind_faults(url: str, faults: Mapping[str, float], seed: int = 1) -> Iterator[str]:
    """The URL of a proxy that breaks some requests to the server there, in a process that outlives the runners."""
    ours, theirs = _PROCESSES.Pipe()
    proxy = _PROCESSES.Process(target=faulty_proxy.serve, args=(url, faults, seed, theirs), daemon=True)
    proxy.start()
    try:
        yield ours.recv()
    finally:
        proxy.kill()
        proxy.join()


def user_messages(endpoint: Endpoint) -> dict[str, int]:
    """How many messages each of a server's conversations was sent: the runs that it was asked for."""

    def get(path: str) -> Any:
        request = urllib.request.Request(f"{endpoint.base_url}/api/conversations{path}")
        request.add_header("X-Session-API-Key", endpoint.key or "")
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    found: dict[str, int] = {}
    page = ""
    while True:
        listed = get(f"/search?limit=100{page}")
        for item in listed["items"]:
            events = get(f"/{item['id']}/events/search?source=user")["items"]
            found[item["id"]] = sum(event["kind"] == "MessageEvent" for event in events)
        if listed["next_page_id"] is None:
            return found
        page = f"&page_id={listed['next_page_id']}"
