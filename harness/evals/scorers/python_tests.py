"""The scorer that runs an answer's Python code against tests in the sandbox."""

from __future__ import annotations

import json
import secrets
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, PrivateAttr

from harness.evals.scorers.code import python_sources
from harness.evals.scorers.program import SandboxScorer
from harness.evals.scorers.sandbox.sandbox import harmless_environment
from harness.evals.scorers.scorer import Mark, ScorerError

if TYPE_CHECKING:
    from harness.evals.outcome import Outcome
    from harness.evals.sample import Sample
    from harness.evals.scorers.sandbox.sandbox import Ended
    from harness.json_value import Json

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/nix/store")


def _driver() -> str:
    return files("harness.evals.scorers").joinpath("python_driver.py").read_text("utf-8")


class PythonTests(SandboxScorer):
    """Right when the answer's code passes the sample's tests.

    The sample's `scoring` has `test`, a program that defines `check`, and `entry_point`, the function to pass to it (as
    in HumanEval), or `tests`, a list of programs such as `assert f(2) == 4`; optionally `prompt`, code that the answer
    may continue, and `setup`, programs that run first.

    The code shares a process with its tests, so code written to cheat can. It can't reach anything else.
    """

    python: str = Field(default=sys.executable, exclude=True)
    """The interpreter; its installed packages can be imported."""
    _driver: str = PrivateAttr(default_factory=_driver)

    def lacks(self, sample: Sample) -> str | None:
        """Tests."""
        try:
            _tests(sample.scoring)
        except ValueError as problem:
            return str(problem)
        return None

    async def score(self, sample: Sample, outcome: Outcome) -> Mark:
        """Run the tests."""
        scoring = sample.scoring
        try:
            setup, tests = _tests(scoring)
        except ValueError as problem:
            raise ScorerError(f"the sample lacks {problem}") from None
        entry_point, prompt = scoring.get("entry_point"), scoring.get("prompt")
        sources = python_sources(
            outcome.answer,
            entry_point if isinstance(entry_point, str) else None,
            prompt if isinstance(prompt, str) else "",
        )
        word = secrets.token_hex(16)
        task = {"sources": sources, "setup": setup, "tests": tests, "word": word}
        ended = await self._sandbox.run(
            [self.python, "-I", "-B", "-X", "utf8", "-c", self._driver],
            environment={**harmless_environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            files={},
            stdin=json.dumps(task),
        )
        right = ended.ended == "exited" and ended.status == 0 and ended.stdout.endswith(word)
        code = sources[0].removeprefix(f"{prompt}\n").strip("\n") or None
        return Mark(float(right), code, None if right else _explanation(ended))

    def _trial(self) -> list[str]:
        return [self.python, "-I", "-c", "exit(7)"]

    def _reads(self) -> tuple[str, ...]:
        return (*_SYSTEM, *{str(path.parent.parent) for path in (Path(self.python), Path(self.python).resolve())})


def _tests(scoring: Any) -> tuple[list[str], list[str]]:
    """The programs to run before and after the answer's code. Raises ValueError: what is missing."""
    setup, tests = _programs(scoring.get("setup", [])), _programs(scoring.get("tests", []))
    if "test" in scoring:
        entry_point = scoring.get("entry_point")
        if not isinstance(entry_point, str) or not entry_point.isidentifier():
            raise ValueError("`scoring.entry_point`, the name of a function")
        tests = [*_programs(scoring["test"]), f"check({entry_point})", *tests]
    if not tests:
        raise ValueError("`scoring.tests`, or `scoring.test` and `scoring.entry_point`")
    return setup, tests


def _programs(value: Json) -> list[str]:
    programs = [value] if isinstance(value, str) else value
    if not isinstance(programs, list) or not all(isinstance(each, str) for each in programs):
        raise ValueError("tests that are texts")
    return [str(each) for each in programs]


def _explanation(ended: Ended) -> str:
    if ended.ended != "exited" or ended.signal is not None:
        return ended.why
    if not ended.status:
        return "it ended before the tests were through"
    lines = ended.stderr.strip().splitlines()
    return "\n".join(lines[-6:])[-1000:] or ended.why
