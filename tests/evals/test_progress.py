"""The progress that a user sees during an evaluation."""

from __future__ import annotations

from harness.evals.outcome import Failure, FailureKind, Outcome, Score, Usage
from harness.evals.report.live_line import EvaluationProgress
from harness.evals.runner.events import Begin, Finished


def outcome(value: float | None) -> Finished:
    scores = () if value is None else (Score("exact", value), Score("number", 0.0))
    failure = Failure(FailureKind.TIMEOUT, "too long") if value is None else None
    return Finished(Outcome(0, "s", 1, "c", "u", ("a",), Usage(1, 1, 0.25), 1.0, False, 1, failure, scores))


def test_rate_and_time_left_are_those_of_this_run_alone_and_errors_are_no_wrong_answers() -> None:
    now = 100.0
    progress = EvaluationProgress(quiet=True, clock=lambda: now)
    progress.watch(Begin(planned=20, done=10, open=2))
    assert progress.line() == "asking"
    now += 60
    for value in (1.0, 1.0, 0.0, None):
        progress.watch(outcome(value))
    assert progress.line() == "66.7 % right, 4.0 a minute, 90.0 s left, $1.00, 1 errors"
