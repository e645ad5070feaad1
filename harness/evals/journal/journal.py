"""The journal of a run: what was asked and what came of it, in order; everything else is made of it.

One JSON object a line (`journal_line`), appended and never changed:

    run     the header: which run of which benchmark this is
    start   a request that may start an agent is about to leave: its sample, epoch, attempt, conversation, server, turn
    turn    a turn of a dialogue was answered, and it is not the last one
    end     what came of the sample: its answers, or why there are none
    score   what a set of scorers (`hash`) says of the answers; the newest such line counts

A line is on the disk when what `started` and the others return has been awaited; all lines that wait share one fsync,
in a thread. In memory a sample of an epoch takes 19 bytes, and some hundred while it is at work.
"""

from __future__ import annotations

import time
from array import array
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, fields, replace
from enum import IntEnum
from typing import IO, TYPE_CHECKING, Any, Self

from harness.evals.journal.journal_file import JournalError, JournalFile
from harness.evals.journal.journal_line import (
    BEGINNING,
    failure_from_json,
    failure_to_json,
    from_line,
    outcome_from_json,
    outcome_to_json,
    score_from_json,
    score_to_json,
    to_line,
)
from harness.evals.outcome import Failure, Outcome, Score

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.json_value import Json

__all__ = ["Begun", "Journal", "JournalError", "OtherRunError", "RunHeader", "State", "header_of"]

FORMAT = "openhands-gateway-harness/evaluation-journal"
VERSION = 1


class OtherRunError(JournalError):
    """A journal of a run that is not the one that is asked for."""


@dataclass(frozen=True, slots=True)
class RunHeader:
    """Which run this is. All but the first two and `targets` has to be the same for a run to be resumed.

    Attributes:
        run: its id, random: eight hexadecimal digits or more. The conversations' ids are made of it.
        created: ISO 8601, UTC.
        benchmark: its name.
        samples: how many there are, after the limit and before the shard.
        epochs: how often each is asked.
        shard: such as `1/4`; None for all.
        model: as it was asked for; None when each target's own was.
        data_hash: of the benchmark.
        prompt_hash: likewise.
        targets: as they were named.
        settings: whatever else decides what is sent.
    """

    run: str
    created: str
    benchmark: str
    samples: int
    epochs: int = 1
    shard: str | None = None
    model: str | None = None
    data_hash: str = ""
    prompt_hash: str = ""
    targets: tuple[str, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)

    def differs_in(self, other: RunHeader) -> list[str]:
        """The names of what decides the outcomes and is not the same; none: it is the same run, or one like it."""
        decides = (one.name for one in fields(self) if one.name not in {"run", "created", "targets"})
        return [name for name in decides if getattr(self, name) != getattr(other, name)]


class State(IntEnum):
    """How far a sample has come in an epoch."""

    NEW = 0
    STARTED = 1
    ANSWERED = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Begun:
    """A sample that was at work.

    Attributes:
        attempt: from 1.
        conversation: that it has.
        server: the base URL of the server that was to get the newest request.
        turn: that was asked last.
        answers: of the turns that were answered; as many as `turn` when the next one was not asked yet.
        sends: requests that could have started an agent.
        since: seconds since 1970 when the first one left.
        lasting: whether the server outlives the run that asked it.
    """

    attempt: int
    conversation: str
    server: str
    turn: int
    answers: tuple[str, ...]
    sends: int
    since: float
    lasting: bool = True


