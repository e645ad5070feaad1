"""One of our runs as an Inspect log, read back by Inspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import inspect_ai
import pytest
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
from inspect_ai.scorer import includes

from harness.evals.results.inspect_log import export_eval
from harness.records import RecordError
from tests.evals.build_runs import mixed, outcome, sample, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["run.eval", "run.json"])
def test_inspect_reads_the_same_numbers(tmp_path: Path, name: str) -> None:
    run = mixed(tmp_path / "run")

    export_eval(tmp_path / "run", tmp_path / name)

    log = read_eval_log(str(tmp_path / name))
    assert log.status == "success"
    assert (log.eval.task, log.eval.model) == ("sums", "openhands/default")
    assert log.results is not None
    [score] = log.results.scores
    assert score.metrics["accuracy"].value == run.main.mean
    assert score.metrics["stderr"].value == run.main.standard_error
    assert (log.results.total_samples, log.results.completed_samples) == (run.counts.planned, run.counts.scored)
    assert log.stats.model_usage["openhands/default"].input_tokens == run.usage.prompt_tokens
    assert log.stats.model_usage["openhands/default"].total_cost == run.usage.cost


def test_every_sample_has_its_question_answer_score_and_conversation(tmp_path: Path) -> None:
    run = mixed(tmp_path / "run")

    export_eval(tmp_path / "run", tmp_path / "run.eval")

    summaries = read_eval_log_sample_summaries(str(tmp_path / "run.eval"))
    assert [(each.id, each.epoch) for each in summaries[:3]] == [("sum-0", 1), ("sum-0", 2), ("sum-1", 1)]
    assert len(summaries) == run.counts.planned
    assert sum(each.error is not None for each in summaries) == sum(run.counts.failed.values())
    log = read_eval_log(str(tmp_path / "run.eval"))
    first, *_ = log.samples or []
    assert [message.text for message in first.messages] == ["What is 0 + 0?", "It is 12."]
    assert first.scores is not None
    assert (first.scores["exact"].value, first.scores["exact"].explanation) == (0.0, "no match")
    assert first.metadata["conversation"] == "00000000-0000-5000-8000-000000000001"
    [failed, *_] = [each for each in log.samples or [] if each.error is not None]
    assert failed.error is not None
    assert failed.error.message == "timeout: still running after 3600 s"
    assert (failed.scores, failed.output.completion) == ({}, "")


def test_inspect_can_score_it_again(tmp_path: Path) -> None:
    right, wrong = outcome(6), outcome(7, answers=("It is 13.",))
    write(tmp_path / "run", [sample(number) for number in range(8)], [right, wrong], ended_early="Ctrl-C")
    export_eval(tmp_path / "run", tmp_path / "run.eval")
    log = read_eval_log(str(tmp_path / "run.eval"))
    assert log.status == "cancelled"

    again = inspect_ai.score(log, includes(), action="overwrite", display="none")

    assert again.results is not None
    assert again.results.scores[0].metrics["accuracy"].value == 0.5


def test_a_folder_without_a_run_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RecordError):
        export_eval(tmp_path, tmp_path / "run.eval")
    assert list(tmp_path.iterdir()) == []
