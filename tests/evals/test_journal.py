from __future__ import annotations

import asyncio
import os
import resource
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.evals.journal.header import RunHeader
from harness.evals.journal.journal import Begun, Journal, JournalError, State
from harness.evals.outcome import Failure, FailureKind, Outcome, Score, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

HEADER = RunHeader(
    run="00c0ffee",
    created="2026-11-23T10:00:00Z",
    benchmark="sums",
    samples=3,
    epochs=2,
    data_hash="d1",
    prompt_hash="p1",
    targets=("reference",),
    settings={"directories": False},
)
ANSWERED = Outcome(
    index=1,
    sample="b",
    epoch=2,
    conversation="c-1-2",
    server="http://one",
    answers=("So: 4", "half a pair: \ud83d, a break:\n, a letter: ß"),
    usage=Usage(31, 8, 0.25),
    seconds=1.5,
    adopted=True,
    sends=3,
)
FAILED = replace(ANSWERED, index=0, sample="a", epoch=1, answers=(), failure=Failure(FailureKind.TIMEOUT, "too late"))
SCORES = (Score("number", 1.0, "4", None, {"of": [1, 2]}), Score("exact", 0.0))


async def start(journal: Journal, index: int, epoch: int, *, attempt: int = 1, sends: int = 1, turn: int = 1) -> None:
    await journal.started(
        index,
        "abc"[index],
        epoch,
        attempt=attempt,
        conversation=f"c-{index}-{epoch}",
        server="http://one",
        turn=turn,
        sends=sends,
    )


async def some_of_everything(journal: Journal) -> None:
    await asyncio.gather(start(journal, 0, 1), start(journal, 1, 2), start(journal, 2, 1))
    await journal.turned(2, 1, turn=1, answer="first")
    await journal.ended(ANSWERED, attempt=1)
    await journal.scored(1, 2, scorer_hash="s1", result=SCORES)
    await journal.ended(FAILED, attempt=1)


def written(path: Path, write: Callable[[Journal], Coroutine[None, None, None]] = some_of_everything) -> bytes:
    """The journal's content after that."""
    with Journal.open(path, HEADER) as journal:
        asyncio.run(write(journal))
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "journal.jsonl"


def test_what_was_written_is_read_back(path: Path) -> None:
    written(path)
    with Journal.read(path) as journal:
        assert journal.header == HEADER
        assert list(journal.outcomes()) == [FAILED, replace(ANSWERED, scores=SCORES)]
        assert journal.outcome(2, 1) is None
        assert [journal.state(index, 1) for index in range(3)] == [State.FAILED, State.NEW, State.STARTED]
        assert journal.count(State.ANSWERED) == 1
        assert journal.attempt(1, 2) == 1


def test_a_line_is_in_the_file_as_soon_as_it_has_been_awaited(path: Path) -> None:
    async def look(journal: Journal) -> None:
        await start(journal, 0, 1)
        with Journal.read(path) as seen:
            assert seen.state(0, 1) is State.STARTED
        await journal.ended(FAILED, attempt=1)
        with Journal.read(path) as seen:
            assert seen.outcome(0, 1) == FAILED
            assert seen.outcome(0, 1) == journal.outcome(0, 1)

    written(path, look)


def test_what_was_at_work_is_known_with_the_answers_that_it_had(path: Path) -> None:
    async def sent_twice(journal: Journal) -> None:
        await start(journal, 2, 1)
        await journal.turned(2, 1, turn=1, answer="first")
        await start(journal, 2, 1, turn=2, sends=2)
        await start(journal, 2, 1, turn=2, sends=3)

    written(path, sent_twice)
    with Journal.open(path, HEADER) as journal:
        begun = journal.begun(2, 1)
    assert begun == Begun(1, "c-2-1", "http://one", 2, ("first",), 3, begun.since)


def test_another_attempt_opens_a_sample_again_and_its_scores_are_gone(path: Path) -> None:
    async def again(journal: Journal) -> None:
        await some_of_everything(journal)
        await start(journal, 1, 2, attempt=2)

    written(path, again)
    with Journal.read(path) as journal:
        assert journal.outcome(1, 2) is None
        assert journal.scorer_hash(1, 2) is None
        assert journal.begun(1, 2).attempt == 2


def test_the_newest_scores_count_and_say_whose_they_are(path: Path) -> None:
    async def scored_again(journal: Journal) -> None:
        await some_of_everything(journal)
        await journal.scored(1, 2, scorer_hash="s2", result=SCORES[1:])

    written(path, scored_again)
    with Journal.read(path) as journal:
        assert journal.scorer_hash(1, 2) == "s2"
        assert journal.scorer_hash(0, 1) is None
        outcome = journal.outcome(1, 2)
    assert outcome is not None
    assert outcome.scores == SCORES[1:]


def test_a_scorer_that_failed_leaves_an_answer_without_scores(path: Path) -> None:
    failure = Failure(FailureKind.SCORER, "the judge is away")

    async def failed(journal: Journal) -> None:
        await some_of_everything(journal)
        await journal.scored(1, 2, scorer_hash="s1", result=failure)

    written(path, failed)
    with Journal.read(path) as journal:
        assert journal.state(1, 2) is State.ANSWERED
        assert journal.outcome(1, 2) == replace(ANSWERED, failure=failure)


