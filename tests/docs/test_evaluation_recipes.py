"""docs/evaluation-recipes.md: Inspect's recipe works as it stands; lm-eval's and promptfoo's say what they have to.

The latter two were run by hand with the versions that the document names: they take 574 MB and 2 GB.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from harness.evals.benchmark.load import load_benchmark
from harness.evals.sample import BenchmarkError
from tests.docs.generated import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEXT = (ROOT / "docs" / "evaluation-recipes.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
FILES = dict(re.findall(r"^```(?:yaml|python)\n# (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
[QUESTIONS] = [block for language, block in BLOCKS if language == "json"]
LM_EVAL, PROMPTFOO = [block for language, block in BLOCKS if language == "sh"]


def words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " "))


def option(command: str, name: str) -> str:
    """The word after an option of a command."""
    given = words(command)
    return given[given.index(name) + 1]


def test_the_inspect_recipe_prints_what_it_says(tmp_path: Path, reader: Mapping[str, str]) -> None:
    pytest.importorskip("inspect_ai")
    (tmp_path / "arithmetic.py").write_text(FILES["arithmetic.py"])
    [console] = [block for language, block in BLOCKS if language == "console"]
    command, *printed = console.removeprefix("$ ").splitlines()

    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=reader, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in printed if line != "..." and line not in done.stdout] == []
    logs = [path.read_bytes() for path in (tmp_path / "logs").iterdir()]
    assert logs
    assert not any(reader["SESSION_API_KEY"].encode() in log for log in logs)


def test_lm_eval_asks_the_endpoint_once_for_each_question() -> None:
    settings = dict(pair.split("=", 1) for pair in option(LM_EVAL, "--model_args").split(","))

    assert option(LM_EVAL, "--model") == "local-chat-completions"
    assert settings["base_url"] == "$AGENT_SERVER_URL/v1/chat/completions"
    assert (settings["model"], settings["max_retries"]) == ("openhands_scripted", "1")
    assert float(settings["timeout"]) > 120
    assert "--apply_chat_template" in words(LM_EVAL)
    assert option(LM_EVAL, "--fewshot_as_multiturn") == "false"
    assert words(LM_EVAL)[0] == "OPENAI_API_KEY=$SESSION_API_KEY"


def test_the_lm_eval_task_generates_and_takes_the_number_out_of_the_text() -> None:
    task = yaml.safe_load(FILES["openhands_numbers.yaml"])

    assert option(LM_EVAL, "--tasks") == task["task"]
    assert (task["output_type"], task["num_fewshot"]) == ("generate_until", 0)
    assert task["dataset_kwargs"]["data_files"] == {task["test_split"]: "questions.jsonl"}
    pattern = task["filter_list"][0]["filter"][0]["regex_pattern"]
    assert re.findall(pattern, "2 and 2 are 4\n") == ["4"]


def test_promptfoo_asks_the_endpoint_once_for_each_test() -> None:
    config = yaml.safe_load(FILES["promptfooconfig.yaml"])

    [provider] = config["providers"]
    assert provider["id"] == "openai:chat:openhands_scripted"
    assert provider["config"] == {
        "apiBaseUrl": "{{env.AGENT_SERVER_URL}}/v1",
        "apiKeyEnvar": "SESSION_API_KEY",
        "maxRetries": 0,
    }
    assert config["evaluateOptions"]["cache"] is False
    timeout = re.search(r"REQUEST_TIMEOUT_MS=(\d+)", PROMPTFOO)
    assert timeout is not None
    assert int(timeout[1]) > 120_000


@pytest.mark.parametrize(
    ("name", "tool"), [("openhands_numbers.yaml", "lm-eval"), ("promptfooconfig.yaml", "promptfoo")]
)
def test_our_own_runner_sends_the_reader_of_these_files_back_here(tmp_path: Path, name: str, tool: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    with pytest.raises(
        BenchmarkError, match=rf"Run {tool} itself against the endpoint \(docs/evaluation-recipes\.md\)"
    ):
        load_benchmark(str(tmp_path / name))


def test_our_own_runner_reads_the_data_under_its_own_names(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    (tmp_path / "questions.jsonl").write_text(QUESTIONS.replace("question", "prompt").replace("answer", "target"))

    samples = list(load_benchmark(str(tmp_path / "questions.jsonl"), scorers=["number"]).samples)

    assert [(sample.turns, sample.target) for sample in samples] == [
        (("Reply with exactly: 4",), ("4",)),
        (("Say what you were told.",), ("7",)),
    ]