class Journal:
    """A journal, made by `open` or `read`.

    Attributes:
        header: the run's.
        path: the file.
    """

    def __init__(self, path: Path, file: IO[bytes], header: RunHeader, written: JournalFile | None = None) -> None:
        self.path, self.header = path, header
        self._file, self._written = file, written  # two of the same, since a thread writes
        size = header.samples * header.epochs
        self._states = bytearray(size)
        self._ends = array("q", bytes(8 * size))  # offsets of `end` lines; 0, the header's, for none
        self._scores = array("q", bytes(8 * size))  # likewise of the newest `score` lines
        self._scorers = array("H", bytes(2 * size))  # by whom: places in the list of hashes
        self._hashes: list[str] = []
        self._open: dict[int, list[int]] = {}  # offsets of the `start` and `turn` lines of what is at work
        self._end = 0

    @classmethod
    def open(cls, path: Path, header: RunHeader) -> Self:
        """Begin a journal, or go on with the one that is there; its run's id is kept, and a torn last line cut off.

        Raises:
            JournalError: another run writes to it, or it is damaged.
            OtherRunError: it is of a run that differs in what decides the outcomes.
        """
        with ExitStack() as undo:
            written = undo.enter_context(closing(JournalFile(path)))
            file = undo.enter_context(path.open("rb"))
            found = _header(path, file)
            if found is not None:
                _same_run(path, found, header)
            journal = cls(path, file, found or header, written)
            journal._load()
            written.cut(journal._end)
            if found is None:
                line = _header_line(header)
                written.begin(line)
                journal._end = len(line)
            undo.pop_all()
        return journal

    @classmethod
    def read(cls, path: Path) -> Self:
        """A journal to look at; the file is neither locked nor changed, and another run may be writing to it.

        Raises:
            JournalError: there is none, or it is damaged.
        """
        with ExitStack() as undo:
            try:
                file = undo.enter_context(path.open("rb"))
            except OSError as problem:
                raise JournalError(f"{path}: it can't be read: {problem.strerror}") from None
            header = _header(path, file)
            if header is None:
                raise JournalError(f"{path}: it holds no run; it was begun and never written to")
            journal = cls(path, file, header)
            journal._load()
            undo.pop_all()
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others write to it; `flush` comes first."""
        self._file.close()
        if self._written is not None:
            self._written.close()

    # What is known.

    def __len__(self) -> int:
        """Samples times epochs, those of other shards included."""
        return len(self._states)

    def state(self, index: int, epoch: int) -> State:
        """How far a sample has come. A sample that is asked again after a failure is `STARTED` again."""
        return State(self._states[self._slot(index, epoch)])

    def count(self, state: State) -> int:
        """How many samples of all epochs have come so far."""
        return self._states.count(state)

    def scorer_hash(self, index: int, epoch: int) -> str | None:
        """Which scorers scored the sample's answers last; None: none has."""
        slot = self._slot(index, epoch)
        return self._hashes[self._scorers[slot]] if self._scores[slot] else None

    def is_scored_by(self, scorer_hash: str) -> bool:
        """Whether these scorers have scored anything in it."""
        return scorer_hash in self._hashes

    def outcome(self, index: int, epoch: int) -> Outcome | None:
        """What came of a sample, with its newest scores; None while that is open."""
        slot = self._slot(index, epoch)
        if self._states[slot] not in {State.ANSWERED, State.FAILED}:
            return None
        outcome = outcome_from_json(self._line(self._ends[slot]))
        if outcome.failure is None and self._scores[slot]:
            said = self._line(self._scores[slot])
            scores = tuple(map(score_from_json, said["scores"]))
            outcome = replace(outcome, scores=scores, failure=failure_from_json(said["failure"]))
        return outcome

    def outcomes(self) -> Iterator[Outcome]:
        """What came of the samples, in order of index and epoch; of those that are open, nothing."""
        for index in range(self.header.samples):
            for epoch in range(1, self.header.epochs + 1):
                if (outcome := self.outcome(index, epoch)) is not None:
                    yield outcome

    def begun(self, index: int, epoch: int) -> Begun:
        """What is known of a sample that is `STARTED`."""
        starts: list[dict[str, Any]] = []
        answers: list[str] = []
        for line in map(self._line, self._open[self._slot(index, epoch)]):
            if line["type"] == "turn":
                answers.append(line["answer"])
            else:
                if starts and starts[0]["attempt"] != line["attempt"]:  # the one before was given up, without an end
                    starts, answers = [], []
                starts.append(line)
        newest = starts[-1]
        known = {name: newest[name] for name in ("attempt", "conversation", "server", "turn", "sends")}
        lasting = newest.get("lasting", True)
        return Begun(**known, answers=tuple(answers), since=starts[0]["at"], lasting=lasting)

    def attempt(self, index: int, epoch: int) -> int:
        """The number of the attempt whose outcome there is; 0 for none."""
        offset = self._ends[self._slot(index, epoch)]
        return int(self._line(offset)["attempt"]) if offset else 0

    # What happens. Each writes its line in the order of the calls and gives what to await until it is on the disk;
    # what is awaited raises JournalError when the disk takes no more.

    def started(
        self,
        index: int,
        sample: str,
        epoch: int,
        *,
        attempt: int,
        conversation: str,
        server: str,
        turn: int = 1,
        sends: int = 1,
        lasting: bool = True,
    ) -> Awaitable[None]:
        """A request that may start an agent is about to leave; it must not before this is on the disk."""
        return self._append(
            {
                "type": "start",
                "index": index,
                "epoch": epoch,
                "sample": sample,
                "attempt": attempt,
                "conversation": conversation,
                "server": server,
                "turn": turn,
                "sends": sends,
                "lasting": lasting,
                "at": round(time.time(), 3),
            }
        )

    def turned(self, index: int, epoch: int, *, turn: int, answer: str) -> Awaitable[None]:
        """A turn of a dialogue that goes on was answered."""
        return self._append({"type": "turn", "index": index, "epoch": epoch, "turn": turn, "answer": answer})

    def ended(self, outcome: Outcome, *, attempt: int) -> Awaitable[None]:
        """This is what came of the sample; scores in it are not written."""
        members: dict[str, Json] = {
            "type": "end",
            "index": outcome.index,
            "epoch": outcome.epoch,
            "sample": outcome.sample,
            "attempt": attempt,
        }
        return self._append(members | outcome_to_json(outcome))

    def scored(self, index: int, epoch: int, *, scorer_hash: str, result: Sequence[Score] | Failure) -> Awaitable[None]:
        """This is what the scorers of that hash say of the sample's answers, or why they can't."""
        failure = result if isinstance(result, Failure) else None
        scores = [] if isinstance(result, Failure) else [score_to_json(score) for score in result]
        return self._append(
            {
                "type": "score",
                "index": index,
                "epoch": epoch,
                "hash": scorer_hash,
                "failure": failure_to_json(failure),
                "scores": scores,
            }
        )

    async def flush(self) -> None:
        """Wait until all that was written is on the disk."""
        if self._written is not None:
            await self._written.flush()

    # How it is kept.

    def _slot(self, index: int, epoch: int) -> int:
        return index * self.header.epochs + epoch - 1

    def _line(self, offset: int) -> dict[str, Any]:
        self._file.seek(offset)
        try:
            return from_line(self._file.readline())
        except ValueError:
            raise JournalError(f"{self.path}: the line at byte {offset} has changed since it was read") from None

    def _load(self) -> None:
        """Read all lines up to the end, or to a last one that is torn."""
        self._file.seek(0)
        torn: int | None = None
        for number, line in enumerate(self._file, 1):
            try:
                members = from_line(line)
            except ValueError:
                torn = torn or number
                continue
            if torn is not None:
                raise JournalError(
                    f"{self.path}, line {torn}: it is damaged, and whole lines follow; put the file back as it was, or "
                    "take out that line, after which its sample is asked again, and a second time paid for"
                )
            try:
                if number > 1:
                    self._note(members, self._end)
            except LookupError:
                raise JournalError(f"{self.path}, line {number}: it doesn't fit to the lines before it") from None
            self._end += len(line)

    def _note(self, members: Mapping[str, Any], offset: int) -> None:
        """Take a line into account that is, or will be, at that offset."""
        slot = self._slot(members["index"], members["epoch"])
        match members["type"]:
            case "start":
                self._open.setdefault(slot, []).append(offset)
                self._states[slot] = State.STARTED
                self._scores[slot] = 0
            case "turn":
                self._open[slot].append(offset)
            case "end":
                self._open.pop(slot, None)
                self._ends[slot] = offset
                self._states[slot] = State.ANSWERED if members["failure"] is None else State.FAILED
            case "score":
                if members["hash"] not in self._hashes:
                    self._hashes.append(members["hash"])
                self._scorers[slot] = self._hashes.index(members["hash"])
                self._scores[slot] = offset

    def _append(self, members: dict[str, Json]) -> Awaitable[None]:
        assert self._written is not None, "a journal that is read is not written to"
        line = to_line(members)
        durable = self._written.append(line)
        self._note(members, self._end)
        self._end += len(line)
        return durable


