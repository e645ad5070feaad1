"""What a comparison of evaluations says, in order of importance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.comparison.record import Measure, Verdict
from harness.evals.report.sentences import duration, percent
from harness.presentation.sections import Item, Section, Tone
from harness.presentation.short_text import first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.evals.comparison.record import Effect, EvaluationComparison, RunSide, Shift, Task


def headline(comparison: EvaluationComparison) -> tuple[str, Tone]:
    """The comparison in one sentence."""
    said, tone = _verdict(comparison)
    if tone is Tone.WORSE or not comparison.incomplete:
        return said, tone
    if comparison.disappeared:
        said += "; but not every benchmark was run again"
    elif not all(task.old.complete and task.new.complete for task in comparison.tasks):
        said += "; but not everything has a score"
    return said, Tone.UNKNOWN


def _verdict(comparison: EvaluationComparison) -> tuple[str, Tone]:
    tasks = comparison.tasks
    worse = [task for task in tasks if task in comparison.worse or task in comparison.dropped]
    better = [task for task in tasks if task.main.verdict is Verdict.BETTER]
    if len(tasks) == 1:
        return _one(tasks[0], comparison)
    if worse:
        return f"worse: {len(worse)} of {len(tasks)} benchmarks fell: {_names(worse)}", Tone.WORSE
    if better:
        return f"better: {len(better)} of {len(tasks)} benchmarks rose, none fell: {_names(better)}", Tone.BETTER
    return f"no difference seen in {len(tasks)} benchmarks", Tone.NEUTRAL


def _one(task: Task, comparison: EvaluationComparison) -> tuple[str, Tone]:
    main = task.main
    if main.difference is None:
        return f"no sample of {task.benchmark} has a score in both runs", Tone.UNKNOWN
    change = f"from {percent(main.old)} to {percent(main.new)}: {points(main.difference)} points"
    change += f" (95 %: {span(main.interval)})" if main.interval else ""
    if main.verdict is Verdict.WORSE:
        return f"worse: {task.benchmark} fell {change}", Tone.WORSE
    if task in comparison.dropped:
        allowed = f"more than the {100 * (comparison.max_drop or 0):g} that are allowed, though it may be chance"
        return f"worse: {task.benchmark} fell {change}, {allowed}", Tone.WORSE
    if main.verdict is Verdict.BETTER:
        return f"better: {task.benchmark} rose {change}", Tone.BETTER
    if main.verdict is Verdict.UNKNOWN:
        return f"too little to tell: {task.benchmark} went {change}", Tone.UNKNOWN
    return f"no difference seen: {task.benchmark} went {change}", Tone.NEUTRAL


def describe(side: RunSide) -> str:
    """One of the two runs in one line."""
    epochs = f" in {side.epochs} epochs" if side.epochs > 1 else ""
    what = f"{', '.join(side.targets)}, model {', '.join(side.models)}"
    scored = f"{side.scored:,} of {side.planned:,} scored{epochs}"
    return f"{what}, {scored}, {side.started:%Y-%m-%d %H:%M:%S %Z}, {side.file}"


def scope(comparison: EvaluationComparison) -> str:
    """How much was compared."""
    samples = sum(task.compared for task in comparison.tasks)
    tests = sum(len(task.effects) - 1 for task in comparison.tasks)
    plural = "s" if len(comparison.tasks) > 1 else ""
    others = f", and {tests} differences more, by scorer and category, whose p allows for so many" if tests else ""
    return f"{samples:,} samples of {len(comparison.tasks)} benchmark{plural} compared{others}"


def notes(comparison: EvaluationComparison) -> Section:
    """What a reader must know about the main differences."""
    said = _items((task, each) for task in comparison.tasks for each in _notes(task))
    return Section("To be read with it", Tone.NEUTRAL, said)


def sections(comparison: EvaluationComparison) -> Iterator[Section]:
    """The sections that are not empty, without the notes and the tables of effects, flips and flakes."""
    tasks = comparison.tasks
    flagged = [(task, shift) for task in tasks for shift in task.shifts if shift.flagged]
    every = (
        Section("Compared nevertheless", Tone.UNKNOWN, _items((task, each) for task in tasks for each in task.forced)),
        Section(
            "More than before", Tone.WORSE, _items((task, _shifted(each)) for task, each in flagged if each.ratio > 1)
        ),
        Section(
            "Less than before", Tone.BETTER, _items((task, _shifted(each)) for task, each in flagged if each.ratio < 1)
        ),
        Section("Only in the old runs", Tone.UNKNOWN, tuple(map(Item, comparison.disappeared))),
        Section("Only in the new runs", Tone.NEUTRAL, tuple(map(Item, comparison.appeared))),
        Section(
            "About the runs",
            Tone.NEUTRAL,
            _items(
                (task, f"{each.name}: {each.old or 'not told'} → {each.new or 'not told'}")
                for task in tasks
                for each in task.about
            ),
        ),
    )
    yield from (section for section in every if section.items)


def _items(said: Iterable[tuple[Task, str]]) -> tuple[Item, ...]:
    return tuple(Item(task.benchmark, text) for task, text in said)


def _notes(task: Task) -> Iterator[str]:
    """Sentences that a reader of the main difference must know."""
    main = task.main
    least = main.minimum_detectable_effect
    if least is not None:
        yield f"this comparison could only have seen {100 * least:.1f} points or more, in four of five cases"
    elif main.difference is not None:
        yield "this comparison is too small to see any difference"
    if main.low_bound != main.high_bound:
        reach = f"anything from {points(main.low_bound)} to {points(main.high_bound)} points"
        left_out = f"{main.left_out:,} of {task.compared:,} samples are left out for it"
        yield f"what has no score could make the difference {reach}; {left_out}"
    if main.n_clusters < main.n_pairs:
        yield f"the {main.n_pairs:,} samples are {main.n_clusters:,} clusters, and no more certain than so many"
    if task.left_out:
        yield f"{task.left_out:,} samples are in one of the runs only, and are not compared"
    if task.asked_otherwise:
        yield f"{task.asked_otherwise:,} samples of the same id are asked in other words, or have another right answer"
    if task.flips:
        broke = sum(each.broke for each in task.flips)
        yield f"{broke:,} samples broke, {len(task.flips) - broke:,} were fixed"
    if task.flakes:
        yield f"{len(task.flakes):,} samples come out one way or the other within a run"


def _shifted(shift: Shift) -> str:
    """A shift in words."""
    return (
        f"{shift.measure} {amount(shift, shift.old)} → {amount(shift, shift.new)}, {shift.ratio:.2f} times "
        f"({shift.low:.2f} to {shift.high:.2f}; {shift.pairs:,} samples)"
    )


def amount(shift: Shift, value: float) -> str:
    """A median in the unit of the shift's measure."""
    if shift.measure is Measure.SECONDS:
        return duration(value)
    return f"{value:.4f}" if shift.measure is Measure.DOLLARS else f"{value:,.0f}"


def points(difference: float | None) -> str:
    """A difference of shares in percentage points, such as `-7.0`."""
    return "unknown" if difference is None else f"{100 * difference:+.1f}"


def span(interval: tuple[float, float] | None) -> str:
    """An interval of differences in percentage points."""
    return "unknown" if interval is None else f"{points(interval[0])} to {points(interval[1])}"


def chance(p_value: float | None) -> str:
    """A p-value as text."""
    return "unknown" if p_value is None else "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


P_VALUES = (
    "p is adjusted for the number of looks (Benjamini-Hochberg): the main scores of all benchmarks together, "
    "and everything else together."
)

EFFECT_HEADS = ("benchmark", "scorer", "category", "old", "new", "points", "95 % interval", "p", "pairs", "verdict")


def effect_row(task: Task, effect: Effect) -> list[str]:
    """A row of the table of effects."""
    return [
        task.benchmark,
        effect.scorer,
        "all" if effect.category is None else effect.category,
        percent(effect.old),
        percent(effect.new),
        points(effect.difference),
        span(effect.interval),
        chance(effect.p_adjusted),
        f"{effect.n_pairs:,}",
        effect.verdict,
    ]


def _names(tasks: list[Task]) -> str:
    return first([task.benchmark for task in tasks])
