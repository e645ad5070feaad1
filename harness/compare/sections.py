"""What a comparison says, in order of importance; each writer formats it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compare.record import Change, Kind
from harness.presentation.sections import Item, Section, Tone
from harness.presentation.short_text import duration
from harness.scenarios.model import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.compare.record import BehaviourChange, Comparison, LatencyShift, ScenarioChange


_TONES = {
    Change.VIOLATED: Tone.WORSE,
    Change.UNASSESSED: Tone.UNKNOWN,
    Change.OTHER: Tone.NEUTRAL,
    Change.ASSESSED: Tone.BETTER,
    Change.FIXED: Tone.BETTER,
}


def headline(comparison: Comparison) -> tuple[str, Tone]:
    """The comparison in one sentence."""
    if worse := comparison.regressions:
        said = {
            Kind.MUST: "a MUST is newly violated",
            Kind.SHOULD: "a SHOULD is newly violated",
            Kind.BEHAVIOUR: "behaviour changed",
            Kind.LATENCY: "calls take longer",
        }
        only_different = worse == {Kind.BEHAVIOUR}
        start = "different" if only_different else "worse"
        return f"{start}: {', '.join(said[kind] for kind in Kind if kind in worse)}", (
            Tone.NEUTRAL if only_different else Tone.WORSE
        )
    if comparison.lost_sight:
        return "no regression was seen, but a MUST is no longer assessed", Tone.UNKNOWN
    if any(each.change is Change.FIXED for each in comparison.scenarios):
        return "better, and nothing is worse", Tone.BETTER
    return "no regression", Tone.BETTER


def scope(comparison: Comparison) -> str:
    """How much was compared."""
    return (
        f"{comparison.compared} scenarios and {comparison.requirements_compared} requirements compared, "
        f"{len(comparison.scenarios)} scenarios changed their verdict"
    )


def sections(comparison: Comparison) -> Iterator[Section]:
    """The sections that are not empty."""
    every = (
        Section("Compared nevertheless", Tone.UNKNOWN, tuple(map(Item, comparison.forced))),
        _changes(comparison, Change.VIOLATED),
        _changes(comparison, Change.UNASSESSED),
        Section("Changed behaviour, same verdict", Tone.NEUTRAL, tuple(_behaviour(comparison.behaviour))),
        Section(
            "Slower", Tone.WORSE, tuple(_item(each) for each in comparison.latency if each.flagged and each.ratio > 1)
        ),
        _changes(comparison, Change.FIXED),
        _changes(comparison, Change.ASSESSED),
        Section(
            "Faster", Tone.BETTER, tuple(_item(each) for each in comparison.latency if each.flagged and each.ratio < 1)
        ),
        _changes(comparison, Change.OTHER),
        Section("Still violated", Tone.NEUTRAL, tuple(map(Item, comparison.still_violated))),
        Section("Only in the new run", Tone.NEUTRAL, tuple(map(Item, comparison.appeared))),
        Section("Only in the old run", Tone.NEUTRAL, tuple(map(Item, comparison.disappeared))),
        Section("Defined anew, so not compared", Tone.NEUTRAL, tuple(map(Item, comparison.redefined))),
        Section(
            "About the runs",
            Tone.NEUTRAL,
            tuple(Item(each.name, f"{each.old or 'not told'} → {each.new or 'not told'}") for each in comparison.about),
        ),
    )
    yield from (section for section in every if section.items)


def _changes(comparison: Comparison, change: Change) -> Section:
    """Changes by requirement, including scenarios whose change leaves the requirement's state as it was."""
    requirements = {each.id: each for each in comparison.requirements}
    scenarios: dict[str, list[ScenarioChange]] = {}
    for each in comparison.scenarios:
        if each.change is change:
            scenarios.setdefault(each.requirement, []).append(each)
    items = []
    for name, changed in sorted(scenarios.items(), key=lambda item: list(Level).index(item[1][0].level)):
        whole = requirements.get(name)
        text = whole.text if whole else "the requirement as a whole is what it was"
        details = tuple(f"{each.id}: {each.old} → {each.new}{_because(each)}" for each in changed)
        items.append(Item(f"{name} ({changed[0].level})", text, details))
    return Section(change.capitalize(), _TONES[change], tuple(items))


def _because(change: ScenarioChange) -> str:
    return f"; {change.reason}" if change.reason else ""


def _behaviour(changes: Sequence[BehaviourChange]) -> Iterator[Item]:
    """Groups steps that changed in the same way: one new header changes every answer."""
    alike: dict[tuple[str, tuple[str, ...]], list[BehaviourChange]] = {}
    for each in changes:
        alike.setdefault((each.call, each.differences), []).append(each)
    for (call, differences), same in alike.items():
        first = same[0]
        where = f"{first.scenario}, step {first.step}"
        if others := len(same) - 1:
            where += f", and {others} other step{'s' if others > 1 else ''}"
        yield Item(call, where, differences)


def _item(shift: LatencyShift) -> Item:
    return Item(
        shift.call,
        f"{duration(shift.old)} → {duration(shift.new)}, {shift.ratio:.2f} times "
        f"({shift.low:.2f} to {shift.high:.2f}; {shift.pairs} pairs)",
    )
