"""A run as an Inspect log, for `inspect view`, `read_eval_log` and `inspect score`.

Its sources are `run.json` and `samples.jsonl`, so it has only the last question of a conversation, and clipped texts.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from harness.evals.results.record import read_run, read_samples
from harness.targets.extras import require
from harness.targets.names import MODEL_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from inspect_ai.log import EvalLog, EvalResults, EvalSample, EvalScore, EvalSpec, EvalStats
    from inspect_ai.model import ModelUsage

    from harness.evals.results.record import MetricRecord, RunRecord, SampleRecord


def export_eval(folder: Path, path: Path) -> None:
    """Write a run as an Inspect log; takes 5 ms and 25 KiB of memory per sample.

    Args:
        folder: of the run, with its `run.json` and `samples.jsonl`.
        path: of the log; an existing file is replaced. `.json` gives Inspect's JSON format, any other ending its zip
            format; `inspect view` looks for `.eval`.

    Raises:
        RecordError: the folder holds no complete run.
        TargetUsageError: Inspect is not installed.
        OSError: the log can't be written.
    """
    require("inspect_ai", "inspect")
    from inspect_ai.log import write_eval_log

    log = _log(read_run(folder), tuple(read_samples(folder)))
    partial = path.with_name(f"{path.name}.partial")
    try:
        write_eval_log(log, partial, format="json" if path.suffix == ".json" else "eval")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _log(run: RunRecord, samples: tuple[SampleRecord, ...]) -> EvalLog:
    from inspect_ai.log import EvalLog, EvalPlan, EvalPlanStep

    models = {target.url: _model(target.model) for target in run.targets}
    return EvalLog(
        status="success" if run.ended_early is None and run.counts.pending == 0 else "cancelled",
        eval=_spec(run, samples, models),
        plan=EvalPlan(name="gateway-harness", steps=[EvalPlanStep(solver="gateway-harness eval", params={})]),
        results=_results(run),
        stats=_stats(run, models),
        samples=[_sample(run, sample, models) for sample in samples],
    )


def _model(name: str) -> str:
    """The name of an endpoint's model in our provider for Inspect."""
    return f"openhands/{name.removeprefix(MODEL_PREFIX)}"


def _spec(run: RunRecord, samples: tuple[SampleRecord, ...], models: dict[str, str]) -> EvalSpec:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalSpec

    target = run.targets[0]
    return EvalSpec(
        created=run.started.isoformat(),
        run_id=run.run,
        eval_id=run.run,
        task_id=run.run,
        task=run.benchmark.name,
        dataset=EvalDataset(
            name=run.benchmark.name,
            samples=run.benchmark.samples,
            sample_ids=list(dict.fromkeys(sample.id for sample in samples)),
        ),
        model=models[target.url],
        model_base_url=f"{target.url}/v1",
        config=EvalConfig(epochs=run.benchmark.epochs, epochs_reducer=["mean"], limit=run.benchmark.limit),
        packages={"openhands-gateway-harness": run.tool.version, "inspect_ai": metadata.version("inspect_ai")},
        metadata=run.model_dump(mode="json", exclude={"metrics", "latency", "usage", "categories", "flips"}),
    )


def _results(run: RunRecord) -> EvalResults:
    from inspect_ai.log import EvalResults

    return EvalResults(
        total_samples=run.counts.planned,
        completed_samples=run.counts.scored,
        scores=[_score(metric) for metric in run.metrics],
    )


def _score(metric: MetricRecord) -> EvalScore:
    """A scorer's numbers under the names of Inspect's own metrics; one that is not known is left out."""
    from inspect_ai.log import EvalMetric, EvalScore

    known = {"accuracy": metric.mean, "stderr": metric.standard_error}
    return EvalScore(
        name=metric.scorer,
        scorer=metric.scorer,
        reducer="mean",
        scored_samples=metric.n_samples,
        metrics={name: EvalMetric(name=name, value=value) for name, value in known.items() if value is not None},
        metadata=metric.model_dump(mode="json"),
    )


def _stats(run: RunRecord, models: dict[str, str]) -> EvalStats:
    """The run's times, and its tokens if there is only one model: they are not known by model."""
    from inspect_ai.log import EvalStats

    used = set(models.values())
    usage = _usage(run.usage.prompt_tokens, run.usage.completion_tokens, run.usage.cost)
    return EvalStats(
        started_at=run.started.isoformat(),
        completed_at=run.ended.isoformat(),
        model_usage={used.pop(): usage} if len(used) == 1 else {},
    )


def _usage(prompt: int, completion: int, cost: float | None) -> ModelUsage:
    from inspect_ai.model import ModelUsage

    return ModelUsage(input_tokens=prompt, output_tokens=completion, total_tokens=prompt + completion, total_cost=cost)


def _sample(run: RunRecord, sample: SampleRecord, models: dict[str, str]) -> EvalSample:
    from inspect_ai.log import EvalError, EvalSample
    from inspect_ai.model import ChatCompletionChoice, ChatMessage, ChatMessageAssistant, ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Score

    model = models.get(sample.server, _model(run.targets[0].model))
    told, failure = sample.usage, sample.failure
    usage = _usage(told.prompt_tokens, told.completion_tokens, told.cost) if told else None
    messages: list[ChatMessage] = [ChatMessageUser(content=sample.question, source="input")]
    output = ModelOutput(model=model)
    if failure is None or sample.answer:
        answer = ChatMessageAssistant(
            content=sample.answer, source="generate", model=model, metadata={"conversation": sample.conversation}
        )
        messages.append(answer)
        output = ModelOutput(
            model=model,
            choices=[ChatCompletionChoice(message=answer, stop_reason="stop")],
            usage=usage,
            time=sample.seconds,
        )
    return EvalSample(
        id=sample.id,
        epoch=sample.epoch,
        input=sample.question,
        target=list(sample.target),
        messages=messages,
        output=output,
        scores={
            name: Score(value=value, answer=sample.extracted.get(name), explanation=sample.explanation.get(name))
            for name, value in sample.scores.items()
        },
        metadata=sample.model_dump(
            mode="json", exclude={"id", "epoch", "question", "target", "answer", "scores", "extracted", "explanation"}
        ),
        model_usage={model: usage} if usage else {},
        total_time=sample.seconds,
        uuid=sample.conversation,
        error=EvalError(message=f"{failure.kind}: {failure.message}", traceback="", traceback_ansi="")
        if failure
        else None,
    )
