"""Evaluation runs as `eval` leaves them, made from their scores alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from harness.evals.outcome import FailureKind
from harness.evals.results.record import (
    BenchmarkRecord,
    CountsRecord,
    FailureRecord,
    MetricRecord,
    RunRecord,
    SampleRecord,
    SampleUsageRecord,
    ServerRecord,
    ToolRecord,
    UsageRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

START = datetime(2026, 11, 23, 8, tzinfo=UTC)

type Scores = tuple[float | None, ...]


def write_run(
    folder: Path,
    rows: Mapping[str, Scores],
    *,
    scorers: Sequence[str] = ("exact",),
    categories: Mapping[str, str] | None = None,
    clusters: Mapping[str, str] | None = None,
    seconds: float = 2.0,
    answers: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    **benchmark: Any,
) -> Path:
    """A run in a folder.

    Args:
        folder: where.
        rows: of each sample its score in each epoch, None for a failure.
        scorers: all give the same score.
        categories: of those samples that have one.
        clusters: likewise.
        seconds: that each sample takes, more or less.
        answers: of samples that answer something of their own.
        settings: of the run.
        benchmark: what else `run.json` says of the benchmark.
    """
    epochs = max((len(scores) for scores in rows.values()), default=1)
    lines = [
        sample(index, name, epoch, value, scorers).model_copy(
            update={
                "category": (categories or {}).get(name),
                "cluster": (clusters or {}).get(name),
                "seconds": seconds + index % 7 / 10,
                **({"answer": answers[name]} if answers and name in answers else {}),
            }
        )
        for index, (name, scores) in enumerate(rows.items())
        for epoch, value in enumerate(scores, 1)
    ]
    folder.mkdir(parents=True)
    (folder / "samples.jsonl").write_text("".join(f"{each.model_dump_json()}\n" for each in lines), "utf-8")
    scored = sum(each.failure is None for each in lines)
    record = run(len(rows), epochs, scored, scorers, dict(settings or {}), benchmark)
    (folder / "run.json").write_text(record.to_json(), "utf-8")
    return folder


def sample(index: int, name: str, epoch: int, value: float | None, scorers: Sequence[str]) -> SampleRecord:
    failed = value is None
    took = str(2 * index if value == 1 else 7)
    return SampleRecord(
        index=index,
        id=name,
        epoch=epoch,
        category=None,
        cluster=None,
        turns=1,
        question=f"What is {index} + {index}?",
        target=(str(2 * index),),
        answer="" if failed else f"It is {took}, in epoch {epoch}.",
        scores={} if value is None else dict.fromkeys(scorers, value),
        extracted={} if failed else dict.fromkeys(scorers, took),
        explanation={},
        failure=FailureRecord(kind=FailureKind.TIMEOUT, message="still running after 1 h") if failed else None,
        usage=SampleUsageRecord(prompt_tokens=100 + index, completion_tokens=10, cost=None),
        seconds=1.0,
        conversation=str(UUID(int=index * 100 + epoch)),
        server="http://127.0.0.1:8000",
        adopted=False,
        sends=1,
    )


def run(
    samples: int, epochs: int, scored: int, scorers: Sequence[str], settings: dict[str, Any], benchmark: dict[str, Any]
) -> RunRecord:
    empty: dict[str, Any] = {
        **dict.fromkeys(MetricRecord.model_fields),
        "n_samples": 0,
        "n_clusters": 0,
        "pass_at": {},
        "pass_hat": {},
    }
    target = ServerRecord(argument="reference", url="http://127.0.0.1:8000", model="openhands_demo", server={})
    counts = dict.fromkeys(("right", "partly", "wrong", "pending", "adopted", "sent_again"), 0)
    return RunRecord(
        tool=ToolRecord(version="0.1.0", python="3.12.1", platform="Linux"),
        arguments=("eval", "arithmetic", "reference"),
        run="0123456789abcdef",
        started=START,
        ended=START + timedelta(minutes=3),
        ended_early=None,
        benchmark=BenchmarkRecord(
            **{
                "name": "arithmetic",
                "samples": samples,
                "epochs": epochs,
                "shard": None,
                "limit": None,
                "data_hash": "d" * 64,
                "prompt_hash": "e" * 64,
                "scorer_hash": "f" * 64,
                "scorers": tuple(scorers),
                "notes": (),
                **benchmark,
            }
        ),
        targets=(target,),
        target_hash="0" * 64,
        settings=settings,
        counts=CountsRecord(planned=samples * epochs, answered=scored, scored=scored, failed={}, **counts),
        metrics=tuple(MetricRecord.model_validate({**empty, "scorer": each}) for each in scorers),
        latency=None,
        usage=UsageRecord(
            prompt_tokens=0,
            completion_tokens=0,
            cost=None,
            samples_without=0,
            samples_without_cost=0,
            prompt=None,
            completion=None,
        ),
        categories=(),
        flips=None,
    )


def named(*scores: float | None) -> dict[str, Scores]:
    """Samples of one epoch, called `s0` and so on."""
    return {f"s{number}": (score,) for number, score in enumerate(scores)}
