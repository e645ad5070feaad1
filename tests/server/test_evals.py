"""An evaluation on a released server: kills and faults on the way cost no agent run and change no score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("aiohttp")

from harness.evals.outcome import Usage
from harness.evals.runner.settings import Server, Settings
from harness.evals.sample import Benchmark, Sample, ScorerSpec
from tests.evals.kills import FAULTS, Replies, behind_faults, is_reply_right, killed, user_messages

if TYPE_CHECKING:
    from pathlib import Path

    from harness.targets import Endpoint

pytestmark = pytest.mark.server


def test_a_released_server_starts_no_agent_twice(tmp_path: Path, agent_server: Endpoint) -> None:
    benchmark = Benchmark("sums", Replies(28, delay=0.0, slow=9.0), (ScorerSpec("last-number"),))
    settings = Settings(concurrency=4, request_timeout=6, grace=15)
    with behind_faults(agent_server.base_url, FAULTS) as url:
        servers = [Server(url, agent_server.key, str(agent_server.model))]
        outcomes = killed(tmp_path / "journal.jsonl", benchmark, 1, servers, settings, kills=5, longest=3.0)
    assert [one.failure for one in outcomes] == [None] * 28
    asked = user_messages(agent_server)
    assert {one.conversation: asked[one.conversation] for one in outcomes} == {one.conversation: 1 for one in outcomes}
    assert [one.scores[0].value for one in outcomes] == [float(is_reply_right(one.index)) for one in outcomes]
    assert sum(one.adopted for one in outcomes) >= 4, "each seventh is slower than we wait"


def test_a_dialogue_on_a_released_server_is_counted_once_and_recovered_turn_by_turn(
    tmp_path: Path, agent_server: Endpoint
) -> None:
    turns = (
        "The code word is plum. Reply with exactly: ok",
        "Reply with exactly: 2 [[delay: 5]]",
        "What is the code word?",
    )
    benchmark = Benchmark("sums", (Sample(id="dialogue", turns=turns),), (ScorerSpec("last-number"),))
    servers = [Server(agent_server.base_url, agent_server.key, str(agent_server.model))]
    settings = Settings(request_timeout=4, grace=10)
    [outcome] = killed(tmp_path / "journal.jsonl", benchmark, 1, servers, settings, kills=2, longest=2.0)
    assert outcome.answers == ("ok", "2", "plum")
    assert user_messages(agent_server)[outcome.conversation] == 3
    assert outcome.usage == Usage(19 + 16 + 15, 3), (
        "ten and its words for each prompt, as the server told them: 19, 35, 50"
    )
