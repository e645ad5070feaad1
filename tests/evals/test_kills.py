"""The central promise: whatever dies, one agent run answers each sample, and it is scored once."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("aiohttp")

from harness.evals.runner.settings import Server, Settings
from harness.evals.sample import Benchmark, ScorerSpec
from harness.scenarios.model import Contract
from harness.targets.reference import ReferenceTarget
from tests.evals.fake_gateway import is_right
from tests.evals.fake_process import gateway, stats
from tests.evals.kills import FAULTS, Replies, behind_faults, is_reply_right, killed, user_messages
from tests.evals.sums import server, sums

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.targets import Endpoint

# Ten times as many samples and kills with EVAL_KILLS_SCALE=10.
SCALE = int(os.environ.get("EVAL_KILLS_SCALE", "1"))
SETTINGS = Settings(concurrency=8, request_timeout=10, grace=0.5)


def test_twenty_kills_and_a_tenth_of_faults_cost_no_run_and_change_no_score(tmp_path: Path) -> None:
    samples, epochs, path = 100 * SCALE, 2, tmp_path / "journal.jsonl"
    faults = [f"--fault={kind}={rate}" for kind, rate in FAULTS.items()]
    # 14 % are slower than the limit; a conversation can be looked up 50 ms after its request arrives.
    slow = ["--latency=0.1", "--slow=0.14", "--slow-latency=0.9", "--limit=0.5", "--creation=0.05"]
    with gateway(*faults, *slow, "--retry-after=0.1", "--seed=1") as url:
        outcomes = killed(path, sums(samples), epochs, [server(url)], SETTINGS, kills=20 * SCALE, longest=0.4)
        seen = stats(url)
    planned = samples * epochs
    assert seen["conversations"] == planned
    assert set(seen["by_conversation"].values()) == {1}, "no agent was paid twice"
    assert {one.conversation for one in outcomes} == set(seen["by_conversation"])
    assert [(one.index, one.epoch) for one in outcomes] == [
        (i, e) for i in range(samples) for e in range(1, epochs + 1)
    ]
    assert [one.failure for one in outcomes] == [None] * planned
    assert [one.scores[0].value for one in outcomes] == [float(is_right(one.index)) for one in outcomes]
    scored = [line for line in path.read_bytes().splitlines() if b'"type":"score"' in line]
    assert len(scored) == planned, "scored once"
    assert sum(one.adopted for one in outcomes) > planned // 10


@pytest.fixture
def scripted_gateway() -> Iterator[Endpoint]:
    pytest.importorskip("fastapi")
    target = ReferenceTarget(contract=Contract.DOCUMENTED, agent="scripted")
    try:
        yield target.start(lambda _: None)
    finally:
        target.stop()


def test_the_reference_gateway_starts_no_agent_twice_either(tmp_path: Path, scripted_gateway: Endpoint) -> None:
    endpoint = scripted_gateway
    benchmark = Benchmark("sums", Replies(40, delay=0.15, slow=0.8), (ScorerSpec("last-number"),))
    settings = replace(SETTINGS, request_timeout=0.5)
    with behind_faults(endpoint.base_url, FAULTS) as url:
        servers = [Server(url, endpoint.key, str(endpoint.model))]
        outcomes = killed(tmp_path / "journal.jsonl", benchmark, 1, servers, settings, kills=4, longest=0.3)
    assert [one.failure for one in outcomes] == [None] * 40
    assert user_messages(endpoint) == {one.conversation: 1 for one in outcomes}
    assert [one.scores[0].value for one in outcomes] == [float(is_reply_right(one.index)) for one in outcomes]
    assert sum(one.adopted for one in outcomes) >= 6, "each seventh is slower than we wait"
