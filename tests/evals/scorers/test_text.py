"""Texts as models write them: Markdown, LaTeX, articles, trailing periods, and answers that aren't text at all."""

from __future__ import annotations

import pytest

from tests.evals.scorers.scoring import right, sample, score

PARIS = sample("Paris", "City of Light")


def test_exact_is_character_by_character_but_for_the_space_around() -> None:
    answers = ["Paris", " Paris\n", "paris", "Paris.", "**Paris**", "The answer is Paris", ""]
    assert right("exact", {}, PARIS, *answers) == ["Paris", " Paris\n"]
    assert right("exact", {"ignore_case": True}, PARIS, "paris", "PARIS", "Pari") == ["paris", "PARIS"]


@pytest.mark.parametrize(
    "answer",
    [
        "Paris",
        "paris.",
        "**Paris**",
        "`Paris`",
        "The answer is **Paris**.",
        "**Answer:** Paris",
        "Let me think. It is big.\n\nFinal answer: Paris",
        "So:\n$$\\boxed{\\text{Paris}}$$",
        "#### Paris",
        "the City of Light!",
        "The City-of-Light",
        "\uff30\uff41\uff52\uff49\uff53",  # full width
        "Answer: Rome. No, wait.\nAnswer: Paris",
    ],
)
def test_normalised_takes_what_says_the_same(answer: str) -> None:
    assert score("normalised", {}, PARIS, answer).value == 1


@pytest.mark.parametrize(
    "answer", ["", " \n", "Rome", "Paris or Rome", "I can't help with that.", "\ud83d", "The answer is not Paris", "?!"]
)
def test_normalised_takes_nothing_else(answer: str) -> None:
    assert score("normalised", {}, PARIS, answer).value == 0


def test_points_and_signs_within_numbers_make_a_difference() -> None:
    assert right("normalised", {}, sample("3.5 m"), "3.5 m.", "35 m", "3,5 m", "-3.5 m") == ["3.5 m."]


def test_an_article_that_is_all_of_the_answer_stays() -> None:
    assert right("normalised", {}, sample("A"), "a", "**A**", "an", "B") == ["a", "**A**"]
    assert right("normalised", {"articles": True}, sample("the cat"), "The cat.", "cat") == ["The cat."]


def test_a_target_of_punctuation_alone_is_no_empty_answer() -> None:
    assert right("normalised", {}, sample("!"), "", "?") == []


def test_contains_wants_any_or_all() -> None:
    cities = sample("Paris", "Rome")
    assert right("contains", {}, cities, "I saw PARIS", "Berlin") == ["I saw PARIS"]
    assert right("contains", {"mode": "all"}, cities, "Rome, then Paris", "Paris") == ["Rome, then Paris"]
    assert right("contains", {"ignore_case": False}, cities, "PARIS") == []


def test_contains_can_want_whole_words() -> None:
    cat = sample("cat")
    assert right("contains", {}, cat, "concatenate") == ["concatenate"]
    assert right("contains", {"words": True}, cat, "concatenate", "a cat.", "cat's") == ["a cat.", "cat's"]


def test_contains_looks_past_line_breaks_and_forms_of_unicode() -> None:
    assert right("contains", {}, sample("caf\u00e9 noir"), "cafe\u0301\n noir") == ["cafe\u0301\n noir"]


@pytest.mark.parametrize("name", ["exact", "normalised", "contains"])
def test_a_mebibyte_of_text_is_scored(name: str) -> None:
    long = "I say nothing. " * 70_000
    assert score(name, {}, sample("Paris"), long).value == 0
    assert score("contains", {}, sample("Paris"), f"{long} Paris").value == 1
    assert score("normalised", {}, sample("Paris"), f"{long}\nAnswer: Paris").value == 1
