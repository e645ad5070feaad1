"""The heart of it: whatever dies, each sample is answered by one agent run and scored once."""

from __future__ import annotations

import multiprocessing
import os
import random
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("aiohttp")

from harness.evals.journal import Journal
from harness.evals.settings import Settings
from tests.evals.fake_gateway import is_right
from tests.evals.fake_process import gateway, stats
from tests.evals.sums import run

if TYPE_CHECKING:
    from pathlib import Path

# Ten times as large with EVAL_KILLS_SCALE=10.
SCALE = int(os.environ.get("EVAL_KILLS_SCALE", "1"))
SAMPLES, EPOCHS, KILLS = 100 * SCALE, 2, 20 * SCALE
FAULTS = {
    "429": 0.02,
    "500-before": 0.01,
    "500-after": 0.02,
    "504-after": 0.02,
    "reset-before": 0.01,
    "reset-after": 0.02,
}
SETTINGS = Settings(concurrency=8, request_timeout=10, grace=0.5)


def test_twenty_kills_and_a_tenth_of_faults_cost_no_run_and_change_no_score(tmp_path: Path) -> None:
    faults = [f"--fault={kind}={rate}" for kind, rate in FAULTS.items()]
    # Slower than the limit are 14 %; a conversation can be looked up 50 ms after its request has come in.
    slow = ["--latency=0.1", "--slow=0.14", "--slow-latency=0.9", "--limit=0.5", "--creation=0.05"]
    chance = random.Random(7)
    processes = multiprocessing.get_context("forkserver")  # which has imported all, so that a start takes 20 ms
    processes.set_forkserver_preload(["tests.evals.sums", "harness.evals.dialogue", "harness.evals.pool"])
    path = tmp_path / "journal.jsonl"
    with gateway(*faults, *slow, "--retry-after=0.1", "--seed=1") as url:
        killed = 0
        while True:
            runner = processes.Process(target=run, args=(str(path), SAMPLES, EPOCHS, [url], SETTINGS))
            runner.start()
            runner.join(chance.uniform(0.05, 0.4) if killed < KILLS else 120)
            if runner.exitcode is not None:
                break
            runner.kill()
            runner.join()
            killed += 1
        assert runner.exitcode == 0
        assert killed == KILLS, "the run must outlast the kills"
        seen = stats(url)
    planned = SAMPLES * EPOCHS
    assert seen["conversations"] == planned
    assert set(seen["by_conversation"].values()) == {1}, "no agent was paid twice"
    with Journal.read(path) as journal:
        outcomes = list(journal.outcomes())
    assert [(one.index, one.epoch) for one in outcomes] == [
        (i, e) for i in range(SAMPLES) for e in range(1, EPOCHS + 1)
    ]
    assert [one.failure for one in outcomes] == [None] * planned
    assert [one.scores[0].value for one in outcomes] == [float(is_right(one.index)) for one in outcomes]
    assert {one.conversation for one in outcomes} == set(seen["by_conversation"])
    scored = [line for line in path.read_bytes().splitlines() if b'"type":"score"' in line]
    assert len(scored) == planned, "scored once"
    assert sum(one.adopted for one in outcomes) > planned // 10
