"""Adds up samples one at a time; numbers are kept in arrays, so that 100,000 samples take a few megabytes."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from typing import TYPE_CHECKING, TypedDict

from harness.evals.outcome import FailureKind
from harness.evals.results.record import (
    CategoryRecord,
    CountsRecord,
    DistributionRecord,
    FlipRecord,
    FlipsRecord,
    LatencyRecord,
    MetricRecord,
    UsageRecord,
    grade,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from harness.evals.results.record import SampleRecord
    from harness.evals.statistics.summary import Summary

_MOST_FLIPS = 100
_BINS = 24


class _Codes:
    """Numbers names in the order of their first appearance; None is -1."""

    def __init__(self) -> None:
        self.of_each = array("q")
        self.names: dict[str, int] = {}

    def append(self, name: str | None) -> None:
        self.of_each.append(-1 if name is None else self.names.setdefault(name, len(self.names)))


class Numbers(TypedDict):
    """The part of a run record that is counted; see there."""

    counts: CountsRecord
    metrics: tuple[MetricRecord, ...]
    latency: LatencyRecord | None
    usage: UsageRecord
    categories: tuple[CategoryRecord, ...]
    flips: FlipsRecord | None


class Totals:
    """Computes the numbers of a run.

    Args:
        scorers: names, the main one first.
        epochs: how often each sample was to be asked.
    """

    def __init__(self, scorers: Sequence[str], epochs: int) -> None:
        self._scorers, self._epochs = tuple(scorers), epochs
        self._values = {name: array("d") for name in self._scorers}  # sample by sample, in each by epoch; NaN: no score
        self._categories, self._clusters = _Codes(), _Codes()
        self._seconds, self._prompt, self._completion = array("d"), array("d"), array("d")
        self._counts: Counter[str] = Counter()
        self._failed: Counter[FailureKind] = Counter()
        self._taken, self._costs, self._cost = 0, 0, 0.0
        self._flips: Counter[str] = Counter()
        self._mixed: list[FlipRecord] = []

    def add(self, name: str, category: str | None, cluster: str | None, epochs: Sequence[SampleRecord | None]) -> None:
        """Add a sample.

        Args:
            name: its id.
            category: its group.
            cluster: the group of samples that it depends on.
            epochs: its record in each epoch; None: not asked yet.
        """
        self._categories.append(category)
        self._clusters.append(cluster)
        for scorer, values in self._values.items():
            values.extend(math.nan if record is None else record.scores.get(scorer, math.nan) for record in epochs)
        main = [None if record is None else record.scores.get(self._scorers[0]) for record in epochs]
        known = [value for value in main if value is not None]
        self._counts.update(map(grade, known))
        if len(known) > 1:
            agreement = f"always {grade(known[0])}" if len(set(known)) == 1 else "mixed"
            self._flips[agreement] += 1
            if agreement == "mixed" and len(self._mixed) < _MOST_FLIPS:
                self._mixed.append(FlipRecord(id=name, values=tuple(main)))
        for record in epochs:
            self._take(record)

    def _take(self, record: SampleRecord | None) -> None:
        if record is None:
            self._counts["pending"] += 1
            return
        self._taken += 1
        failure, usage = record.failure, record.usage
        if failure is not None:
            self._failed[failure.kind] += 1
        if failure is None or failure.kind is FailureKind.SCORER:
            self._counts["answered"] += 1
            self._seconds.append(record.seconds)
        if failure is None:
            self._counts["scored" if record.scores else "pending"] += 1
        self._counts["adopted"] += record.adopted
        self._counts["sent again"] += record.sends > record.turns
        if usage is not None:
            self._prompt.append(usage.prompt_tokens)
            self._completion.append(usage.completion_tokens)
            if usage.cost is not None:
                self._costs += 1
                self._cost += usage.cost

    def numbers(self) -> Numbers:
        """The numbers for the run record."""
        return {
            "counts": self._all_counts(),
            "metrics": self._metrics(slice(None)),
            "latency": self._latency(),
            "usage": self._usage(),
            "categories": self._by_category(),
            "flips": self._agreement(),
        }

    def _all_counts(self) -> CountsRecord:
        return CountsRecord(
            planned=len(self._categories.of_each) * self._epochs,
            answered=self._counts["answered"],
            scored=self._counts["scored"],
            right=self._counts["right"],
            partly=self._counts["partly"],
            wrong=self._counts["wrong"],
            failed={kind: self._failed[kind] for kind in FailureKind if self._failed[kind]},
            pending=self._counts["pending"],
            adopted=self._counts["adopted"],
            sent_again=self._counts["sent again"],
        )

    def _by_category(self) -> tuple[CategoryRecord, ...]:
        import numpy as np

        if not self._categories.names:
            return ()
        codes = np.frombuffer(self._categories.of_each, dtype=np.int64)
        order = np.argsort(codes, kind="stable")
        names: dict[int, str | None] = {-1: None} | {code: name for name, code in self._categories.names.items()}
        starts = np.flatnonzero(np.diff(codes[order], prepend=-2))
        made = [
            CategoryRecord(
                category=names[int(codes[rows[0]])], planned=len(rows) * self._epochs, metrics=self._metrics(rows)
            )
            for rows in np.split(order, starts[1:])
        ]
        return tuple(sorted(made, key=lambda each: (each.category is None, each.category)))

    def _metrics(self, rows: slice | NDArray[np.intp]) -> tuple[MetricRecord, ...]:
        import numpy as np

        from harness.evals.statistics.summary import summarise

        clusters = np.frombuffer(self._clusters.of_each, dtype=np.int64)[rows].tolist()
        named = [None if code < 0 else code for code in clusters]
        made = []
        for scorer, values in self._values.items():
            matrix = np.frombuffer(values, dtype=np.float64).reshape(-1, self._epochs)[rows]
            made.append(_metric(scorer, summarise(matrix, named)))
        return tuple(made)

    def _latency(self) -> LatencyRecord | None:
        import numpy as np

        if not self._seconds:
            return None
        seconds = np.frombuffer(self._seconds, dtype=np.float64)
        p50, p90, p99 = np.quantile(seconds, (0.5, 0.9, 0.99), method="higher").tolist()
        return LatencyRecord(
            p50=round(p50, 3),
            p90=round(p90, 3),
            p99=round(p99, 3),
            max=round(float(seconds.max()), 3),
            mean=round(float(seconds.mean()), 3),
            distribution=_distribution(seconds, least=0.001),
        )

    def _usage(self) -> UsageRecord:
        import numpy as np

        prompt = np.frombuffer(self._prompt, dtype=np.float64)
        completion = np.frombuffer(self._completion, dtype=np.float64)
        return UsageRecord(
            prompt_tokens=int(prompt.sum()),
            completion_tokens=int(completion.sum()),
            cost=round(self._cost, 6) if self._costs else None,
            samples_without=self._taken - len(prompt),
            samples_without_cost=self._taken - self._costs,
            prompt=_distribution(prompt, least=1) if len(prompt) else None,
            completion=_distribution(completion, least=1) if len(completion) else None,
        )

    def _agreement(self) -> FlipsRecord | None:
        if self._epochs == 1:
            return None
        return FlipsRecord(
            always_right=self._flips["always right"],
            always_wrong=self._flips["always wrong"],
            always_partly=self._flips["always partly"],
            mixed=self._flips["mixed"],
            samples=tuple(self._mixed),
        )


def _metric(scorer: str, summary: Summary) -> MetricRecord:
    return MetricRecord(
        scorer=scorer,
        n_samples=summary.n_samples,
        n_clusters=summary.n_clusters,
        mean=_rounded(summary.mean),
        standard_error=_rounded(summary.standard_error),
        interval=summary.interval and (round(summary.interval[0], 6), round(summary.interval[1], 6)),
        method=summary.method,
        low_bound=_rounded(summary.low_bound),
        high_bound=_rounded(summary.high_bound),
        pass_at={k: round(value, 6) for k, value in summary.pass_at.items()},
        pass_hat={k: round(value, 6) for k, value in summary.pass_hat.items()},
        minimum_detectable_effect=_rounded(summary.minimum_detectable_effect),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _distribution(values: NDArray[np.float64], *, least: float) -> DistributionRecord:
    """A histogram with edges in equal ratios, which suits times and tokens; values below `least` count as `least`."""
    import numpy as np

    clipped = np.maximum(values, least)
    low, high = float(clipped.min()), float(clipped.max())
    if high < 2 * low:  # hardly a spread: centre the one bar
        low, high = low / math.sqrt(2), high * math.sqrt(2)
    edges = np.geomspace(low, high, _BINS + 1)
    counts, _ = np.histogram(clipped, edges)
    return DistributionRecord(edges=tuple(float(f"{edge:.6g}") for edge in edges), counts=tuple(counts.tolist()))
