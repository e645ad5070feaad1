from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("aiohttp")

from harness.evals.journal.journal import Journal, State
from harness.evals.runner.events import SetAside
from harness.evals.runner.runner import evaluate
from harness.evals.runner.settings import Server
from harness.evals.sample import Sample
from tests.evals.fake_gateway import Behaviour, serving
from tests.evals.playing import QUICK, Played, of, play, play_on
from tests.evals.sums import LastNumber, header, sums

if TYPE_CHECKING:
    from pathlib import Path

    from harness.evals.runner.events import Event

NOBODY = Server("http://127.0.0.1:9", None, "openhands_fake")  # the port of `discard`, where nothing listens


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_samples_go_where_the_least_is_to_do(path: Path) -> None:
    played = play(path, Behaviour(latency=0.05), Behaviour(latency=0.4), benchmark=24)
    assert played.ended is None
    quick, slow = (gateway.runs for gateway in played.gateways)
    assert quick + slow == 24
    assert quick > slow > 0
    assert Counter(one.server for one in played.outcomes) == {
        played.gateways[0].url: quick,
        played.gateways[1].url: slow,
    }
    assert max(gateway.peak for gateway in played.gateways) < QUICK.concurrency


def test_samples_leave_a_full_server_for_one_that_has_room(path: Path) -> None:
    full, free = Behaviour(capacity=0, retry_after="0.1"), Behaviour()
    played = play(path, full, free, benchmark=12)
    assert [gateway.runs for gateway in played.gateways] == [0, 12]
    assert all(one.scores and one.sends == 1 for one in played.outcomes)
    with Journal.read(path) as journal:
        assert {one.server for one in journal.outcomes()} == {played.gateways[1].url}


def test_a_server_that_is_away_is_set_aside_and_the_others_do_its_work(path: Path) -> None:
    events: list[Event] = []

    async def run() -> int:
        async with serving(Behaviour()) as gateway:
            servers = [NOBODY, Server(gateway.url, None, "openhands_fake")]
            with Journal.open(path, header(20)) as journal:
                assert await evaluate(sums(20), servers, journal, LastNumber(), QUICK, events.append) is None
            return gateway.runs

    assert asyncio.run(run()) == 20
    aside = [event for event in events if isinstance(event, SetAside)]
    assert set(aside) == {SetAside(NOBODY.base_url, 1.0, "Connection refused")}


def test_servers_that_stay_away_end_the_run_and_nothing_is_a_failure(path: Path) -> None:
    with Journal.open(path, header(20)) as journal:
        settings = replace(QUICK, patience=0.5)
        ended = asyncio.run(evaluate(sums(20), [NOBODY], journal, LastNumber(), settings, lambda _: None))
        assert ended == "no server could be reached for 0.5 s: Connection refused"
        assert list(journal.outcomes()) == []
        assert journal.count(State.STARTED) == QUICK.concurrency


def test_a_server_that_comes_back_is_asked_again(path: Path) -> None:
    async def late() -> Played:
        async with serving(Behaviour()) as gateway:
            port = int(gateway.url.rpartition(":")[2])
        running = asyncio.create_task(play_on(path, [gateway], benchmark=5))
        await asyncio.sleep(0.3)
        async with serving(Behaviour(), port) as again:
            played = await running
            assert again.runs == 5
            return played

    played = asyncio.run(late())
    assert all(one.scores and one.sends == 1 for one in played.outcomes)
    assert any(isinstance(event, SetAside) for event in played.events)


def test_work_stays_with_its_server_over_a_break(path: Path) -> None:
    async def interrupted() -> tuple[Played, dict[str, str]]:
        async with serving(Behaviour(latency=0.6)) as one, serving(Behaviour(latency=0.6)) as two:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [one, two]), 0.3)
            at_work = {name: gateway.url for gateway in (one, two) for name in gateway.conversations}
            return await play_on(path, [two, one]), at_work

    played, at_work = asyncio.run(interrupted())
    assert len(set(at_work.values())) == 2
    assert {one.conversation: one.server for one in played.outcomes if one.adopted} == at_work
    assert sum(gateway.runs for gateway in played.gateways) == 6


def test_work_of_a_server_that_is_not_asked_now_is_left_for_a_run_that_does(path: Path) -> None:
    async def interrupted() -> tuple[Played, Played]:
        async with serving(Behaviour(latency=0.6)) as one, serving(Behaviour()) as two:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [one]), 0.3)
            without = await play_on(path, [two])
            return without, await play_on(path, [two, one])

    without, with_it = asyncio.run(interrupted())
    assert without.ended is not None
    left = f"left for the next run to look for: {QUICK.concurrency} of the samples; it is with "
    assert without.ended.startswith(left)
    assert len(without.outcomes) == 6 - QUICK.concurrency
    assert with_it.ended is None
    assert sum(gateway.runs for gateway in with_it.gateways) == 6
    assert sum(one.adopted for one in with_it.outcomes) == QUICK.concurrency


def test_work_of_a_server_that_the_run_had_started_is_asked_again_since_it_ended_with_it(path: Path) -> None:
    async def interrupted() -> Played:
        async with serving(Behaviour(latency=0.6)) as one:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [one], lasting=False), 0.3)
        async with serving(Behaviour()) as two:
            return await play_on(path, [two], lasting=False)

    played = asyncio.run(interrupted())
    assert played.ended is None
    assert all(one.scores for one in played.outcomes)
    assert sorted(one.sends for one in played.outcomes) == [1] * (6 - QUICK.concurrency) + [2] * QUICK.concurrency
    assert set(played.gateway.conversations) == {one.conversation for one in played.outcomes}
    assert played.gateway.runs == 6


def test_a_dialogue_begins_anew_where_the_server_that_had_it_is_gone(path: Path) -> None:
    talk = of(Sample("talk", ("Reply with exactly: 1", "Reply with exactly: 2[[delay: 0.6]]"), target=("2",)))

    async def interrupted() -> tuple[Played, Played]:
        async with serving(Behaviour()) as one:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [one], benchmark=talk, lasting=False), 0.4)
        async with serving(Behaviour()) as two:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [two], benchmark=talk), 0.4)
            return await play_on(path, [two], benchmark=talk), await play_on(path, [two], benchmark=talk)

    gone_on, looked_at = asyncio.run(interrupted())
    assert [len(one.answers) for one in gone_on.outcomes] == [2]
    assert gone_on.outcomes == looked_at.outcomes
    assert gone_on.gateway.runs == 2


def test_what_is_with_a_server_that_is_gone_for_good_is_given_up_on_demand(path: Path) -> None:
    async def interrupted() -> Played:
        async with serving(Behaviour(latency=0.6)) as one:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [one]), 0.3)
        async with serving(Behaviour()) as two:
            without = await play_on(path, [two])
            assert without.ended is not None
            assert without.ended.endswith("which is none of the servers of this run; --retry-errors gives it up there")
            return await play_on(path, [two], settings=replace(QUICK, retry_errors=True))

    played = asyncio.run(interrupted())
    assert played.ended is None
    assert all(one.scores for one in played.outcomes)
    assert played.gateway.runs == 6
