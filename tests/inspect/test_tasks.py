"""Inspect's own `eval` with an agent behind the endpoint as its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import inspect_ai
import pytest
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageUser
from inspect_ai.scorer import match
from inspect_ai.solver import generate, solver, use_tools
from inspect_ai.tool import tool

if TYPE_CHECKING:
    from pathlib import Path

    from inspect_ai.log import EvalLog
    from inspect_ai.solver import Generate, Solver, TaskState
    from inspect_ai.tool import Tool

    from tests.gateway.serving import Gateway


@pytest.fixture(autouse=True)
def key(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_API_KEY", gateway.key)


def run(task: inspect_ai.Task, gateway: Gateway, folder: Path, **options: Any) -> EvalLog:
    [log] = inspect_ai.eval(
        task,
        model="openhands/scripted",
        model_base_url=f"{gateway.url}/v1",
        log_dir=str(folder),
        display="none",
        **options,
    )
    return log


@solver
def asks(*questions: str) -> Solver:
    """Asks the sample's question, and then each of these."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state = await generate(state)
        for question in questions:
            state.messages.append(ChatMessageUser(content=question))
            state = await generate(state)
        return state

    return solve


@tool
def weather() -> Tool:
    async def execute(city: str) -> str:
        """What the weather is like.

        Args:
            city: where
        """
        return f"it rains in {city}"

    return execute


def test_each_sample_is_one_conversation_over_its_turns_with_the_tokens_of_each_counted_once(
    gateway: Gateway, tmp_path: Path
) -> None:
    words = [f"heron{number}" for number in range(20)]
    samples = [Sample(f"The code word is {word}. Reply with exactly: noted", target=word) for word in words]
    task = inspect_ai.Task(
        samples, solver=asks("Is that right?", "What is the code word?"), scorer=match(location="exact")
    )

    log = run(task, gateway, tmp_path, temperature=0.0, max_tokens=10)

    assert log.status == "success"
    assert log.results is not None
    assert log.results.scores[0].metrics["accuracy"].value == 1.0
    conversations = [
        {
            (message.metadata or {})["openhands_conversation"]
            for message in sample.messages
            if message.role == "assistant"
        }
        for sample in log.samples or []
    ]
    assert [len(each) for each in conversations] == [1] * 20
    ids = {name for each in conversations for name in each}
    assert len(ids) == 20
    assert {len(gateway.user_messages(name)) for name in ids} == {3}
    totals = [gateway.request("GET", f"/api/conversations/{name}").json()["stats"] for name in ids]
    tokens = [each["usage_to_metrics"]["default"]["accumulated_token_usage"] for each in totals]
    used = log.stats.model_usage["openhands/scripted"]
    assert used.input_tokens == sum(each["prompt_tokens"] for each in tokens) > 0
    assert used.output_tokens == sum(each["completion_tokens"] for each in tokens) > 0
    assert [sample.output.metadata and sample.output.metadata["ignored"] for sample in log.samples or []] == [
        ["max_tokens", "temperature"]
    ] * 20
    [said] = [event.message for sample in log.samples or [] for event in sample.events if event.event == "logger"]
    assert said.level == "warning"
    assert "the endpoint ignores max_tokens, temperature" in said.message


def test_the_answer_of_an_agent_slower_than_the_endpoint_is_recovered_and_the_agent_runs_once(
    gateway: Gateway, tmp_path: Path
) -> None:
    samples = [Sample("Slow, slow. Reply with exactly: late\n[[delay: 2]]", target="late")]

    log = run(inspect_ai.Task(samples, solver=generate(), scorer=match(location="exact")), gateway, tmp_path)

    assert log.results is not None
    assert log.results.scores[0].metrics["accuracy"].value == 1.0
    assert gateway.asked("Slow, slow.")["count"] == 1
    [sample] = log.samples or []
    assert sample.output.metadata == {"adopted": True, "sends": 1, "ignored": []}
    assert sample.output.usage is not None
    assert sample.output.usage.total_tokens > 0


def test_an_agent_that_fails_is_an_error_of_the_sample_and_is_not_started_again(
    gateway: Gateway, tmp_path: Path
) -> None:
    samples = [Sample("Fail, please. [[error: 500]]", target="x"), Sample("Reply with exactly: 4", target="4")]

    log = run(
        inspect_ai.Task(samples, solver=generate(), scorer=match(location="exact")),
        gateway,
        tmp_path,
        fail_on_error=False,
    )

    failed, right = log.samples or []
    assert failed.error is not None
    assert "Agent run ended with status: error" in failed.error.message
    assert "conversation" in failed.error.message
    assert gateway.key not in log.model_dump_json()
    assert failed.scores == {}
    assert right.error is None
    assert gateway.asked("Fail, please.")["count"] == 1


def test_a_task_with_tools_fails_and_asks_nothing(gateway: Gateway, tmp_path: Path) -> None:
    samples = [Sample("What about the weather in Kyiv?", target="it rains in Kyiv")]
    task = inspect_ai.Task(samples, solver=[use_tools(weather()), generate()], scorer=match(location="exact"))

    log = run(task, gateway, tmp_path)

    assert log.status == "error"
    assert log.error is not None
    assert "the task has tools (weather)" in log.error.message
    assert gateway.asked("weather in Kyiv")["count"] == 0
