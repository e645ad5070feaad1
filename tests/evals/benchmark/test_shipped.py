"""The benchmarks that ship: the scripted model solves some of each and not all, the same ones every time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from harness.evals.benchmark.load import load_benchmark
from harness.evals.outcome import Outcome
from harness.evals.scorers.scoring import make_scoring
from harness.model.rules import respond

if TYPE_CHECKING:
    from harness.evals.sample import Sample

pytest.importorskip("jinja2")
OURS = ("arithmetic", "capitals", "functions", "instructions")


def _answers(sample: Sample) -> tuple[str, ...]:
    """The scripted model's answers in one conversation."""
    messages = [{"role": "system", "content": sample.system or ""}]
    for turn in sample.turns:
        messages.append({"role": "user", "content": turn})
        messages.append({"role": "assistant", "content": respond(messages).text})
    return tuple(message["content"] for message in messages if message["role"] == "assistant")


def _outcome(sample: Sample, *answers: str) -> Outcome:
    return Outcome(0, sample.id, 1, "conversation", "http://localhost", answers, None, 0.0, adopted=False, sends=1)


def _solved(name: str, **options: str) -> tuple[set[str], int]:
    """The ids of the samples that the scripted model solves, and how many samples there are."""

    async def score() -> tuple[set[str], int]:
        benchmark = load_benchmark(name, prompt=options.get("prompt"))
        scoring = make_scoring(benchmark.scorers)
        scoring.check(benchmark.samples)
        solved = set()
        for sample in benchmark.samples:
            scores = await scoring(sample, _outcome(sample, *_answers(sample)))
            if scores[0].value == 1:
                solved.add(sample.id)
        await scoring.close()
        return solved, len(benchmark.samples)

    return asyncio.run(score())


def test_the_scripted_model_solves_thirty_percent_of_the_demo() -> None:
    solved, count = _solved("arithmetic")
    assert (len(solved), count) == (12, 40)
    assert {sample.partition("-")[0] for sample in solved} == {"dictation", "recall", "counting", "repetition"}


def test_another_prompt_loses_some_of_the_demo_and_wins_others() -> None:
    usual, _ = _solved("arithmetic")
    other, _ = _solved("arithmetic", prompt="{{ input }}\nIf you are not sure, reply with exactly: 0")
    assert len(usual - other) == 6
    assert other - usual == {"addition-4", "subtraction-4"}


@pytest.mark.parametrize("name", OURS)
def test_the_scripted_model_solves_some_of_a_set_and_not_all(name: str) -> None:
    solved, count = _solved(name)
    assert 0 < len(solved) < count


@pytest.mark.parametrize("name", ["arithmetic", "instructions"])
def test_the_right_answer_to_every_sample_is_scored_as_right(name: str) -> None:
    benchmark = load_benchmark(name)
    scoring = make_scoring(benchmark.scorers)
    for sample in benchmark.samples:
        (score,) = asyncio.run(scoring(sample, _outcome(sample, *[sample.target[0]] * len(sample.turns))))
        assert score.value == 1, sample.id


def test_every_function_has_a_solution_that_passes_its_tests() -> None:
    for sample in load_benchmark("functions").samples:
        scope: dict[str, object] = {}
        exec(f"{sample.metadata['solution']}\n{sample.scoring['test']}\ncheck({sample.scoring['entry_point']})", scope)
