"""`report.md`: the run on one screen, fit for a CI step summary or a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.report.sentences import duration, marks, notes, outcome, percent, span, title, verdict
from harness.presentation.markdown import document, folded, table
from harness.presentation.plain import plain
from harness.presentation.short_text import cut_line
from harness.presentation.states import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.evals.results.record import MetricRecord, RunRecord

_MOST_CATEGORIES, _MOST_FLIPS, _MOST_SETTINGS = 60, 20, 40
_SENTENCE = 500
"""The most characters of a text that is not ours."""


def markdown(record: RunRecord) -> str:
    """The run as GitHub-flavoured Markdown of at most some 30,000 characters, without terminal control characters."""
    return document(_lines(record))


def _lines(record: RunRecord) -> Iterator[str]:
    yield f"# {LOOKS[outcome(record)].picture} {_said(title(record))}"
    yield ""
    for sentence in verdict(record):
        yield from (_said(sentence), "")
    yield from _scores(record)
    yield from _errors(record)
    yield from _categories(record)
    yield from _flips(record)
    yield from ("## What to know", "", *(f"- {_said(each)}" for each in notes(record)), "")
    yield from _cost(record)
    yield from (*folded("About this run", [*_about(record), ""]), "")
    yield "The samples stand in `report.html`, to be searched, and in `samples.jsonl`; every number in `run.json`."


def _scores(record: RunRecord) -> Iterator[str]:
    rows = [
        [
            _said(each.scorer),
            percent(each.mean),
            span(each.interval) + (f" ({each.method})" if each.method else ""),
            f"{percent(each.low_bound)} to {percent(each.high_bound)}",
            "unknown" if each.minimum_detectable_effect is None else percent(each.minimum_detectable_effect),
            each.n_samples,
            each.n_clusters,
        ]
        for each in record.metrics
    ]
    heads = ["scorer", "mean", "95 % interval", "if errors were wrong … right", "could tell", "samples", "clusters"]
    yield from (_table(rows, heads), "")
    if ks := sorted(record.main.pass_at):
        rows = [
            [_said(each.scorer), name, *(percent(values.get(k)) for k in ks)]
            for each in record.metrics
            for name, values in (("pass@k: one of k is right", each.pass_at), ("pass^k: all k are", each.pass_hat))
        ]
        yield from (_table(rows, ["scorer", "", *(f"k = {k}" for k in ks)]), "")


def _errors(record: RunRecord) -> Iterator[str]:
    if record.counts.failed:
        yield from ("## Without a score", "")
        yield from (_table([[kind, count] for kind, count in record.counts.failed.items()], ["error", "times"]), "")


def _categories(record: RunRecord) -> Iterator[str]:
    if not record.categories:
        return
    yield from ("## By category", "")
    rows = [
        [_said(each.category or "none"), *_rate(each.metrics[0]), each.metrics[0].n_samples]
        for each in record.categories[:_MOST_CATEGORIES]
    ]
    yield from (_table(rows, ["category", record.main.scorer, "95 % interval", "samples"]), "")
    if len(record.categories) > _MOST_CATEGORIES:
        yield from (f"{len(record.categories) - _MOST_CATEGORIES} more categories stand in `run.json`.", "")


def _flips(record: RunRecord) -> Iterator[str]:
    flips = record.flips
    if flips is None:
        return
    partly = f", {flips.always_partly:,} partly right each time" if flips.always_partly else ""
    yield from ("## Epochs", "")
    yield (
        f"{flips.always_right:,} samples were always right, {flips.always_wrong:,} always wrong{partly}, and "
        f"{flips.mixed:,} not the same each time."
    )
    yield ""
    if flips.samples:
        rows = [[_said(each.id), marks(each.values)] for each in flips.samples[:_MOST_FLIPS]]
        yield from (_table(rows, ["sample", "by epoch"]), "")
        if flips.mixed > len(rows):
            yield from (f"{flips.mixed - len(rows):,} more are in `samples.jsonl`.", "")


def _cost(record: RunRecord) -> Iterator[str]:
    usage, latency = record.usage, record.latency
    cost = "" if usage.cost is None else f", {usage.cost:.2f} dollars"
    yield f"Tokens: {usage.prompt_tokens:,} in, {usage.completion_tokens:,} out{cost}."
    if latency is not None:
        p50, p90, p99, most = map(duration, (latency.p50, latency.p90, latency.p99, latency.max))
        yield f"Seconds from question to answer: half within {p50}, 90 % within {p90}, 99 % within {p99}, all {most}."
    yield ""


def _about(record: RunRecord) -> Iterator[str]:
    benchmark, tool = record.benchmark, record.tool
    for target in record.targets:
        server = " ".join(str(target.server[name]) for name in ("title", "version") if name in target.server)
        yield f"- {_said(target.url)}, model {_said(target.model)}" + (f", {_said(server)}" if server else "")
    took = duration((record.ended - record.started).total_seconds())
    yield f"- {record.started:%Y-%m-%d %H:%M:%S %Z}, {took}, run `{record.run}`"
    yield f"- `gateway-harness {_code(' '.join(record.arguments))}`"
    for name, value in list(record.settings.items())[:_MOST_SETTINGS]:
        yield f"- {_said(name)}: {_said(str(value))}"
    for name in ("data_hash", "prompt_hash", "scorer_hash"):
        yield f"- {name.replace('_', ' ')}: `{getattr(benchmark, name)[:16]}`"
    yield f"- openhands-gateway-harness {tool.version}, Python {tool.python}, {tool.platform}"


def _rate(metric: MetricRecord) -> tuple[str, str]:
    return percent(metric.mean), span(metric.interval)


def _table(rows: Sequence[Sequence[object]], heads: list[str]) -> str:
    return table(rows, heads, numbers=False)


def _said(text: str) -> str:
    return plain(cut_line(text, _SENTENCE))


def _code(text: str) -> str:
    return " ".join(text.split())[:_SENTENCE].replace("`", "'")
