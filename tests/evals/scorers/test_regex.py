"""Patterns, including ones that would never finish."""

from __future__ import annotations

import asyncio

import pytest

from harness.evals.sample import BenchmarkError, ScorerSpec
from harness.evals.scorers.scorer import ScorerError
from harness.evals.scorers.scoring import make_scoring
from tests.evals.scorers.scoring import outcome, right, sample, score


def test_a_pattern_is_found_anywhere_or_has_to_be_all() -> None:
    answers = ("I say 42.", " 42\n", "none", "")
    assert right("regex", {"pattern": r"\d+"}, sample(), *answers) == ["I say 42.", " 42\n"]
    assert right("regex", {"pattern": r"\d+", "full": True}, sample(), *answers) == [" 42\n"]


def test_a_group_is_compared_with_the_targets() -> None:
    options = {"pattern": r"city: (?P<name>\w+)", "group": "name"}
    assert right("regex", options, sample("Rome", "Paris"), "city: Rome", "city: Berlin", "Rome") == ["city: Rome"]
    assert right("regex", {**options, "ignore_case": True}, sample("Rome"), "City: ROME") == ["City: ROME"]
    assert score("regex", options, sample("Rome"), "city: Berlin").answer == "Berlin"


def test_the_first_match_counts_or_the_last() -> None:
    options = {"pattern": r"(\d+)", "group": 1}
    assert score("regex", options, sample("1"), "1, 2, 3").answer == "1"
    assert score("regex", {**options, "which": "last"}, sample("1"), "1, 2, 3").answer == "3"


def test_lines_and_line_breaks_can_be_matched() -> None:
    assert right("regex", {"pattern": "^b$", "multiline": True}, sample(), "a\nb\nc") == ["a\nb\nc"]
    assert right("regex", {"pattern": "a.b"}, sample(), "a\nb") == []
    assert right("regex", {"pattern": "a.b", "dotall": True}, sample(), "a\nb") == ["a\nb"]


def test_without_a_pattern_the_targets_are_patterns() -> None:
    assert right("regex", {}, sample("^R.me$", r"\bParis\b"), "Rome", "in Paris", "Parisian") == ["Rome", "in Paris"]


@pytest.mark.parametrize("answer", ["\ud83d 42", "42 " * 300_000])
def test_odd_and_long_answers_are_matched(answer: str) -> None:
    assert score("regex", {"pattern": "42"}, sample(), answer).value == 1


def test_a_pattern_that_takes_forever_is_the_scorers_failure_and_stops_nothing_else() -> None:
    async def play() -> float:
        scoring = make_scoring([ScorerSpec("regex", {"pattern": "^(a+)+$", "seconds": 0.5})])
        try:
            stuck = asyncio.create_task(scoring(sample(), outcome("a" * 60 + "b")))
            (fine,) = await scoring(sample(), outcome("aaa"))
            with pytest.raises(ScorerError, match=r"^regex: it took more than 0.5 s on this answer$"):
                await stuck
        finally:
            await scoring.close()
        return fine.value

    assert asyncio.run(play()) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pattern": "("}, r"`pattern`: '\(' is no regular expression"),
        ({"pattern": "a", "group": 1}, "the pattern has no group 1"),
        ({"pattern": "(?P<x>a)", "group": "y"}, "the pattern has no group 'y'"),
        ({"group": 1}, "`group` is a group of a `pattern`"),
        ({"patern": "a"}, "no option `patern`; did you mean `pattern`?"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_asked(options: dict[str, str | int], said: str) -> None:
    with pytest.raises(BenchmarkError, match=said.replace("?", r"\?") if said.endswith("?") else said):
        make_scoring([ScorerSpec("regex", options)])


def test_a_target_that_is_no_pattern_is_told_before_anything_is_asked() -> None:
    with pytest.raises(BenchmarkError, match="a target that is a pattern"):
        make_scoring([ScorerSpec("regex")]).check([sample("(")])
