"""The scripted model as a process beside a server, and the profile that leads to it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.targets import ModelLog

if TYPE_CHECKING:
    from contextlib import ExitStack

    from harness.json_value import Json


def make_home(kind: str, undo: ExitStack) -> Path:
    """A folder that is the HOME of servers of ours; undone, they are stopped and it is removed.

    Its name tells whose it is, for `cleanup` to find when this process was killed.
    """
    from harness.targets.process import stop_stale

    home = Path(tempfile.mkdtemp(prefix=f"gateway-harness-{kind}-{os.getpid()}-"))
    undo.callback(shutil.rmtree, home, ignore_errors=True)
    undo.callback(stop_stale, home)
    return home


def start_model(home: Path, undo: ExitStack) -> ModelLog:
    """Start the model, to be stopped by `undo`; where it is and tells what it was asked. Raises TargetError."""
    from harness.targets.process import READY_TIMEOUT, ServerProcess, environment, import_path

    model = ServerProcess(
        "scripted model",
        [sys.executable, "-m", "harness.model"],
        environment=environment(home, **import_path()),
        folder=home,
    )
    undo.callback(model.stop)
    deadline = time.monotonic() + READY_TIMEOUT
    listening = model.wait("listening", lambda: model.line("listening on "), deadline=deadline)
    return ModelLog((listening or "").removeprefix("listening on "), None)


def llm(model: ModelLog) -> dict[str, Json]:
    """What a profile says of that model. Nothing is retried: each failure is one that a scenario asks for."""
    return {"model": "openai/scripted", "base_url": f"{model.url}/v1", "api_key": "no-secret", "num_retries": 0}
