"""`junit.xml`: a case for each sample and epoch; wrong is a failure, no score an error. See `harness/report/junit.xsd`.

Written line by line: the elements of 100,000 cases would take 100 MB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from harness.evals.outcome import FailureKind
from harness.evals.report.sentences import notes, outcome, title
from harness.evals.results.record import read_samples
from harness.json_value import cut
from harness.presentation.files import whole_lines
from harness.presentation.plain import xml_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.evals.results.record import RunRecord, SampleRecord

_MOST = 500
"""The most characters of a text in a case."""


def write_junit(folder: Path, record: RunRecord) -> None:
    """Write `junit.xml` from the folder's `samples.jsonl`, whole or not at all. Raises RecordError or OSError."""
    with whole_lines(folder / "junit.xml") as write:
        for line in _lines(record, read_samples(folder)):
            write(line)


def _lines(record: RunRecord, samples: Iterator[SampleRecord]) -> Iterator[str]:
    counts, name = record.counts, _attribute(record.benchmark.name)
    cases = counts.answered + sum(counts.failed.values()) - counts.failed.get(FailureKind.SCORER, 0)
    failures, errors = counts.wrong + counts.partly, cases - counts.scored
    seconds = f"{(record.ended - record.started).total_seconds():.3f}"
    numbers = f'tests="{cases}" failures="{failures}" errors="{errors}" time="{seconds}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites name={name} {numbers}>"
    if cases:
        yield f' <testsuite name={name} timestamp="{record.started:%Y-%m-%dT%H:%M:%S}" skipped="0" {numbers}>'
        yield "  <properties>"
        facts = {"outcome": outcome(record), "title": title(record)}
        facts |= {f"target {number}": each.url for number, each in enumerate(record.targets, 1)}
        facts |= {f"note {number}": each for number, each in enumerate(notes(record), 1)}
        for fact, value in facts.items():
            yield f'   <property name="{fact}" value={_attribute(value)}/>'
        yield "  </properties>"
        for sample in samples:
            yield from _case(sample, record)
        yield " </testsuite>"
    yield "</testsuites>"


def _case(sample: SampleRecord, record: RunRecord) -> Iterator[str]:
    group = f"{record.benchmark.name}.{sample.category}" if sample.category else record.benchmark.name
    name = f"{sample.id}, epoch {sample.epoch}" if record.benchmark.epochs > 1 else sample.id
    case = f'  <testcase classname={_attribute(group)} name={_attribute(name)} time="{sample.seconds:.3f}"'
    scorer = record.main.scorer
    state = sample.state(scorer)
    if state == "right":
        yield f"{case}/>"
        return
    if sample.failure is not None:
        element, kind, message = "error", sample.failure.kind.value, sample.failure.message
    elif state == "error":
        element, kind, message = "error", "pending", "the run ended before it was scored"
    else:
        element, kind, message = "failure", state, f"{scorer}: {sample.scores[scorer]:g}"
    details = {
        "question": sample.question,
        "right": " | ".join(sample.target),
        "answer": sample.answer,
        "why": sample.explanation.get(scorer, ""),
        "conversation": f"{sample.conversation} on {sample.server}",
    }
    text = "\n".join(f"{word}: {cut(value, _MOST)}" for word, value in details.items() if value)
    yield f"{case}>"
    yield f'   <{element} type="{kind}" message={_attribute(cut(message, _MOST))}>{escape(xml_text(text))}</{element}>'
    yield "  </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(xml_text(text))
