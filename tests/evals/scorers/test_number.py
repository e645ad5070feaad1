"""Which number of an answer counts, and what it is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evals.sample import BenchmarkError, ScorerSpec
from harness.evals.scorers.scoring import make_scoring
from tests.evals.scorers.scoring import right, sample, score


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("42", "42"),
        ("The answer is 42.", "42"),
        ("**42**", "42"),
        ("42.0", "42"),
        ("It costs $1,234.50 in all.", "1234.5"),
        ("\\$18", "18"),
        ("#### 1,000", "1000"),
        ("3 + 4 = 7\n#### 7", "7"),
        ("\\boxed{\\frac{3}{4}}", "0.75"),
        ("$-\\dfrac{1}{2}$", "-0.5"),
        ("\\frac34", "0.75"),
        ("about 2 1/2 cups", "2.5"),
        ("2\u00bd cups", "2.5"),
        ("1{,}234", "1234"),
        ("1\\,234", "1234"),
        ("1\u202f234", "1234"),
        ("1'234'567", "1234567"),
        ("$3 \\times 10^{8}$ m/s", "300000000"),
        ("3\u00d710\u2078", "3e8"),
        ("1e-3", "0.001"),
        ("\u22125", "-5"),
        ("minus 5", "-5"),
        ("-$5", "-5"),
        ("x = -5", "-5"),
        ("1.5 million people", "1500000"),
        ("1.5 million people", "1.5"),
        ("\u0664\u0662", "42"),
        ("5km", "5"),
        ("\ud83d 5", "5"),
    ],
)
def test_a_number_is_read_however_it_is_written(answer: str, target: str) -> None:
    assert score("number", {}, sample(target), answer).value == 1


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("The answer is 42. Tell me if you need 2 more!", "42"),
        ("Answer: 3 + 4 = 7 apples", "7"),
        ("**Final answer:** 42 apples, of 3 kinds", "42"),
        ("The answer is 12. No, the answer is 13, since 13 > 12.", "13"),
        ("\\boxed{5}, which is below 9", "5"),
        ("1. Take 3.\n2. Add 4.\n3. Done: 7", "7"),
        ("9 by May 17, 2024", "9"),
        ("9 on 17 May 2024", "9"),
        ("9 (as of 2024-05-17)", "9"),
        ("9 (17/05/2024, 12:30)", "9"),
        ("9 with v1.2.3 of GPT-4 in the 2nd try", "9"),
        ("The ratio 5-3", "3"),
        ("1,2,3", "3"),
    ],
)
def test_what_is_not_the_result_is_passed_over(answer: str, target: str) -> None:
    assert score("number", {}, sample(target), answer).value == 1


@pytest.mark.parametrize("answer", ["", "I can't say.", "third", "3rd", "H2O", "1/0", "v1.2.3", "\ud800", "12:30"])
def test_without_a_number_there_is_no_answer(answer: str) -> None:
    scored = score("number", {}, sample("3"), answer)
    assert (scored.value, scored.answer) == (0, None)


def test_a_percentage_may_be_said_as_a_share() -> None:
    assert right("number", {}, sample("0.45"), "45%", "45 percent", "0.45", "45", "0.45 %") == [
        "45%",
        "45 percent",
        "0.45",
        "0.45 %",
    ]
    assert right("number", {}, sample("45%"), "45", "45 %", "0.45", "0.45 %") == ["45", "45 %", "0.45"]


def test_tolerance_is_absolute_or_a_part_of_the_target() -> None:
    pi = sample("3.14159")
    assert right("number", {}, pi, "3.14") == []
    assert right("number", {"tolerance": 0.01}, pi, "3.14", "3.2") == ["3.14"]
    assert right("number", {"relative": "0.001"}, sample("-1000"), "-1000.9", "-1002") == ["-1000.9"]


def test_digits_beyond_a_float_make_a_difference() -> None:
    assert right("number", {}, sample("12345678901234567890"), "12345678901234567891") == []
    assert score("number", {"relative": 0.1}, sample("1e999999"), "1e999998").value == 0


def test_first_last_and_marked_numbers_can_be_asked_for() -> None:
    answer = "3 then 4, \\boxed{5}\n#### 6\n7"
    found = {which: score("number", {"which": which}, sample("0"), answer).answer for which in ("first", "last")}
    found |= {which: score("number", {"which": which}, sample("0"), answer).answer for which in ("boxed", "hashes")}
    assert found == {"first": "3", "last": "7", "boxed": "5", "hashes": "6"}
    assert score("number", {"which": "boxed"}, sample("7"), "7").answer is None


def test_a_decimal_comma_is_read_when_it_is_asked_for() -> None:
    comma = {"decimal_comma": True}
    assert right("number", comma, sample("1234.5"), "1.234,5", "1234,5", "1,234.5") == ["1.234,5", "1234,5"]
    assert score("number", comma, sample("1234567"), "1.234.567").value == 1


def test_of_a_mebibyte_the_end_is_looked_at() -> None:
    assert score("number", {}, sample("42"), "7 " * 600_000 + "\nThe answer is 42.").value == 1


@given(st.text(max_size=300))
def test_any_text_is_scored(text: str) -> None:
    assert score("number", {}, sample("42"), text).value in {0, 1}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_every_number_is_itself_however_it_is_grouped(value: object) -> None:
    assert right("number", {}, sample(str(value)), f"{value:,}", f"It is {value:f}.", f"\\boxed{{{value}}}") != []
    assert score("number", {}, sample(str(value)), f"**{value:,}**").value == 1


def test_a_target_without_a_number_is_told_before_anything_is_asked() -> None:
    scoring = make_scoring([ScorerSpec("number")])
    with pytest.raises(BenchmarkError, match=r"sample `s-1` .* `number` needs: a target with a number in it"):
        scoring.check([sample("42"), sample("none")])
