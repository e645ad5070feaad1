"""From a journal to `samples.jsonl` and the record of the run."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import harness
from harness.evals.results.record import (
    ANSWER_LENGTH,
    QUESTION_LENGTH,
    SAMPLES_FILE,
    BenchmarkRecord,
    FailureRecord,
    RunRecord,
    SampleRecord,
    SampleUsageRecord,
    ServerRecord,
    ToolRecord,
)
from harness.evals.results.totals import Totals
from harness.evals.results.trajectory import FOLDER as TRAJECTORIES
from harness.evals.sample import BenchmarkError
from harness.presentation.files import whole_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from harness.evals.journal.journal import Journal
    from harness.evals.outcome import Outcome
    from harness.evals.runner.settings import Server
    from harness.evals.sample import Benchmark, Sample
    from harness.json_value import Json
    from harness.redact import Redactor

_SERVER = ("title", "version", "sdk_version", "tools_version")


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the journal does not say about a run.

    Attributes:
        arguments: the command line after `gateway-harness`.
        ended: when the last answer came.
        ended_early: why not everything was asked; None when everything was.
        targets: see `target_record`.
        settings: other settings that affect what is sent, and the gates (`fail_under`).
        limit: only the first so many samples; None for all.
        scorers: their names, the main one first.
        scorer_hash: SHA-256 over names, options and versions.
        redactor: knows every secret; all text goes through it.
    """

    arguments: tuple[str, ...]
    ended: datetime
    ended_early: str | None
    targets: tuple[ServerRecord, ...]
    settings: Mapping[str, Json]
    limit: int | None
    scorers: tuple[str, ...]
    scorer_hash: str
    redactor: Redactor


def target_record(server: Server, redactor: Redactor) -> ServerRecord:
    """The record of a server."""
    return ServerRecord(
        argument=redactor.text(server.argument),
        url=redactor.text(server.base_url),
        model=redactor.text(server.model),
        server={
            redactor.text(name): redactor.json(value)
            for name, value in server.info.items()
            if isinstance(value, str | int | float)
        },
        packages=dict(server.packages),
    )


def write_samples(folder: Path, benchmark: Benchmark, journal: Journal, context: RunContext) -> RunRecord:
    """Write `samples.jsonl` from a run's journal; the run's record is returned, not written.

    Raises:
        BenchmarkError: it can't be read any more, or is not the one that the journal was written for.
        OSError: the file can't be written; a previous one is kept.
    """
    totals = Totals(context.scorers, journal.header.epochs)
    with whole_lines(folder / SAMPLES_FILE) as write:
        for sample, epochs in _records(folder, benchmark, journal, context.redactor):
            for each in epochs:
                if each is not None:
                    write(each.model_dump_json())
            totals.add(sample.id, sample.category, sample.cluster, epochs)
    return _record(totals, benchmark, journal, context)


def _record(totals: Totals, benchmark: Benchmark, journal: Journal, context: RunContext) -> RunRecord:
    header, redactor = journal.header, context.redactor
    settings = redactor.json(dict(context.settings))
    assert isinstance(settings, dict), "what an object becomes is one"
    return RunRecord(
        tool=this_tool(),
        arguments=tuple(map(redactor.text, context.arguments)),
        run=header.run,
        started=datetime.fromisoformat(header.created),
        ended=context.ended,
        ended_early=context.ended_early and redactor.text(context.ended_early),
        benchmark=BenchmarkRecord(
            name=benchmark.name,
            samples=header.samples,
            epochs=header.epochs,
            shard=header.shard,
            limit=context.limit,
            data_hash=benchmark.data_hash,
            prompt_hash=benchmark.prompt_hash,
            scorer_hash=context.scorer_hash,
            scorers=context.scorers,
            notes=tuple(map(redactor.text, benchmark.notes)),
        ),
        targets=context.targets,
        target_hash=target_hash(context.targets),
        settings=settings,
        **totals.numbers(),
    )


def target_hash(targets: Iterable[ServerRecord]) -> str:
    """SHA-256 over the models and the servers' names and versions; a pool of equal servers has the hash of one."""
    marks = {json.dumps([each.model, *(each.server.get(name) for name in _SERVER)]) for each in targets}
    return sha256("\n".join(sorted(marks)).encode()).hexdigest()


def this_tool() -> ToolRecord:
    """This harness, on this machine."""
    return ToolRecord(
        version=harness.__version__, python=platform.python_version(), platform=platform.platform(terse=True)
    )


def _records(
    folder: Path, benchmark: Benchmark, journal: Journal, redactor: Redactor
) -> Iterator[tuple[Sample, tuple[SampleRecord | None, ...]]]:
    """Each sample with its record in each epoch; None where it has no outcome yet."""
    fetched = {path.name for path in (folder / TRAJECTORIES).glob("*.json")}
    for index, sample in journal.header.selected(benchmark.samples):
        shown = _redacted(sample, redactor)
        epochs: list[SampleRecord | None] = []
        for epoch in range(1, journal.header.epochs + 1):
            outcome = journal.outcome(index, epoch)
            if outcome is None:
                epochs.append(None)
                continue
            if outcome.sample != sample.id:
                raise BenchmarkError(
                    f"sample {index} is {sample.id!r}, and the journal knows it as {outcome.sample!r}: the benchmark "
                    "has changed; evaluate it anew, into another folder"
                )
            epochs.append(_sample(shown, outcome, redactor, fetched))
        yield shown, tuple(epochs)


def _redacted(sample: Sample, redactor: Redactor) -> Sample:
    """The sample without secrets; of its turns only the last, which alone is shown."""
    said = redactor.text
    return replace(
        sample,
        id=said(sample.id),
        turns=(*sample.turns[:-1], said(sample.turns[-1])),
        target=tuple(map(said, sample.target)),
        category=sample.category and said(sample.category),
        cluster=sample.cluster and said(sample.cluster),
    )


def _sample(sample: Sample, outcome: Outcome, redactor: Redactor, fetched: Collection[str]) -> SampleRecord:
    def said(text: str) -> str:
        return _clipped(redactor.excerpt(text), ANSWER_LENGTH)  # a scorer or a server may have cut through a secret

    events, failure = f"{outcome.conversation}.json", outcome.failure
    return SampleRecord(
        index=outcome.index,
        id=sample.id,
        epoch=outcome.epoch,
        category=sample.category,
        cluster=sample.cluster,
        turns=len(sample.turns),
        question=_clipped(sample.turns[-1], QUESTION_LENGTH),
        target=tuple(_clipped(text, ANSWER_LENGTH) for text in sample.target),
        answer=said(outcome.answer),
        scores={score.scorer: score.value for score in outcome.scores},
        extracted={score.scorer: said(score.answer) for score in outcome.scores if score.answer is not None},
        explanation={score.scorer: said(score.explanation) for score in outcome.scores if score.explanation},
        failure=None if failure is None else FailureRecord(kind=failure.kind, message=said(failure.message)),
        usage=None if outcome.usage is None else SampleUsageRecord(**asdict(outcome.usage)),
        seconds=round(outcome.seconds, 3),
        conversation=outcome.conversation,
        server=said(outcome.server),
        adopted=outcome.adopted,
        sends=outcome.sends,
        trajectory=f"{TRAJECTORIES}/{events}" if events in fetched else None,
    )


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
