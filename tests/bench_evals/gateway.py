"""The gateway of all measurements: the tests' fake one, in a process of its own that isn't counted."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.bench.process import environment
from tests.evals.fake_gateway import is_right, task, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "openhands_fake"


@contextmanager
def gateway(*options: str) -> Iterator[str]:
    """Its URL; `options` are those of its command line, and without any it answers at once."""
    command = [sys.executable, "-m", "tests.evals.fake_gateway", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.kill()


def agent_runs(url: str) -> int:
    """The number of agents that the gateway has started so far."""
    with urllib.request.urlopen(f"{url}/stats") as response:
        stats: dict[str, Any] = json.load(response)
    return int(stats["runs"])


def write_samples(folder: Path, count: int) -> Path:
    """So many samples of one line, each with the only answer that is right; Inspect and `eval` read them alike."""
    path = folder / f"sums-{count}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            sample = {"id": f"sum-{number}", "input": task(number), "target": f"The answer is {truth(number)}."}
            file.write(json.dumps(sample) + "\n")
    return path


def known(count: int) -> int:
    """The number of these samples that the gateway answers right."""
    return sum(map(is_right, range(count)))
