"""Compares evaluation runs: whether they are comparable, what changed, and whether it may be chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness.evals.comparison.flips import flakes, flips, transitions
from harness.evals.comparison.record import Effect, EvaluationComparison, RunSide, Task, Verdict
from harness.evals.comparison.runs import find_runs, read, score
from harness.evals.comparison.shifts import shifts
from harness.evals.statistics.multiplicity import adjusted
from harness.evals.statistics.paired import PairedDifference, paired_difference
from harness.records import NOISE, IncomparableError, differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.evals.comparison.runs import Run

_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two runs of one benchmark, and the samples that are compared."""

    old: Run
    new: Run
    reasons: tuple[str, ...]
    samples: tuple[str, ...]

    @property
    def scorers(self) -> list[str]:
        """The scorers of both runs, the main one first."""
        return [name for name in self.new.record.benchmark.scorers if name in self.old.record.benchmark.scorers]


def compare(
    old: Path, new: Path, *, latency_threshold: float, max_drop: float | None = None, force: bool = False
) -> EvaluationComparison:
    """Compare evaluation runs.

    Args:
        old: folder of the earlier run, or of several runs of different benchmarks.
        new: likewise, for the later runs.
        latency_threshold: see `shifts`.
        max_drop: the largest allowed drop of the main score, a share such as 0.05.
        force: compare the samples that the runs have in common even if they were asked or scored differently.

    Raises:
        RecordError: a run can't be read.
        IncomparableError: the runs differ in more than the target and `force` is false, or they share no sample.
    """
    before, after = find_runs(old), find_runs(new)
    shared = [name for name in before if name in after]
    if len(before) == len(after) == 1:
        pairs = [_pair(read(*before.values()), read(*after.values()))]
        shared = [*before, *after]
    else:
        pairs = [_pair(read(before[name]), read(after[name])) for name in shared]
    reasons = [f"{pair.old.record.benchmark.name}: {reason}" for pair in pairs for reason in pair.reasons]
    nothing = not any(pair.samples and pair.scorers for pair in pairs)
    if nothing or (reasons and not force):
        raise IncomparableError(reasons or ["no benchmark is in both"], nothing_shared=nothing)
    pairs = [pair for pair in pairs if pair.samples and pair.scorers]
    return EvaluationComparison(
        latency_threshold=latency_threshold,
        max_drop=max_drop,
        tasks=tuple(_tasks(pairs, latency_threshold)),
        disappeared=tuple(name for name in before if name not in shared),
        appeared=tuple(name for name in after if name not in shared),
    )


def _pair(old: Run, new: Run) -> _Pair:
    """Pair the samples of either run, since an unfinished one lacks some; of both runs only, if these differ anyway."""
    reasons = tuple(_reasons(old, new))
    either = dict.fromkeys((*old.rows, *new.rows))
    both = (name for name in old.rows if name in new.rows)
    return _Pair(old, new, reasons, tuple(both if reasons else either))


def _reasons(old: Run, new: Run) -> Iterator[str]:
    """Why a change would say nothing about the target: differences that two comparable runs don't have."""
    before, after = old.record.benchmark, new.record.benchmark
    if before.name != after.name:
        yield f"the new run is of another benchmark, {after.name}"
    if before.data_hash != after.data_hash:
        yield "the data changed (data_hash): ask both targets the same"
    if before.prompt_hash != after.prompt_hash:
        yield "the prompts changed (prompt_hash): ask both targets in the same words"
    if before.scorer_hash != after.scorer_hash:
        yield "the scorers changed (scorer_hash): `gateway-harness score` scores a run again, and asks nothing"
    if (before.samples, before.shard) != (after.samples, after.shard):
        told = (f"{each.samples} samples" + (f", shard {each.shard}" if each.shard else "") for each in (before, after))
        yield f"not the same samples were asked ({', now '.join(told)}): give both the same --limit and --shard"


@dataclass(frozen=True, slots=True)
class _Test:
    """One difference to test."""

    scorer: str
    category: str | None
    samples: int
    found: PairedDifference


