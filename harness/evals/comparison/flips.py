"""Sample by sample: what broke, what was fixed, and what varies by chance."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from harness.evals.comparison.record import Answer, Flake, Flip, State, Transition
from harness.evals.comparison.runs import score
from harness.evals.results.record import grade, read_samples
from harness.evals.statistics.summary import sample_means

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from harness.evals.comparison.runs import Run
    from harness.evals.results.record import SampleRecord

_RIGHT = 0.5


def transitions(old: NDArray[np.float64], new: NDArray[np.float64]) -> Iterator[Transition]:
    """How many samples went from each state to each other.

    Args:
        old: [samples, epochs], NaN where there is no score.
        new: the same samples.
    """
    counts = Counter(zip(map(_state, sample_means(old)), map(_state, sample_means(new)), strict=True))
    for before in State:
        for after in State:
            if samples := counts[before, after]:
                yield Transition(old=before, new=after, samples=samples)


def _state(mean: float) -> State:
    return State(grade(None if np.isnan(mean) else mean))


def flakes(old: Run, new: Run, samples: Sequence[str], scorer: str) -> Iterator[Flake]:
    """The samples on which a run's epochs disagree."""
    before, after = (run.values(score(scorer), samples) for run in (old, new))
    mixed = [_spread(values) > 0 for values in (before, after)]
    for row in np.flatnonzero(mixed[0] | mixed[1]).tolist():
        yield Flake(
            id=samples[row],
            category=_category(old, new, samples[row]),
            old=tuple(None if np.isnan(value) else float(value) for value in before[row]),
            new=tuple(None if np.isnan(value) else float(value) for value in after[row]),
        )


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    highest = np.nan_to_num(values, nan=-np.inf).max(axis=1)
    return highest - np.nan_to_num(values, nan=np.inf).min(axis=1)


def flips(old: Run, new: Run, samples: Sequence[str], scorer: str) -> Iterator[Flip]:
    """The samples that are right in one run only; those that broke come first."""
    before, after = (sample_means(run.values(score(scorer), samples)) for run in (old, new))
    broke = np.flatnonzero((before >= _RIGHT) & (after < _RIGHT))
    fixed = np.flatnonzero((before < _RIGHT) & (after >= _RIGHT))
    chosen = [*broke.tolist(), *fixed.tolist()]
    if not chosen:
        return
    was = _telling(old, {samples[row]: float(before[row]) for row in chosen}, scorer)
    now = _telling(new, {samples[row]: float(after[row]) for row in chosen}, scorer)
    for row in chosen:
        name = samples[row]
        yield Flip(
            id=name,
            category=_category(old, new, name),
            question=now[name].question,
            target=now[name].target,
            old=_answer(was[name], scorer, float(before[row])),
            new=_answer(now[name], scorer, float(after[row])),
        )


def _telling(run: Run, means: Mapping[str, float], scorer: str) -> dict[str, SampleRecord]:
    """Each sample's best epoch if the sample is right, else its worst; the first of equals."""
    found: dict[str, SampleRecord] = {}
    for each in read_samples(run.folder):
        if each.id in means and scorer in each.scores:
            sign = 1 if means[each.id] >= _RIGHT else -1
            if each.id not in found or sign * each.scores[scorer] > sign * found[each.id].scores[scorer]:
                found[each.id] = each
    return found


def _answer(sample: SampleRecord, scorer: str, mean: float) -> Answer:
    return Answer(
        mean=mean,
        epoch=sample.epoch,
        answer=sample.answer,
        extracted=sample.extracted.get(scorer),
        explanation=sample.explanation.get(scorer),
        conversation=sample.conversation,
    )


def _category(old: Run, new: Run, sample: str) -> str | None:
    return new.categories.get(sample) or old.categories.get(sample)
