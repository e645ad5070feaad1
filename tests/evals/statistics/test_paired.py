"""The statistics of two runs over the same samples, checked against statsmodels, scipy and simulated runs."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy", reason="statistics need numpy, of the extra [eval]")

from harness.evals.statistics.multiplicity import adjusted  # noqa: E402
from harness.evals.statistics.paired import mcnemar, paired_difference  # noqa: E402
from harness.evals.statistics.resample import bootstrap, sign_flip  # noqa: E402

NAN = math.nan


def held(old: Any, new: Any, clusters: Any = None) -> Any:
    """A PairedDifference, of which each test knows what it can say."""
    before, after = (np.array(each, dtype=float).reshape(len(old), -1) for each in (old, new))
    return paired_difference(before, after, [None] * len(old) if clusters is None else clusters)


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (1, 0), (0, 5), (6, 0), (10, 25), (300, 341), (3000, 2900)])
def test_mcnemar_agrees_with_statsmodels(better: int, worse: int) -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    expected = tables.mcnemar([[7, better], [worse, 9]], exact=True).pvalue
    assert mcnemar(better, worse) == pytest.approx(min(expected, 1), rel=1e-9)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_benjamini_and_hochberg_agree_with_statsmodels(p_values: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    expected = multitest.multipletests(p_values, method="fdr_bh")[1] if p_values else []
    assert adjusted(p_values) == pytest.approx(list(expected), abs=1e-12)


def test_what_could_not_be_tested_is_no_test() -> None:
    assert adjusted([0.01, None, 0.04]) == [0.02, None, 0.04]


@pytest.mark.parametrize(("better", "worse"), [(2, 9), (0, 6), (12, 30)])
def test_flipping_signs_of_single_answers_is_mcnemars_test(better: int, worse: int) -> None:
    sums = np.array([1.0] * better + [-1.0] * worse + [0.0] * 50)
    assert sign_flip(sums) == pytest.approx(mcnemar(better, worse), abs=0.004)


@pytest.mark.parametrize("count", [6, 12, 40, 500])
def test_flipping_signs_agrees_with_scipy(count: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    sums = np.random.default_rng(count).normal(0.3, 1, count)
    expected = stats.permutation_test(
        (sums, np.zeros(count)), lambda a, b, axis: (a - b).sum(axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=5_000, rng=np.random.default_rng(0),
    ).pvalue  # fmt: skip
    assert sign_flip(sums) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("kinds", [3, 1000])
def test_the_bootstrap_agrees_with_scipy(kinds: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(3).integers(0, kinds, 1000) / kinds
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert bootstrap(values, np.ones(1000, dtype=int)) == pytest.approx(tuple(expected), abs=0.003)


def test_the_error_of_a_clustered_difference_agrees_with_statsmodels() -> None:
    models = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(5)
    clusters = random.integers(0, 12, 90)
    old, new = random.random((90, 3)), random.random((90, 2))
    difference = new.mean(axis=1) - old.mean(axis=1)
    fitted = models.OLS(difference, np.ones(90)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    found = held(old, new, clusters.tolist())
    assert found.standard_error == pytest.approx(fitted.bse[0], rel=1e-12)
    assert found.interval == pytest.approx(tuple(fitted.conf_int()[0]), rel=1e-5)
    assert found.test == "sign-flip"


def test_single_answers_that_are_right_or_wrong_get_mcnemar_and_bonett_and_price() -> None:
    old, new = [1] * 50 + [0] * 50, [1] * 40 + [0] * 10 + [1] * 3 + [0] * 47
    found = held(old, new)
    assert found.test == "mcnemar"
    assert found.difference == pytest.approx(-0.07)
    # By hand: (3 + 1) and (10 + 1) of 102.
    middle, width = -7 / 102, 1.959964 * math.sqrt((15 / 102 - (7 / 102) ** 2) / 102)
    assert found.interval == pytest.approx((middle - width, middle + width), abs=1e-6)


def test_what_is_the_same_in_both_runs_leaves_room_for_a_difference_nobody_saw() -> None:
    for rows in ([1, 0, 1, 0] * 5, [[1, 0]] * 20):
        found = held(rows, rows)
        assert (found.difference, found.p_value, found.is_certain) == (0, 1, False)
        assert found.interval[0] < 0 < found.interval[1]
        assert 0.1 < found.minimum_detectable_effect < 0.3


def test_three_pairs_that_all_got_worse_prove_nothing() -> None:
    assert not held([1, 1, 1], [0, 0, 0]).is_certain
    assert not held([[1, 1]] * 3, [[0, 0]] * 3).is_certain
    assert held([1] * 8, [0] * 8).is_certain


def test_twenty_answers_of_one_cluster_are_one_observation() -> None:
    found = held([1] * 20, [0] * 20, ["a"] * 20)
    assert (found.n_clusters, found.interval, found.bootstrap, found.is_certain) == (1, None, None, False)


def test_pairs_with_an_error_are_left_out_and_the_bounds_say_what_they_could_change() -> None:
    found = held([1, 1, 0, NAN, NAN], [1, NAN, 0, 1, NAN])
    assert (found.n_pairs, found.difference) == (2, 0)
    assert found.low_bound == pytest.approx((1 + 0 + 0 + 1 + 0) / 5 - (1 + 1 + 0 + 1 + 1) / 5)
    assert found.high_bound == pytest.approx((1 + 1 + 0 + 1 + 1) / 5 - (1 + 1 + 0 + 0 + 0) / 5)


@pytest.mark.parametrize("rows", [[], [NAN, NAN]])
def test_no_pair_says_nothing(rows: list[float]) -> None:
    found = held(rows, rows) if rows else paired_difference(np.zeros((0, 1)), np.zeros((0, 1)), [])
    assert (found.n_pairs, found.difference, found.interval, found.p_value) == (0, None, None, None)


PAIRS = st.lists(
    st.tuples(*[st.sampled_from([0.0, 1.0, 0.5, NAN])] * 4, st.sampled_from([None, "a", "b", "c"])),
    min_size=1,
    max_size=20,
)


def of_pairs(pairs: Any, *, swapped: bool = False) -> Any:
    old, new = [each[:2] for each in pairs], [each[2:4] for each in pairs]
    return held(new if swapped else old, old if swapped else new, [each[4] for each in pairs])


@given(PAIRS)
@settings(max_examples=60)
def test_swapping_the_runs_turns_every_sign(pairs: Any) -> None:
    found, swapped = of_pairs(pairs), of_pairs(pairs, swapped=True)
    json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert (found.n_pairs, found.test, found.is_certain) == (swapped.n_pairs, swapped.test, swapped.is_certain)
    assert found.low_bound == pytest.approx(-swapped.high_bound)
    if found.difference is not None:
        assert found.difference == pytest.approx(-swapped.difference)
        assert found.p_value == pytest.approx(swapped.p_value)
    if found.interval is not None:
        assert found.interval == pytest.approx((-swapped.interval[1], -swapped.interval[0]))


@given(PAIRS, st.randoms())
@settings(max_examples=60)
def test_the_order_of_pairs_is_no_matter(pairs: Any, random: Any) -> None:
    found, shuffled = of_pairs(pairs), of_pairs(random.sample(pairs, len(pairs)))
    for name, value in dataclasses.asdict(found).items():
        assert getattr(shuffled, name) == (pytest.approx(value, abs=1e-9) if value is not None else None)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=20))
def test_more_samples_that_are_alike_in_both_runs_bring_the_difference_nearer_to_nothing(
    pairs: list[tuple[bool, bool]],
) -> None:
    old, new = zip(*pairs, strict=True)
    found, more = held(old, new), held([*old, *[1] * 20], [*new, *[1] * 20])
    assert abs(more.difference) <= abs(found.difference)
    assert more.p_value == found.p_value


def simulated(random: Any, count: int, epochs: int, *, drop: float = 0.0, clusters: int | None = None) -> Any:
    """Two runs of items of all difficulties; in clusters, where the effect is another in each, nothing on the whole."""
    chance = random.beta(1.2, 0.8, count)
    names = None if clusters is None else [number % clusters for number in range(count)]
    shift = -drop if names is None else random.normal(0, 0.15, clusters)[names]
    old, new = (np.clip(each, 0, 1)[:, None] for each in (chance, chance + shift))
    return held(random.random((count, epochs)) < old, random.random((count, epochs)) < new, names)


@pytest.mark.parametrize(
    ("count", "epochs", "clusters"), [(60, 1, None), (40, 4, None), (100, 1, 20), (12, 2, None), (60, 1, 6)]
)
def test_false_alarms_are_at_most_five_in_a_hundred_and_intervals_cover_the_truth(
    count: int, epochs: int, clusters: int | None
) -> None:
    """200 comparisons with nothing to find: 5 % are 10, and three standard deviations more are 19."""
    random = np.random.default_rng(count)
    found = [simulated(random, count, epochs, clusters=clusters) for _ in range(200)]
    assert sum(each.is_certain for each in found) <= 19
    assert sum(not each.interval[0] <= 0 <= each.interval[1] for each in found) <= 19
    few = count < 30 or (clusters or 30) < 10
    assert sum(not each.bootstrap[0] <= 0 <= each.bootstrap[1] for each in found) <= (40 if few else 20)


def test_a_drop_of_the_size_that_is_said_to_be_detectable_is_found_in_four_of_five_runs() -> None:
    random = np.random.default_rng(8)
    chance = random.uniform(0.2, 0.8, (200, 1))

    def run(drop: float) -> Any:
        return held(random.random((200, 2)) < chance, random.random((200, 2)) < chance - drop)

    effect = run(0).minimum_detectable_effect
    assert 0.7 < np.mean([run(effect).is_certain for _ in range(100)]) < 0.9