def _tasks(pairs: Sequence[_Pair], threshold: float) -> Iterator[Task]:
    """Each benchmark. Tests besides the main scores are adjusted together, so that many looks find no more."""
    tests = [list(_tests(pair)) for pair in pairs]
    mains = adjusted([main.found.p_value for main, *_ in tests])
    rest = iter(adjusted([each.found.p_value for _, *others in tests for each in others]))
    for pair, (main, *others), p_value in zip(pairs, tests, mains, strict=True):
        effects = (_effect(main, p_value), *(_effect(each, next(rest)) for each in others))
        yield _task(pair, effects, threshold)


def _tests(pair: _Pair) -> Iterator[_Test]:
    """For every scorer: all samples, then each category if there are several."""
    old, new = pair.old, pair.new
    categories: dict[str, list[str]] = {}
    for name in pair.samples:
        if category := new.categories.get(name) or old.categories.get(name):
            categories.setdefault(category, []).append(name)
    groups = sorted(categories.items()) if len(categories) > 1 else []
    for scorer in pair.scorers:
        for category, samples in ((None, list(pair.samples)), *groups):
            before, after = (run.values(score(scorer), samples) for run in (old, new))
            clusters = [new.clusters.get(name) or old.clusters.get(name) for name in samples]
            yield _Test(scorer, category, len(samples), paired_difference(before, after, clusters))


def _effect(test: _Test, p_adjusted: float | None) -> Effect:
    found = test.found
    if found.difference is None or found.interval is None or p_adjusted is None:
        verdict = Verdict.UNKNOWN
    elif found.is_certain and p_adjusted < _LEVEL:
        verdict = Verdict.WORSE if found.difference < 0 else Verdict.BETTER
    else:
        verdict = Verdict.NONE
    return Effect(
        scorer=test.scorer,
        category=test.category,
        left_out=test.samples - found.n_pairs,
        p_adjusted=p_adjusted,
        verdict=verdict,
        **asdict(found),
    )


def _task(pair: _Pair, effects: tuple[Effect, ...], threshold: float) -> Task:
    old, new, samples = pair.old, pair.new, pair.samples
    main = effects[0].scorer
    return Task(
        benchmark=new.record.benchmark.name,
        old=_side(old),
        new=_side(new),
        forced=pair.reasons,
        compared=len(samples),
        left_out=len({*old.rows, *new.rows}) - len(samples),
        asked_otherwise=sum(old.questions[name] != new.questions[name] for name in old.rows.keys() & new.rows.keys()),
        effects=effects,
        transitions=tuple(transitions(*(run.values(score(main), samples) for run in (old, new)))),
        flips=tuple(flips(old, new, samples, main)),
        flakes=tuple(flakes(old, new, samples, main)),
        shifts=tuple(shifts(old, new, samples, threshold)),
        about=tuple(differences(_facts(old), _facts(new))),
    )


def _side(run: Run) -> RunSide:
    record = run.record
    return RunSide(
        file=str(run.folder),
        run=record.run,
        started=record.started,
        targets=tuple(each.argument for each in record.targets),
        models=tuple(dict.fromkeys(each.model for each in record.targets)),
        epochs=record.benchmark.epochs,
        planned=record.counts.planned,
        scored=record.counts.scored,
        complete=record.is_complete,
    )


def _facts(run: Run) -> dict[str, str]:
    """What a run says about the target and itself; a pool's servers one after the other."""
    record = run.record
    facts: dict[str, list[str]] = {}
    for target in record.targets:
        server = {f"server {name}": str(value) for name, value in target.server.items() if name not in NOISE}
        packages = {f"package {name}": version for name, version in target.packages.items()}
        for name, value in {"target": target.argument, "model": target.model, **server, **packages}.items():
            facts.setdefault(name, []).append(value)
    return {
        **{name: ", ".join(dict.fromkeys(values)) for name, values in facts.items()},
        "harness": record.tool.version,
        "Python": record.tool.python,
        "platform": record.tool.platform,
        "arguments": " ".join(record.arguments) or "none",
        "epochs": str(record.benchmark.epochs),
        **{f"setting {name}": str(value) for name, value in record.settings.items()},
        "ended early": record.ended_early or "no",
    }
