"""The parts of Inspect that we use still behave as we expect. Releases come weekly; a failure here names the change."""

from __future__ import annotations

import inspect
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from inspect_ai import log as logs
from inspect_ai import model as models
from inspect_ai import scorer as scorers

from harness.inspect_provider.provider import HONOURED, IMPOSSIBLE

if TYPE_CHECKING:
    from pydantic import BaseModel

VERSION = f"inspect-ai {metadata.version('inspect-ai')}"


def parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


def test_the_provider_is_found_by_its_entry_point() -> None:
    [entry] = [
        each for each in metadata.entry_points(group="inspect_ai") if each.dist and each.name == "gateway-harness"
    ]
    assert entry.value == "harness.inspect_provider", "install the project again: pip install -e ."
    assert entry.load().openhands is not None


def test_inspect_makes_a_provider_and_calls_it_as_ours_expects() -> None:
    made = parameters(models.ModelAPI.__init__)
    assert made[:6] == ["self", "model_name", "base_url", "api_key", "api_key_vars", "config"], VERSION
    called = parameters(models.ModelAPI.generate)
    assert called == ["self", "input", "tools", "tool_choice", "config"], VERSION


@pytest.mark.parametrize("hook", ["service_model_name", "connection_key", "collapse_user_messages", "retry_wait"])
def test_inspect_asks_a_provider_what_ours_answers(hook: str) -> None:
    assert parameters(getattr(models.ModelAPI, hook, None)) == ["self"], f"{VERSION}: ModelAPI.{hook}"


def test_a_provider_decides_what_is_sent_again() -> None:
    assert parameters(models.ModelAPI.should_retry) == ["self", "ex"], VERSION
    assert not models.RetryDecision.no(), VERSION
    assert models.RetryDecision.rate_limit(3.0), VERSION


def test_every_setting_that_we_know_still_is_one() -> None:
    assert (HONOURED | IMPOSSIBLE.keys()) - models.GenerateConfig.model_fields.keys() == set(), VERSION


@pytest.mark.parametrize(
    ("made", "members"),
    [
        (models.ChatMessageUser, "content source"),
        (models.ChatMessageAssistant, "content source model metadata"),
        (models.ContentText, "type text"),
        (models.ContentImage, "type image detail"),
        (models.ChatCompletionChoice, "message stop_reason"),
        (models.ModelOutput, "model choices usage time metadata"),
        (models.ModelUsage, "input_tokens output_tokens total_tokens total_cost"),
        (scorers.Score, "value answer explanation"),
        (logs.EvalLog, "status eval plan results stats samples"),
        (logs.EvalSpec, "created run_id eval_id task_id task dataset model model_base_url config packages metadata"),
        (logs.EvalDataset, "name samples sample_ids"),
        (logs.EvalConfig, "epochs epochs_reducer limit"),
        (logs.EvalPlan, "name steps"),
        (logs.EvalPlanStep, "solver params"),
        (logs.EvalResults, "total_samples completed_samples scores"),
        (logs.EvalScore, "name scorer reducer scored_samples metrics metadata"),
        (logs.EvalMetric, "name value"),
        (logs.EvalStats, "started_at completed_at model_usage"),
        (logs.EvalError, "message traceback traceback_ansi"),
        (logs.EvalSample, "id epoch input target messages output scores metadata model_usage total_time uuid error"),
    ],
)
def test_what_we_make_still_has_the_members_that_we_give_it(made: type[BaseModel], members: str) -> None:
    missing = set(members.split()) - made.model_fields.keys()
    assert missing == set(), f"{VERSION}: {made.__name__} has no {', '.join(sorted(missing))}"
    required = {name for name, field in made.model_fields.items() if field.is_required()}
    assert required - set(members.split()) == set(), f"{VERSION}: {made.__name__} asks for more"


def test_a_log_is_written_and_read_as_we_do() -> None:
    assert parameters(logs.write_eval_log)[:3] == ["log", "location", "format"], VERSION
    assert parameters(logs.read_eval_log)[:1] == ["log_file"], VERSION
