"""`predictions.jsonl` for SWE-bench: the patches in a run's answers, for `swebench` to test in its containers."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.evals.outcome import FailureKind
from harness.presentation.files import whole_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from harness.evals.outcome import Outcome

_BLOCK = re.compile(r"^(`{3,}|~{3,})[ \t]*(?:diff|patch)?[ \t]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_BEGINNING = re.compile(r"^(diff --git |--- [^\n]+\n\+\+\+ )", re.MULTILINE)


def patch_of(answer: str) -> str:
    """The patch in an answer, as `git apply` accepts it; empty when there is none.

    That is the last code block with a patch, or else everything from the first line that begins one.
    """
    answer = answer.replace("\r\n", "\n")
    blocks = [block[2] for block in _BLOCK.finditer(answer) if _BEGINNING.search(block[2])]
    patch = blocks[-1] if blocks else answer
    beginning = _BEGINNING.search(patch)
    return patch[beginning.start() :].rstrip("\n") + "\n" if beginning else ""


def write_predictions(folder: Path, outcomes: Iterable[Outcome], model: str) -> tuple[Path, ...]:
    """Write a line for each answer, with an empty patch if it has none; failures get no line.

    Args:
        folder: of the run.
        outcomes: of the run.
        model: `model_name_or_path`, after which `swebench` names its report.

    Returns:
        The files: `predictions.jsonl`, and `predictions-2.jsonl` and so on for further epochs, since `swebench` takes
        one prediction per instance.

    Raises:
        OSError: they can't be written; then none of them is.
    """
    files: dict[int, Callable[[str], object]] = {}
    with ExitStack() as stack:
        for outcome in outcomes:
            if outcome.epoch not in files:
                files[outcome.epoch] = stack.enter_context(whole_lines(_path(folder, outcome.epoch)))
            if outcome.failure is None or outcome.failure.kind is FailureKind.SCORER:
                patch = patch_of(outcome.answer)
                line = {"instance_id": outcome.sample, "model_name_or_path": model, "model_patch": patch}
                files[outcome.epoch](json.dumps(line))
    return tuple(_path(folder, epoch) for epoch in sorted(files))


def _path(folder: Path, epoch: int) -> Path:
    return folder / ("predictions.jsonl" if epoch == 1 else f"predictions-{epoch}.jsonl")
