"""The samples on the page: which are shown, and how."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evals.report.sentences import duration
from harness.evals.results.record import read_samples
from harness.evals.results.trajectory import read_steps
from harness.json_value import cut
from harness.presentation.filters import chip, choice, form, script
from harness.presentation.markup import Markup, definitions, join, tag
from harness.presentation.states import badge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.evals.results.record import RunRecord, SampleRecord

MOST = 500
"""The most samples on the page."""
_ROOM = 2_000_000
"""The most characters of their texts; beyond that, samples are shown without texts."""
_MOST_STEPS, _STEP = 40, 1_500
"""The most steps of a trajectory, and characters of a step."""

_WORST_FIRST = ("error", "wrong", "partly", "right")

FILTER = script(".sample", "samples")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The samples that the page shows.

    Attributes:
        samples: in the order of the benchmark.
        total: how many samples the run has.
        full: conversation ids of the samples whose texts fit.
        trajectories: an agent's steps, by conversation id.
    """

    samples: Sequence[SampleRecord]
    total: int
    full: frozenset[str]
    trajectories: Mapping[str, Sequence[tuple[str, str]]]


def choose(folder: Path, record: RunRecord) -> Chosen:
    """Choose the samples of a run that the page shows: errors first, then wrong ones, then the others.

    Raises:
        RecordError: `samples.jsonl` or a trajectory can't be read.
    """
    total, scorer = 0, record.main.scorer

    def counted() -> Iterator[SampleRecord]:
        nonlocal total
        for each in read_samples(folder):
            total += 1
            yield each

    def badness(each: SampleRecord) -> tuple[int, int, int]:
        return _WORST_FIRST.index(each.state(scorer)), each.index, each.epoch

    worst = heapq.nsmallest(MOST, counted(), key=badness)
    room, full, trajectories = _ROOM, set(), {}
    for each in worst:
        shown = read_steps(folder / each.trajectory)[:_MOST_STEPS] if each.trajectory else []
        room -= len(each.question) + len(each.answer) + sum(min(_STEP, len(text)) for _, text in shown)
        if room > 0:
            full.add(each.conversation)
            if shown:
                trajectories[each.conversation] = shown
    in_order = sorted(worst, key=lambda each: (each.index, each.epoch))
    return Chosen(in_order, total, frozenset(full), trajectories)


def filters(samples: Sequence[SampleRecord], record: RunRecord) -> Markup:
    """The filter form, shown by the script."""
    states: Counter[str] = Counter(each.state(record.main.scorer) for each in samples)
    chips = [chip("state", state, join(badge(state), f" {states[state]}")) for state in _WORST_FIRST if states[state]]
    categories = sorted({each.category for each in samples if each.category})
    return form(
        "samples",
        "id, question, answer, error",
        choice("Category", "category", "all categories", categories) if categories else "",
        tag("fieldset", tag("legend", "State"), *chips),
        tag("p", tag("output", "", name="count"), " ", tag("button", "show all", type="reset")),
    )


def sample(record: SampleRecord, run: RunRecord, chosen: Chosen) -> Markup:
    """A collapsed sample; its anchor is `#INDEX.EPOCH`."""
    state = record.state(run.main.scorer)
    epoch = f", epoch {record.epoch}" if run.benchmark.epochs > 1 else ""
    address = f"{record.index}.{record.epoch}"
    return tag(
        "details",
        tag("summary", badge(state), " ", tag("code", record.id), f"{epoch} ",
            tag("span", cut(record.question, 120), class_="text")),
        *(_details(record, chosen.trajectories.get(record.conversation, ()))
          if record.conversation in chosen.full
          else [tag("p", "Its texts are left out, to keep the page small; samples.jsonl has them.", class_="note")]),
        tag("p", tag("a", "link to this sample", href=f"#{address}"), class_="note"),
        id=address,
        class_="sample",
        data_state=state,
        data_category=record.category or "",
    )  # fmt: skip


def _details(record: SampleRecord, trajectory: Sequence[tuple[str, str]]) -> Iterator[Markup]:
    if record.failure is not None:
        yield tag("p", tag("strong", f"{record.failure.kind}: "), record.failure.message)
    if record.turns > 1:
        yield tag("p", f"The last of {record.turns} turns:", class_="note")
    yield from (tag("h5", "Question"), tag("pre", record.question))
    if record.target:
        yield from (tag("h5", "Right is"), *(tag("pre", each) for each in record.target))
    yield from (tag("h5", "Answer"), tag("pre", record.answer or "none"))
    if record.scores:
        yield tag("h5", "Scores")
        yield tag("ul", *(tag("li", *_score(record, scorer, value)) for scorer, value in record.scores.items()))
    if trajectory:
        listed = [tag("li", tag("strong", who), tag("pre", _cut(text))) for who, text in trajectory]
        yield tag("details", tag("summary", f"What the agent did: {len(listed)} steps"), tag("ol", *listed))
    facts = {
        "took": duration(record.seconds),
        "tokens": _usage(record),
        "conversation": record.conversation,
        "server": record.server,
        "requests": f"{record.sends}{', the answer was adopted' if record.adopted else ''}",
        "category": record.category,
        "cluster": record.cluster,
        "events": record.trajectory,
    }
    yield definitions({name: value for name, value in facts.items() if value})


def _score(record: SampleRecord, scorer: str, value: float) -> Iterator[str]:
    yield f"{scorer}: {value:g}"
    if (found := record.extracted.get(scorer)) is not None:
        yield from (", took ", tag("code", found), " for the answer")
    if why := record.explanation.get(scorer):
        yield f": {why}"


def _usage(record: SampleRecord) -> str:
    usage = record.usage
    if usage is None:
        return "not known"
    cost = "" if usage.cost is None else f", {usage.cost:.4f} dollars"
    return f"{usage.prompt_tokens:,} read, {usage.completion_tokens:,} written{cost}"


def _cut(text: str) -> str:
    return cut(text, _STEP, f"\n… ({len(text):,} characters in all)")
