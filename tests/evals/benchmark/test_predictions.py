"""The predictions of a run for SWE-bench."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.evals.outcome import Failure, FailureKind, Outcome
from harness.evals.results.predictions import patch_of, write_predictions

if TYPE_CHECKING:
    from pathlib import Path

PATCH = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+```b\n"


def _outcome(sample: str, answer: str, epoch: int = 1, failure: Failure | None = None) -> Outcome:
    answers = () if failure else ("first turn", answer)
    return Outcome(
        0, sample, epoch, "c", "http://localhost", answers, None, 1.0, adopted=False, sends=1, failure=failure
    )


@pytest.mark.parametrize(
    "answer",
    [
        PATCH,
        f"Done:\n```diff\n{PATCH}```\nThat is it.",
        f"```\n{PATCH}\n\n```",
        f"~~~~patch\n{PATCH}~~~~",
        f"Not\n```diff\n{PATCH.replace('x.py', 'y.py')}```\nbut\n```diff\n{PATCH}```\nis right:\n```\nls\n```",
        f"The change is\n{PATCH}",
        f"```diff\n{PATCH}```".replace("\n", "\r\n"),
        f"Cut off: ```diff\n{PATCH}",
    ],
    ids=["bare", "block", "no language", "tildes", "the last", "text before", "CRLF", "no end"],
)
def test_the_patch_of_an_answer_is_found_however_it_is_wrapped(answer: str) -> None:
    assert patch_of(answer) == PATCH


@pytest.mark.parametrize("answer", ["", "I could not do it.", "```python\nprint()\n```", "--- a rule\nand text"])
def test_an_answer_without_a_patch_has_an_empty_one(answer: str) -> None:
    assert patch_of(answer) == ""


def test_a_line_is_written_for_each_answer_and_none_for_a_failure(tmp_path: Path) -> None:
    failure = Failure(FailureKind.TIMEOUT, "too long")
    outcomes = [_outcome("a__a-1", PATCH), _outcome("b__b-2", "sorry"), _outcome("c__c-3", "", failure=failure)]
    (path,) = write_predictions(tmp_path, outcomes, "openhands_default")
    assert path.name == "predictions.jsonl"
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"instance_id": "a__a-1", "model_name_or_path": "openhands_default", "model_patch": PATCH},
        {"instance_id": "b__b-2", "model_name_or_path": "openhands_default", "model_patch": ""},
    ]


def test_each_epoch_has_a_file_of_its_own(tmp_path: Path) -> None:
    paths = write_predictions(tmp_path, [_outcome("a", PATCH), _outcome("a", "none", epoch=2)], "m")
    assert [path.name for path in paths] == ["predictions.jsonl", "predictions-2.jsonl"]
    assert [json.loads(path.read_text())["model_patch"] for path in paths] == [PATCH, ""]
