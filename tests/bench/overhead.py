"""What `check` adds to the official client: the same requests, judged and reported, against a bare loop."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.bench.instant_server import KEY, MODEL
from tests.bench.process import Spread, cost_of, environment
from tests.bench.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
COUNT = 200
JOBS = 16
RATIO = 1.25
"""Of the bare loop's CPU, for the whole process."""
EXTRA_CPU = 3.0
"""Milliseconds a scenario, beyond the client's own."""
EXTRA_MEMORY = 100
"""MiB, beyond the client's own."""
_PER_FILE = 1000
"""Scenarios; a file may have 1 MiB."""


def write_suite(folder: Path, count: int) -> None:
    """A suite of `count` scenarios of one request each, each judged by status, header, body and client's type."""
    folder.mkdir()
    requirement = {"id": "CHAT-1", "level": "MUST", "text": "A chat is answered.", "source": "Benchmark"}
    (folder / "requirements.yaml").write_text(yaml.safe_dump({"requirements": [requirement]}), "utf-8")
    scenarios = [
        {
            "id": f"chat/answers-{number}",
            "title": f"Chat {number} is answered",
            "requirement": "CHAT-1",
            "steps": [
                {
                    "call": "chat.completions.create",
                    "with": {
                        "model": "${model}",
                        "messages": [{"role": "user", "content": f"Reply with exactly: ready {number}"}],
                    },
                    "expect": {
                        "status": 200,
                        "headers": {"X-OpenHands-ServerConversation-ID": {"format": "uuid"}},
                        "body": {"$.choices[0].message.content": {"pattern": "ready"}},
                        "returns": "ChatCompletion",
                    },
                }
            ],
        }
        for number in range(count)
    ]
    for begin in range(0, count, _PER_FILE):
        document = {"area": "chat", "scenarios": scenarios[begin : begin + _PER_FILE]}
        (folder / f"chat-{begin}.yaml").write_text(yaml.safe_dump(document), "utf-8")


@contextmanager
def instant_server() -> Iterator[str]:
    """Its URL."""
    command = [sys.executable, str(HERE / "instant_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()


def measure(scratch: Path, rounds: int) -> Result:
    """Alternate between both; each round gives a ratio."""
    write_suite(scratch / "suite", COUNT)
    with instant_server() as url:
        bare = [sys.executable, str(HERE / "bare_client.py"), f"{url}/v1", KEY, MODEL, str(COUNT), str(JOBS)]
        check = [
            *(sys.executable, "-m", "harness", "check", url, "--scenarios", str(scratch / "suite")),
            *("--model", MODEL, "--jobs", str(JOBS), "--reports", str(scratch / "reports")),
        ]
        for command in (bare, check):
            cost_of(command, cwd=scratch, SESSION_API_KEY=KEY)  # writes the bytecode
        pairs = [
            (cost_of(bare, cwd=scratch, SESSION_API_KEY=KEY), cost_of(check, cwd=scratch, SESSION_API_KEY=KEY))
            for _ in range(rounds)
        ]
    ratio = Spread.of(checked.cpu / floor.cpu for floor, checked in pairs)
    extra_cpu = Spread.of(1000 * (checked.cpu - floor.cpu) / COUNT for floor, checked in pairs)
    extra_memory = Spread.of(checked.peak - floor.peak for floor, checked in pairs)
    columns = {
        f"{name} {unit}": Spread.of(getattr(pair[side], field) for pair in pairs)
        for side, name in enumerate(["bare client", "check"])
        for field, unit in {"cpu": "CPU s", "wall": "wall s", "peak": "peak MiB"}.items()
    }
    return Result(
        name="overhead",
        title=f"{COUNT} scenarios against a server that answers at once",
        method=(
            f"`check` with {COUNT} scenarios of one request each, against a bare loop of `AsyncOpenAI` with the same "
            f"requests, {JOBS} in flight; whole processes, from start to exit, imports and reports included; {rounds} "
            "pairs, one after the other. The server is a process of its own and isn't counted."
        ),
        header=["", "bare client", "check", "beyond the client"],
        rows=[
            ["CPU s", columns["bare client CPU s"].show(2), columns["check CPU s"].show(2), f"{ratio.show(2)} x"],
            ["wall s", columns["bare client wall s"].show(2), columns["check wall s"].show(2), ""],
            [
                "peak MiB",
                columns["bare client peak MiB"].show(0),
                columns["check peak MiB"].show(0),
                f"{extra_memory.show(0)} MiB",
            ],
            ["CPU ms a scenario", "", "", f"{extra_cpu.show(2)} ms"],
        ],
        targets={
            f"at most {RATIO} x the bare client's CPU": ratio.median <= RATIO,
            f"at most {EXTRA_CPU} ms of CPU a scenario beyond the client's own": extra_cpu.median <= EXTRA_CPU,
            f"under {EXTRA_MEMORY} MiB beyond the client's own": extra_memory.median < EXTRA_MEMORY,
        },
        data={
            "scenarios": COUNT,
            "in_flight": JOBS,
            "rounds": rounds,
            "ratio": asdict(ratio),
            "extra_cpu_ms": asdict(extra_cpu),
            "extra_memory_mib": asdict(extra_memory),
        }
        | {name: asdict(spread) for name, spread in columns.items()},
    )
