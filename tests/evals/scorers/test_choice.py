"""Which option an answer to a multiple-choice question chooses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evals.sample import BenchmarkError, ScorerSpec
from harness.evals.scorers.scoring import make_scoring
from tests.evals.scorers.scoring import right, sample, score

CITIES = ("Paris", "Rome", "Berlin", "Madrid")
ROME = sample("B", choices=CITIES)


@pytest.mark.parametrize(
    "answer",
    [
        "B",
        "b",
        "(B)",
        "[[B]]",
        "B.",
        "**B**",
        "**B) Rome**",
        "B: Rome",
        "Rome",
        "rome.",
        "Option B",
        "option (b)",
        "The answer is B.",
        "The answer is (B)",
        "**Answer:** B",
        "Answer: **B**",
        "Answer:\n\nB",
        "$\\boxed{\\text{B}}$",
        "\\boxed{Rome}",
        "The correct answer is option B because A is wrong",
        "It is A. Paris... Answer: A. Wait. Answer: B",
        "Paris is not it; Rome is.\n\nB",
        "B\n\nBecause Rome is the capital.",
        "Only (B) fits here.",
        "I think it is Rome",
        "I'd go with B!",
        "<answer>B</answer>",
    ],
)
def test_a_choice_is_understood_however_it_is_said(answer: str) -> None:
    assert score("choice", {}, ROME, answer).value == 1


@pytest.mark.parametrize(
    "answer",
    ["A or B", "Answer: A or B", "Both A and B", "A, B, C and D", "(A) is wrong, (B) is right", "Rome, not Paris"],
)
def test_several_are_no_choice(answer: str) -> None:
    scored = score("choice", {}, ROME, answer)
    assert (scored.value, scored.answer) == (0, None)
    assert (scored.explanation or "").startswith("several are chosen: ")


@pytest.mark.parametrize("answer", ["", "I can't answer that.", "A dog", "None of them.", "\ud83d", "E", "I am sure."])
def test_none_is_no_choice(answer: str) -> None:
    scored = score("choice", {}, ROME, answer)
    assert (scored.value, scored.answer, scored.explanation) == (0, None, "none is chosen")


def test_another_letter_is_wrong() -> None:
    scored = score("choice", {}, ROME, "A. Paris")
    assert (scored.value, scored.answer, scored.explanation) == (0, "A", None)


def test_the_target_may_be_the_text_of_a_choice() -> None:
    assert right("choice", {}, sample("Rome", choices=CITIES), "B", "Rome", "A") == ["B", "Rome"]


def test_a_choice_within_another_is_told_apart() -> None:
    towns = sample("Paris, Texas", choices=("Paris", "Paris, Texas"))
    assert right("choice", {}, towns, "I say Paris, Texas", "Paris") == ["I say Paris, Texas"]


def test_choices_of_symbols_are_compared_as_they_are() -> None:
    assert right("choice", {}, sample("-", choices=("+", "-", "*")), "-", "+", "B") == ["-", "B"]


def test_without_a_list_the_letters_of_the_question_are_meant() -> None:
    assert right("choice", {}, sample("C"), "The answer is C.", "(c)", "A") == ["The answer is C.", "(c)"]


def test_a_target_that_is_no_choice_is_told_before_anything_is_asked() -> None:
    with pytest.raises(BenchmarkError, match=r"a target among its choices \(A to D, or the text of one\)"):
        make_scoring([ScorerSpec("choice")]).check([sample("London", choices=CITIES)])


@given(st.text(max_size=200))
def test_any_text_is_scored(text: str) -> None:
    assert score("choice", {}, ROME, text).value in {0, 1}