def test_wherever_a_journal_is_cut_off_its_whole_lines_remain_and_it_goes_on(path: Path, tmp_path: Path) -> None:
    content = written(path)
    cut = tmp_path / "cut.jsonl"
    for length in range(0, len(content), 7):
        cut.write_bytes(content[:length])
        whole = content[: content[:length].rfind(b"\n") + 1]
        with Journal.open(cut, HEADER) as journal:
            header = cut.read_bytes() if not whole else b""
            asyncio.run(start(journal, 2, 2))
        after = cut.read_bytes()
        assert after.startswith(whole or header)
        assert after.count(b"\n") == max(whole.count(b"\n"), 1) + 1


def test_a_tail_that_the_system_lost_is_cut_off_too(path: Path) -> None:
    content = written(path)
    path.write_bytes(content + bytes(700) + b"\n" + bytes(30))
    with Journal.open(path, HEADER) as journal:
        assert journal.count(State.ANSWERED) == 1
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "change", [(b"So: 4", b"So: 5"), (b'"sends":3', b'"sends":1'), (b'{"crc":', b"oh, well"), (b"}\n", b"\n")]
)
def test_damage_in_the_middle_is_told_by_its_line(path: Path, change: tuple[bytes, bytes]) -> None:
    lines = written(path).splitlines(keepends=True)
    number = next(number for number, line in enumerate(lines) if b'"type":"end"' in line)
    lines[number] = lines[number].replace(*change)
    path.write_bytes(b"".join(lines))
    told = rf"journal\.jsonl, line {number + 1}: it is damaged.*put the file back"
    with pytest.raises(JournalError, match=told):
        Journal.open(path, HEADER)
    with pytest.raises(JournalError, match=told):
        Journal.read(path)
    assert path.read_bytes() == b"".join(lines), "nothing is changed that can't be read"


@pytest.mark.parametrize(
    "content", [b"one\ntwo\n", b"a note", b'{"type": "run"}\n', b'{"crc":"00000000","type":"run"}\n']
)
def test_a_file_of_something_else_is_no_journal(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(JournalError, match="line 1: it is not the journal"):
        Journal.open(path, HEADER)
    assert path.read_bytes() == content


def test_a_line_without_those_that_it_needs_is_damage(path: Path) -> None:
    lines = written(path).splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"type":"start"' not in line))
    with pytest.raises(JournalError, match="line 2: it doesn't fit the lines before it"):
        Journal.open(path, HEADER)


def test_a_journal_that_is_not_there_or_empty_can_not_be_read(path: Path) -> None:
    with pytest.raises(JournalError, match="it can't be read: No such file"):
        Journal.read(path)
    path.parent.mkdir()
    path.touch()
    with pytest.raises(JournalError, match="it holds no run"):
        Journal.read(path)


def test_two_runs_never_share_a_journal(path: Path) -> None:
    with Journal.open(path, HEADER):
        with pytest.raises(JournalError, match="another run is writing to it"):
            Journal.open(path, HEADER)
        Journal.read(path).close()
    Journal.open(path, HEADER).close()


def test_a_run_is_resumed_under_its_own_id_and_through_other_servers(path: Path) -> None:
    written(path)
    with Journal.open(path, replace(HEADER, run="another1", created="later", targets=("http://two",))) as journal:
        assert journal.header == HEADER


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(HEADER, benchmark="humaneval"), "benchmark 'sums', not 'humaneval'"),
        (replace(HEADER, data_hash="d2"), "data_hash 'd1', not 'd2'"),
        (replace(HEADER, prompt_hash="p2"), "prompt_hash 'p1', not 'p2'"),
        (replace(HEADER, epochs=4, samples=9), "samples 3, not 9; epochs 2, not 4"),
        (replace(HEADER, shard="1/4"), "shard None, not '1/4'"),
        (replace(HEADER, model="openhands_a"), "model None, not 'openhands_a'"),
        (replace(HEADER, settings={"directories": True}), "not {'directories': True}"),
    ],
)
def test_another_runs_journal_is_refused_and_the_difference_said(path: Path, other: RunHeader, said: str) -> None:
    content = written(path)
    with pytest.raises(JournalError) as refusal:
        Journal.open(path, other)
    assert said in str(refusal.value)
    assert path.read_bytes() == content


def test_a_disk_that_is_full_ends_the_run_and_what_was_written_stays_usable(path: Path) -> None:
    async def too_much(journal: Journal) -> None:
        await start(journal, 0, 1)
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.stat(path).st_size + 50, old[1]))  # noqa: PTH116 - quick
        try:
            with pytest.raises(JournalError, match="it can't be written: File too large"):
                await start(journal, 1, 1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        with pytest.raises(JournalError, match="it can't be written"):  # after half a line no other may come
            await start(journal, 2, 1)

    written(path, too_much)
    with Journal.open(path, HEADER) as journal:
        assert [journal.state(index, 1) for index in range(3)] == [State.STARTED, State.NEW, State.NEW]


def test_a_waiting_caller_that_is_cancelled_keeps_no_line_from_the_disk(path: Path) -> None:
    async def cancelled(journal: Journal) -> None:
        waiting = [asyncio.create_task(start(journal, index, 1)) for index in range(3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in ended] == [type(None), asyncio.CancelledError, type(None)]
        await journal.flush()

    written(path, cancelled)
    with Journal.read(path) as journal:
        assert journal.count(State.STARTED) == 3


def test_a_sample_takes_some_bytes_of_memory(path: Path) -> None:
    def opened(samples: int) -> int:
        tracemalloc.start()
        try:
            with Journal.open(path.with_name(f"{samples}.jsonl"), replace(HEADER, samples=samples, epochs=1)):
                return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    assert (opened(100_000) - opened(10_000)) / 90_000 < 24