def _header_line(header: RunHeader) -> bytes:
    members = asdict(header) | {"targets": [*header.targets]}
    return to_line({"type": "run", "format": FORMAT, "version": VERSION, **members})


def _header(path: Path, file: IO[bytes]) -> RunHeader | None:
    """The header of a journal; None when nothing whole is in it yet."""
    file.seek(0)
    first = file.readline()
    try:
        members = from_line(first)
    except ValueError:
        begins = min(len(first), len(BEGINNING))
        if first[:begins] != BEGINNING[:begins] or first.endswith(b"\n"):  # it was not cut off, or is somebody else's
            raise JournalError(f"{path}, line 1: it is no journal of an evaluation, or damaged") from None
        return None
    if members.get("format") != FORMAT or members.get("version") != VERSION:
        raise JournalError(f"{path}, line 1: it is no journal that this version of the harness can read")
    try:
        known: dict[str, Any] = {one.name: members[one.name] for one in fields(RunHeader)}
    except KeyError as missing:
        raise JournalError(f"{path}, line 1: it lacks {missing}") from None
    return RunHeader(**known | {"targets": tuple(known["targets"])})


def header_of(path: Path) -> RunHeader | None:
    """Of which run a journal is, None when nothing whole is in it yet; a run may be writing to it.

    Raises:
        JournalError: it can't be read, or its first line is damaged.
    """
    try:
        with path.open("rb") as file:
            return _header(path, file)
    except OSError as problem:
        raise JournalError(f"{path}: it can't be read: {problem.strerror}") from None


def _same_run(path: Path, found: RunHeader, asked: RunHeader) -> None:
    """Raise OtherRunError when a journal's run is not the one that is asked for."""
    if differing := found.differs_in(asked):
        said = "; ".join(f"{name} {getattr(found, name)!r}, not {getattr(asked, name)!r}" for name in differing)
        raise OtherRunError(f"{path}: it is of another run: {said}; name another folder, or ask as before")
