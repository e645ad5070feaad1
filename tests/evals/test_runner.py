from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("aiohttp")

from harness.evals.journal.journal import Journal, State
from harness.evals.outcome import FailureKind, Usage
from harness.evals.runner.attempt import usage_of_replies
from harness.evals.runner.conversation_id import conversation_id
from harness.evals.runner.events import Begin, Finished, Lost, SentAgain, Waiting
from harness.evals.sample import Benchmark, Sample, ScorerSpec
from harness.evals.scorers.scorer import ScorerError
from tests.evals.fake_gateway import Behaviour, is_right, serving, task
from tests.evals.playing import QUICK, Played, of, play, play_on
from tests.evals.sums import LastNumber, header, sums

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.evals.outcome import Outcome, Score

DIALOGUE = Sample(
    id="dialogue",
    turns=("The code word is plum. Reply with exactly: ok", "Reply with exactly: two", "What is the code word?"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def assert_each_answered_once(played: Played, samples: int, epochs: int = 1) -> None:
    assert played.ended is None
    assert [(one.index, one.epoch) for one in played.outcomes] == [
        (index, epoch) for index in range(samples) for epoch in range(1, epochs + 1)
    ]
    assert [one.failure for one in played.outcomes] == [None] * samples * epochs
    assert [one.scores[0].value for one in played.outcomes] == [float(is_right(one.index)) for one in played.outcomes]
    assert sum(gateway.runs for gateway in played.gateways) == samples * epochs


def test_each_sample_is_asked_and_scored_once_an_epoch(path: Path) -> None:
    scoring = LastNumber()
    played = play(path, benchmark=20, epochs=3, scoring=scoring)
    assert_each_answered_once(played, 20, epochs=3)
    assert scoring.calls == 60
    assert {one.conversation for one in played.outcomes} == set(played.gateway.conversations)
    assert played.outcomes[4].conversation == conversation_id("0123456789abcdef", "sum-1", 2, 1)
    assert {(one.sends, one.adopted) for one in played.outcomes} == {(1, False)}
    assert played.outcomes[0].usage == Usage(15, 4, 0.001)
    assert played.gateway.seen["streamed"] == 0


def test_more_at_once_than_there_is_to_do_takes_no_more(path: Path) -> None:
    played = play(path, settings=replace(QUICK, concurrency=1_000_000))
    assert len(played.outcomes) == played.gateway.runs == 6


def test_the_watcher_is_told_how_much_there_is_and_each_outcome(path: Path) -> None:
    played = play(path, benchmark=5)
    assert played.events[0] == Begin(planned=5, done=0, open=0)
    told = [event.outcome for event in played.events[1:] if isinstance(event, Finished)]
    assert sorted(told, key=lambda outcome: outcome.index) == played.outcomes


def test_a_finished_run_asks_nothing_and_scores_nothing_again(path: Path) -> None:
    first, scoring = play(path, benchmark=5), LastNumber()
    again = play(path, benchmark=5, scoring=scoring)
    assert again.outcomes == first.outcomes
    assert again.events == [Begin(planned=5, done=5, open=0)]
    assert again.gateway.seen["chat"] == scoring.calls == 0


def test_no_more_samples_are_at_work_or_read_than_may_be(path: Path) -> None:
    read: list[int] = []

    class Counted:
        def __len__(self) -> int:
            return 30

        def __iter__(self) -> Iterator[Sample]:
            for number, sample in enumerate(sums(30).samples):
                read.append(number)
                yield sample

    ahead: list[int] = []

    class Scoring(LastNumber):
        async def __call__(self, sample: Sample, outcome: Outcome) -> tuple[Score, ...]:
            ahead.append(len(read) - self.calls)
            return await super().__call__(sample, outcome)

    benchmark = Benchmark("sums", Counted(), (ScorerSpec("last-number"),))
    played = play(path, Behaviour(latency=0.01), benchmark=benchmark, scoring=Scoring())
    assert_each_answered_once(played, 30)
    assert played.gateway.peak == QUICK.concurrency
    assert max(ahead) <= QUICK.concurrency


@pytest.mark.parametrize("fault", ["500-after", "502-before", "504-after", "reset-before", "reset-after"])
def test_whatever_becomes_of_the_answers_no_agent_runs_twice(path: Path, fault: str) -> None:
    played = play(path, Behaviour(faults={fault: 0.5}, creation=0.1, seed=3), benchmark=12)
    assert_each_answered_once(played, 12)
    lost = sum(isinstance(event, Lost) for event in played.events)
    again = sum(isinstance(event, SentAgain) for event in played.events)
    assert lost >= 3
    assert again == (lost if fault.endswith("before") else 0)
    assert sum(one.adopted for one in played.outcomes) == lost - again
    assert sum(one.sends for one in played.outcomes) == 12 + again
    assert {one.usage for one in played.outcomes} == {Usage(15, 4, 0.001)}


def test_an_agent_slower_than_the_server_waits_is_waited_for(path: Path) -> None:
    played = play(path, Behaviour(latency=0.6, limit=0.1), benchmark=4)
    assert_each_answered_once(played, 4)
    assert all(one.adopted and one.seconds >= 0.6 for one in played.outcomes)


def test_an_agent_slower_than_we_wait_is_waited_for(path: Path) -> None:
    played = play(path, Behaviour(latency=0.8), benchmark=4, settings=replace(QUICK, request_timeout=0.2))
    assert_each_answered_once(played, 4)
    assert all(one.adopted for one in played.outcomes)


def test_an_agent_that_outlasts_the_samples_time_is_a_failure_and_no_wrong_answer(path: Path) -> None:
    settings = replace(QUICK, sample_timeout=0.3)
    played = play(path, Behaviour(latency=3, limit=0.1), benchmark=2, settings=settings)
    assert [one.failure and one.failure.kind for one in played.outcomes] == [FailureKind.TIMEOUT] * 2
    assert [one.scores for one in played.outcomes] == [(), ()]


def test_a_full_server_is_waited_for_as_long_as_it_says(path: Path) -> None:
    played = play(path, Behaviour(latency=0.1, capacity=1, retry_after="0.1"), benchmark=8)
    assert_each_answered_once(played, 8)
    assert {one.sends for one in played.outcomes} == {1}
    waits = [event.seconds for event in played.events if isinstance(event, Waiting)]
    assert waits
    assert 0.1 <= min(waits) <= max(waits) <= 0.125


def test_a_server_that_stays_full_is_no_wrong_answer(path: Path) -> None:
    settings = replace(QUICK, sample_timeout=0.4)
    played = play(path, Behaviour(capacity=0), benchmark=2, settings=settings)
    assert [one.failure and one.failure.kind for one in played.outcomes] == [FailureKind.UNREACHABLE] * 2
    assert [(one.sends, one.usage) for one in played.outcomes] == [(0, None)] * 2


@pytest.mark.parametrize("why", ["forbidden", "absent"])
def test_without_the_native_api_a_lost_answer_is_unknown_and_nothing_is_sent_again(path: Path, why: str) -> None:
    behaviour = Behaviour(faults={"reset-before": 0.3, "504-after": 0.3}, native=why != "absent", seed=5)
    played = play(path, behaviour, benchmark=20, native_api=why != "forbidden")
    lost = played.gateway.seen["reset-before"] + played.gateway.seen["504-after"]
    kinds = [one.failure.kind for one in played.outcomes if one.failure]
    assert kinds == [FailureKind.UNKNOWN] * lost
    assert played.gateway.seen["chat"] == 20
    assert all(one.scores for one in played.outcomes if not one.failure)


def test_a_run_that_ends_with_an_error_is_the_agents_failure_with_what_it_cost(path: Path) -> None:
    benchmark = of(Sample(id="one", turns=("Break. [[error: 500]]",)), Sample(id="two", turns=(task(2),)))
    for native_api in (True, False):
        played = play(path.with_name(str(native_api)), benchmark=benchmark, native_api=native_api)
        failure = played.outcomes[0].failure
        assert failure is not None
        assert failure.kind is FailureKind.AGENT
        assert "Agent run ended with status: error" in failure.message or "status: error" in failure.message
        assert (played.outcomes[0].usage is not None) == native_api
        assert played.gateway.runs == 2


def test_failed_samples_are_asked_again_on_demand_alone_and_in_new_conversations(path: Path) -> None:
    slow, quick = Behaviour(latency=3, limit=0.1), Behaviour()
    failed = play(path, slow, benchmark=2, settings=replace(QUICK, sample_timeout=0.3))
    assert play(path, quick, benchmark=2).outcomes == failed.outcomes
    again = play(path, quick, benchmark=2, settings=replace(QUICK, retry_errors=True))
    assert_each_answered_once(again, 2)
    assert again.events[0] == Begin(planned=2, done=0, open=0)
    assert {one.conversation for one in again.outcomes}.isdisjoint(one.conversation for one in failed.outcomes)


def test_a_dialogue_is_one_conversation_and_its_usage_what_the_server_has_counted(path: Path) -> None:
    played = play(path, benchmark=of(DIALOGUE))
    [outcome] = played.outcomes
    assert outcome.answers == ("ok", "two", "plum")
    assert outcome.sends == 3
    [conversation] = played.gateway.conversations.values()
    assert outcome.usage == Usage(conversation.prompt_tokens, conversation.completion_tokens, 0.003)


@pytest.mark.parametrize("said", ["total", "request"])
def test_usage_is_never_counted_double_where_answers_alone_tell_it(path: Path, said: str) -> None:
    growing = ("Reply with exactly: 1", "Reply with exactly: 1 2 3", "Reply with exactly: 1 2 3 4 5 6")
    benchmark = of(DIALOGUE, Sample(id="growing", turns=growing), Sample(id="one", turns=growing[:1]))
    played = play(path, Behaviour(usage=said), benchmark=benchmark, native_api=False)
    spent = {
        name: Usage(one.prompt_tokens, one.completion_tokens) for name, one in played.gateway.conversations.items()
    }
    assert {one.conversation: one.usage for one in played.outcomes} == spent


def test_usage_that_falls_is_no_running_total_whatever_the_server_is() -> None:
    assert usage_of_replies([Usage(30, 3), Usage(20, 9)], {"version": "9.9"}) == Usage(50, 12)
    assert usage_of_replies([Usage(30, 3), None], {"version": "1.58.0"}) is None


@pytest.mark.parametrize("fault", ["500-after", "504-after", "reset-before", "reset-after"])
def test_lost_answers_in_a_dialogue_repeat_no_turn(path: Path, fault: str) -> None:
    dialogues = [replace(DIALOGUE, id=f"dialogue-{number}") for number in range(6)]
    played = play(path, Behaviour(faults={fault: 0.4}, latency=0.02, seed=2), benchmark=of(*dialogues))
    assert [one.answers for one in played.outcomes] == [("ok", "two", "plum")] * 6
    assert [one.runs for one in played.gateway.conversations.values()] == [3] * 6
    assert any(isinstance(event, Lost) for event in played.events)


def test_the_system_text_goes_with_the_first_turn_and_each_sample_has_a_directory(path: Path) -> None:
    sample = replace(DIALOGUE, system="The instruction word is fig.")
    played = play(path, benchmark=of(sample), settings=replace(QUICK, directories=True))
    [(name, conversation)] = played.gateway.conversations.items()
    assert [message["role"] for message in conversation.messages] == ["system", *["user", "assistant"] * 3]
    asked = [message["content"] for message in conversation.messages if message["role"] == "user"]
    assert asked[0].startswith(f"{sample.turns[0]}\n\nWork in the directory `{name}` alone")
    assert asked[1:] == list(sample.turns[1:])


def test_shards_ask_each_sample_in_one_of_them_by_its_id(path: Path) -> None:
    shards = [play(path.with_name(f"{number}"), benchmark=30, shard=f"{number}/3") for number in (1, 2, 3)]
    asked = [{one.sample for one in played.outcomes} for played in shards]
    assert all(asked)
    assert sorted(one for shard in asked for one in shard) == sorted(sample.id for sample in sums(30).samples)
    assert [played.events[0] for played in shards] == [Begin(len(one), 0, 0) for one in asked]


def test_a_scorer_that_fails_costs_no_answer_and_tries_again_on_demand(path: Path) -> None:
    class Broken(LastNumber):
        async def __call__(self, sample: Sample, outcome: Outcome) -> tuple[Score, ...]:
            if sample.id == "sum-1":
                raise ScorerError("the judge is away")
            return await super().__call__(sample, outcome)

    played = play(path, benchmark=3, scoring=Broken())
    failures = [one.failure and (one.failure.kind, one.failure.message) for one in played.outcomes]
    assert failures == [None, (FailureKind.SCORER, "the judge is away"), None]
    assert played.outcomes[1].answer
    assert play(path, benchmark=3).outcomes == played.outcomes
    scoring = LastNumber()
    again = play(path, benchmark=3, scoring=scoring, settings=replace(QUICK, retry_errors=True))
    assert scoring.calls == 1
    assert again.gateway.seen["chat"] == 0
    assert [one.scores[0].scorer for one in again.outcomes] == ["last-number"] * 3


def test_other_scorers_score_every_answer_again_and_ask_nothing(path: Path) -> None:
    class Other(LastNumber):
        hash = "other"

    play(path, benchmark=3)
    scoring = Other()
    again = play(path, benchmark=3, scoring=scoring)
    assert scoring.calls == 3
    assert again.gateway.seen["chat"] == 0


def test_a_run_that_is_cancelled_leaves_its_answers_to_be_recovered(path: Path) -> None:
    async def cancelled_and_resumed() -> tuple[Played, int]:
        async with serving(Behaviour(latency=0.5)) as gateway:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [gateway]), 0.25)
            with Journal.read(path) as journal:
                begun = journal.count(State.STARTED)
            return await play_on(path, [gateway]), begun

    played, begun = asyncio.run(cancelled_and_resumed())
    assert begun == QUICK.concurrency
    assert_each_answered_once(played, 6)
    assert played.events[0] == Begin(planned=6, done=0, open=begun)
    assert sum(one.adopted for one in played.outcomes) == begun


