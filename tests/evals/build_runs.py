"""Runs to build and report: a benchmark, a journal with any outcomes, and the rest of a run."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.evals.journal.header import RunHeader
from harness.evals.journal.journal import Journal
from harness.evals.outcome import Failure, FailureKind, Outcome, Score, Usage
from harness.evals.report import write_reports
from harness.evals.results.build import RunContext, write_samples
from harness.evals.results.record import ServerRecord
from harness.evals.sample import Benchmark, Sample, ScorerSpec
from harness.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.evals.results.record import RunRecord

KEY = "sk-very-secret-key"
URL = "http://127.0.0.1:8000"
WRONG, RIGHT = (Score("exact", 0.0, "12", "no match"),), (Score("exact", 1.0, "12"),)
TIMEOUT = Failure(FailureKind.TIMEOUT, "still running after 3600 s")


def sample(number: int, **parts: Any) -> Sample:
    """`What is 3 + 3?` and the like, with the right answer."""
    question, right = (f"What is {number} + {number}?",), (str(2 * number),)
    return Sample(**({"id": f"sum-{number}", "turns": question, "target": right} | parts))


def outcome(number: int, scores: tuple[Score, ...] = RIGHT, epoch: int = 1, **parts: Any) -> Outcome:
    """The outcome of `sample(number)`."""
    usual = Outcome(
        index=number,
        sample=f"sum-{number}",
        epoch=epoch,
        conversation=f"00000000-0000-5000-8000-{number * 100 + epoch:012d}",
        server=URL,
        answers=("It is 12.",),
        usage=Usage(100 + number, 20, 0.01),
        seconds=1.5 + number,
        adopted=False,
        sends=1,
        scores=scores,
    )
    return replace(usual, **parts)


def failed(number: int, failure: Failure = TIMEOUT, epoch: int = 1, **parts: Any) -> Outcome:
    """Its outcome without an answer."""
    return outcome(number, (), epoch, **({"failure": failure, "answers": (), "usage": None} | parts))


def benchmark(samples: Sequence[Sample], **parts: Any) -> Benchmark:
    """A benchmark of these."""
    return Benchmark(
        **({"name": "sums", "samples": samples, "scorers": (ScorerSpec("exact"),), "data_hash": "d" * 64,
            "prompt_hash": "e" * 64, "notes": ("temperature 0 is not sent: the endpoint ignores it",)} | parts)
    )  # fmt: skip


def write_journal(path: Path, outcomes: Iterable[Outcome], samples: int, **header: Any) -> None:
    """A journal in which these samples have ended, and were scored if they have an answer."""

    async def write() -> None:
        found = RunHeader(run="0a1b2c3d", created="2026-01-02T03:04:05+00:00", benchmark="sums", samples=samples)
        with Journal.open(path, replace(found, **header)) as journal:
            for each in outcomes:
                answered = each.failure is None or each.failure.kind is FailureKind.SCORER
                journal.started(
                    each.index, each.sample, each.epoch, attempt=1, conversation=each.conversation, server=each.server
                )
                journal.ended(replace(each, failure=None) if answered else each, attempt=1)
                if answered and (each.scores or each.failure):
                    journal.scored(each.index, each.epoch, scorer_hash="f" * 64, result=each.failure or each.scores)
            await journal.flush()

    with ThreadPoolExecutor(1) as pool:  # Playwright has an event loop in the thread of its tests
        pool.submit(lambda: asyncio.run(write())).result()


def context(**parts: Any) -> RunContext:
    """The other facts about the run."""
    server = {"title": "T", "version": "1"}
    target = ServerRecord(argument="reference", url=URL, model="openhands_default", server=server)
    usual = {
        "arguments": ("eval", "sums", "reference"),
        "ended": datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC),
        "ended_early": None,
        "targets": (target,),
        "settings": {"concurrency": 8, "directories": False},
        "limit": None,
        "scorers": ("exact",),
        "scorer_hash": "f" * 64,
        "redactor": Redactor(KEY),
    }
    return RunContext(**(usual | parts))  # type: ignore[arg-type]  # of the parts, whatever a test gives


def write(
    folder: Path, samples: Sequence[Sample], outcomes: Iterable[Outcome], header: dict[str, Any] | None = None,
    bench: dict[str, Any] | None = None, **parts: Any,
) -> RunRecord:  # fmt: skip
    """A whole run in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_journal(folder / "journal.jsonl", outcomes, len(samples), **(header or {}))
    with Journal.read(folder / "journal.jsonl") as journal:
        asked = benchmark(samples, **(bench or {}))
        record = write_samples(folder, asked, journal, context(**parts))
    write_reports(folder, record)
    return record


def mixed(folder: Path, count: int = 12, **parts: Any) -> RunRecord:
    """A run of two epochs, with some of everything in it."""
    samples = [sample(number, category=("even", "odd")[number % 2]) for number in range(count)]
    outcomes = [
        failed(number, epoch=epoch)
        if number % 6 == 5
        else outcome(number, WRONG if (number % 4 == 0 or (number % 3 == 0 and epoch == 2)) else RIGHT, epoch,
                     adopted=number == 1, sends=1 + (number == 2))
        for number in range(count)
        for epoch in (1, 2)
    ]  # fmt: skip
    return write(folder, samples, outcomes, {"epochs": 2}, **parts)


def hostile(folder: Path, text: str) -> RunRecord:
    """A run with `text` wherever a server, the data or a scorer can put one."""
    scores = (Score("exact", 0.0, text, text),)
    samples = [Sample(f"sum-{n}{text}", (text,), target=(text,), category=text, cluster=text) for n in range(2)]
    outcomes = [
        outcome(0, scores, answers=(text,), sample=samples[0].id),
        failed(1, Failure(FailureKind.AGENT, text), sample=samples[1].id),
        outcome(0, RIGHT, 2, answers=(text,), sample=samples[0].id),
    ]
    events = [
        {"kind": "MessageEvent", "llm_message": {"role": "assistant", "content": [{"type": "text", "text": text}]}},
        {"kind": "ActionEvent", "tool_name": text, "action": {text: text}},
        {"kind": text, "of": text},
    ]
    (folder / "trajectories").mkdir(parents=True)
    (folder / "trajectories" / f"{outcomes[0].conversation}.json").write_text(json.dumps({"events": events}), "utf-8")
    target = ServerRecord(argument=text, url=text, model=text, server={"title": text, "version": text})
    return write(
        folder, samples, outcomes, {"epochs": 2}, {"name": text, "notes": (text,)}, targets=(target,),
        ended_early=text, settings={text: text}, arguments=(text,),
    )  # fmt: skip
