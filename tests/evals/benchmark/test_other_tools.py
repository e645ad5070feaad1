"""Other tools' benchmark files are not read; the error says what they are and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.evals.benchmark.files import complaint, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "task: sums\ndataset_path: json\ndoc_to_text: '{{question}}'\n",
        "task: sums\nprocess_docs: !function utils.process\ndoc_to_text: question\n",
        "include: _default_yaml\ntask: mmlu_algebra\ndataset_name: algebra\n",
        "group: mmlu\ntask:\n  - mmlu_algebra\n",
        "dataset_path: cais/mmlu\ndoc_to_text: '{{question}}'\n",
    ],
    ids=["task", "with code", "includes", "group", "included"],
)
@pytest.mark.parametrize("name", ["task.yaml", "_default_yaml"])
@pytest.mark.parametrize("options", [{}, {"format": "lm-eval"}, {"format": "gsm8k"}], ids=str)
def test_a_task_of_lm_eval_is_told_from_a_benchmark_file(
    tmp_path: Path, text: str, name: str, options: dict[str, str]
) -> None:
    said = complaint(write(tmp_path, name, text), **options)
    assert said.startswith(f"{name}: a task file of lm-eval, which is not read here. Run lm-eval itself against")
    assert "docs/evaluation-recipes.md" in said
    assert "benchmark file" in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("promptfooconfig.yaml", "prompts: ['{{ x }}']\nproviders: [openai:chat:x]\ntests: file://tests.csv\n"),
        ("promptfooconfig.yaml", "providers: [openai:chat:x]\ntests:\n  - vars: {x: !env X}\n"),
        ("promptfooconfig.json", '{\n  "prompts": ["{{ x }}"],\n  "tests": []\n}\n'),
    ],
)
def test_a_configuration_of_promptfoo_is_told_from_a_benchmark_file(tmp_path: Path, name: str, text: str) -> None:
    said = complaint(write(tmp_path, name, text))
    assert said.startswith(f"{name}: a configuration of promptfoo, which is not read here. Run promptfoo itself")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "name: x\ntask: sums\nsamples: [{prompt: q}]\n"),
        ("a.yaml", "name: x\nsamples:\n  - prompts: q\n    tests: t\n"),
        ("a.jsonl", '{"prompts": "q", "tests": "t"}\n{"task": "t", "doc_to_text": "q"}\n'),
    ],
)
def test_a_broken_file_of_ours_is_not_taken_for_another_tools(tmp_path: Path, name: str, text: str) -> None:
    assert "not read here" not in complaint(write(tmp_path, name, text))