def test_a_dialogue_goes_on_where_it_was_cancelled(path: Path) -> None:
    benchmark = of(*(replace(DIALOGUE, id=f"dialogue-{number}") for number in range(4)))

    async def cancelled_and_resumed() -> Played:
        async with serving(Behaviour(latency=0.2)) as gateway:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(play_on(path, [gateway], benchmark=benchmark), 0.35)
            return await play_on(path, [gateway], benchmark=benchmark)

    played = asyncio.run(cancelled_and_resumed())
    assert [one.answers for one in played.outcomes] == [("ok", "two", "plum")] * 4
    assert [one.runs for one in played.gateway.conversations.values()] == [3] * 4
    spent = [Usage(one.prompt_tokens, one.completion_tokens, 0.003) for one in played.gateway.conversations.values()]
    assert [one.usage for one in played.outcomes] == spent


def test_a_turn_that_had_not_left_is_sent_without_a_look(path: Path) -> None:
    """The journal has the answer to the turn before and no line of this one: it can't have been asked."""
    name = conversation_id("0123456789abcdef", "dialogue", 1, 1)

    async def resumed() -> Played:
        async with serving(Behaviour()) as gateway:
            with Journal.open(path, header(1)) as journal:
                await journal.started(0, "dialogue", 1, attempt=1, conversation=name, server=gateway.url)
                await journal.turned(0, 1, turn=1, answer="ok")
            return await play_on(path, [gateway], benchmark=of(DIALOGUE), native_api=False)

    played = asyncio.run(resumed())
    [outcome] = played.outcomes
    assert outcome.failure is None
    assert (outcome.answers[:2], outcome.sends, outcome.adopted) == (("ok", "two"), 3, False)


def test_a_run_whose_time_is_over_says_so_and_goes_on_later(path: Path) -> None:
    async def twice() -> tuple[Played, Played]:
        async with serving(Behaviour(latency=0.2)) as gateway:
            first = await play_on(path, [gateway], benchmark=12, settings=replace(QUICK, max_seconds=0.3))
            return first, await play_on(path, [gateway], benchmark=12)

    first, second = asyncio.run(twice())
    assert first.ended == "its time was over: 0.3 s"
    assert len(first.outcomes) < 12
    assert_each_answered_once(second, 12)


def test_samples_that_can_not_be_read_end_the_run_with_that_error(path: Path) -> None:
    class Unreadable:
        def __len__(self) -> int:
            return 10

        def __iter__(self) -> Iterator[Sample]:
            yield from list(sums(10).samples)[:3]
            raise OSError("line 4 is gone")

    with pytest.raises(OSError, match="line 4 is gone"):
        play(path, benchmark=Benchmark("sums", Unreadable(), ()))
    with Journal.open(path, header(10)) as journal:
        assert journal.count(State.NEW) >= 7
