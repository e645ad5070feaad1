"""The statistics of one run's scores, checked against statsmodels, scipy and counting."""

from __future__ import annotations

import dataclasses
import json
import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy", reason="statistics need numpy, of the extra [eval]")

from harness.evals.statistics.interval import cluster_numbers, standard_error, student, wilson  # noqa: E402
from harness.evals.statistics.passes import passes  # noqa: E402
from harness.evals.statistics.summary import summarise  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

NAN = math.nan

SCORES = st.lists(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, NAN]), min_size=3, max_size=3), min_size=1, max_size=12
)  # fmt: skip


def summary_of(rows: Sequence[Sequence[float]], clusters: Sequence[str | None] | None = None) -> Any:
    """A Summary, of which each test knows what it can say."""
    return summarise(np.array(rows, dtype=float).reshape(len(rows), -1), clusters or [None] * len(rows))


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 10), (81, 164), (999, 1000)])
def test_wilson_agrees_with_statsmodels(right: int, count: int) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    assert wilson(right, count) == pytest.approx(
        proportion.proportion_confint(right, count, method="wilson"), abs=1e-12
    )


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 49, 10_000])
@pytest.mark.parametrize("probability", [0.8, 0.975])
def test_students_quantiles_agree_with_scipy(freedom: int, probability: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert student(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=0.00125)


def test_infinitely_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert student(0.975, math.inf) == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize("groups", [2, 5, 40])
def test_the_clustered_error_agrees_with_ols_in_statsmodels(groups: int) -> None:
    models = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(groups)
    clusters = np.concatenate([np.arange(groups), random.integers(0, groups, 80)])
    values = random.random(len(clusters)) + random.normal(0, 1, groups)[clusters]
    fitted = models.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    assert standard_error(values, clusters) == pytest.approx(fitted.bse[0], rel=1e-12)


def test_without_clusters_the_error_is_the_usual_one() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(0).random((50, 3))
    summary = summarise(values, [None] * 50)
    assert summary.standard_error == pytest.approx(stats.sem(values.mean(axis=1)), rel=1e-12)
    assert summary.method == "clt"
    assert summary.interval == pytest.approx(
        stats.t.interval(0.95, 49, values.mean(), stats.sem(values.mean(axis=1))), rel=1e-6
    )


def test_clusters_are_told_by_name_and_no_name_is_no_cluster() -> None:
    assert cluster_numbers(["a", None, "b", "a", None, (1,)]).tolist() == [0, 1, 2, 0, 3, 4]


def test_epochs_of_a_sample_are_one_observation() -> None:
    summary = summary_of([[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]])
    assert (summary.mean, summary.n_samples) == (0.5, 3)
    assert summary.standard_error == pytest.approx(0.5 / math.sqrt(3))


def test_a_sample_counts_once_however_many_of_its_epochs_have_a_score() -> None:
    assert summary_of([[1, NAN, NAN], [0, 0, 0]]).mean == 0.5


def test_samples_of_one_cluster_tell_less_than_independent_ones() -> None:
    rows = [[1.0]] * 10 + [[0.0]] * 10
    together = summary_of(rows, [f"text {number // 5}" for number in range(20)])
    assert (together.method, together.n_clusters) == ("clustered", 4)
    alone = summary_of(rows)
    assert (alone.method, alone.n_clusters) == ("wilson", 20)
    assert together.standard_error > 2 * alone.standard_error


def test_what_has_no_score_is_left_out_of_the_mean_and_shown_by_the_bounds() -> None:
    summary = summary_of([[1], [1], [0], [NAN]])
    assert summary.mean == pytest.approx(2 / 3)
    assert (summary.low_bound, summary.high_bound) == (0.5, 0.75)


@pytest.mark.parametrize(
    ("rows", "clusters", "method", "interval"),
    [
        ([[1]] * 4, None, "wilson", (0.510, 1.0)),
        ([[0]] * 4, None, "wilson", (0.0, 0.490)),
        ([[1, 1]] * 4, None, "wilson", (0.510, 1.0)),
        ([[1]] * 4, ["a", "a", "b", "b"], "wilson", (0.342, 1.0)),
        ([[1]], None, "wilson", (0.207, 1.0)),
        ([[1], [0]], ["a", "a"], None, None),
        ([[0.5]], None, None, None),
        ([[1, 0]], None, None, None),
        ([[NAN], [NAN]], None, None, None),
    ],
)
def test_an_interval_is_wide_or_missing_where_little_is_known(
    rows: list[list[float]], clusters: list[str] | None, method: str | None, interval: tuple[float, float] | None
) -> None:
    summary = summary_of(rows, clusters)
    assert summary.method == method
    assert summary.interval == (interval and pytest.approx(interval, abs=0.001))


@pytest.mark.parametrize("shape", [(0, 1), (0, 4), (3, 0)])
def test_nothing_at_all_says_nothing(shape: tuple[int, int]) -> None:
    summary = summarise(np.zeros(shape), [None] * shape[0])
    assert (summary.n_samples, summary.n_clusters, summary.passes) == (0, 0, ())
    rest = {name: value for name, value in dataclasses.asdict(summary).items() if name[:2] != "n_" and name != "passes"}
    assert set(rest.values()) == {None}


@given(SCORES, st.data())
def test_whatever_the_scores_every_number_is_one(rows: list[list[float]], data: st.DataObject) -> None:
    clusters = [data.draw(st.sampled_from([None, "a", "b"])) for _ in rows]
    summary = summary_of(rows, clusters)
    json.dumps(dataclasses.asdict(summary), allow_nan=False)
    if summary.mean is not None:
        assert summary.low_bound - 1e-12 <= summary.mean <= summary.high_bound + 1e-12
    if summary.interval is not None:
        assert 0 <= summary.interval[0] <= summary.mean + 1e-12
        assert summary.mean - 1e-12 <= summary.interval[1] <= 1


@given(SCORES, st.randoms())
def test_the_order_of_samples_is_no_matter(rows: list[list[float]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    before, after = (dataclasses.asdict(summary_of(each)) for each in (rows, shuffled))
    assert {name: after[name] for name in ("n_samples", "method")} == {
        name: before[name] for name in ("n_samples", "method")
    }
    for name in ("mean", "standard_error", "interval", "low_bound", "high_bound", "minimum_detectable_effect"):
        assert after[name] == (None if before[name] is None else pytest.approx(before[name], abs=1e-9))


@given(st.lists(st.lists(st.sampled_from([0, 1, NAN]), min_size=5, max_size=5), min_size=1, max_size=6))
@settings(max_examples=50)
def test_pass_at_k_and_pass_hat_k_are_what_counting_all_choices_of_epochs_gives(rows: list[list[float]]) -> None:
    found = {each.k: each for each in passes(np.array(rows, dtype=float))}
    for k in (1, 2, 4, 5):
        scored = [[value for value in row if not math.isnan(value)] for row in rows]
        choices = [list(combinations(row, k)) for row in scored if len(row) >= k]
        assert (k in found) == bool(choices)
        if choices:
            assert found[k].at == pytest.approx(np.mean([np.mean([any(each) for each in row]) for row in choices]))
            assert found[k].hat == pytest.approx(np.mean([np.mean([all(each) for each in row]) for row in choices]))


def test_pass_at_k_of_many_epochs_does_not_overflow() -> None:
    (*_, last) = passes(np.repeat([[1.0, 0.0]], 600, axis=1).reshape(1, 1200))
    assert (last.k, last.at, last.hat) == (1200, 1.0, 0.0)


def test_one_epoch_has_no_passes() -> None:
    assert summary_of([[1], [0]]).passes == ()


def test_only_the_full_score_passes() -> None:
    assert summary_of([[0.9, 1.0], [0.9, 0.9]]).pass_at == {1: 0.25, 2: 0.5}
    assert summary_of([[1.0, 1.0], [0.9, 1.0]]).pass_hat == {1: 0.75, 2: 0.5}


@pytest.mark.parametrize("count", [50, 400])
def test_four_of_five_comparisons_notice_the_minimum_detectable_effect(count: int) -> None:
    """Two runs that share nothing, over and over; the true effect is what one of them said it could tell."""
    random = np.random.default_rng(count)
    effect = summary_of([[number % 2] for number in range(count)]).minimum_detectable_effect
    old = random.random((4000, count)) < 0.5 - effect / 2
    new = random.random((4000, count)) < 0.5 + effect / 2
    error = np.sqrt((old.var(axis=1, ddof=1) + new.var(axis=1, ddof=1)) / count)
    noticed = (new.mean(axis=1) - old.mean(axis=1) > 1.96 * error).mean()
    assert 0.77 < noticed < 0.87


def test_a_run_too_small_to_notice_anything_says_so() -> None:
    assert summary_of([[1], [0], [1]]).minimum_detectable_effect is None
