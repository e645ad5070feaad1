from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a reader who has started the gateway with the scripted agent (session key, URL, PATH)."""
    pytest.importorskip("fastapi")
    folder = tmp_path_factory.mktemp("gateway")
    environment = {
        name: value for name, value in os.environ.items() if not re.match(r"(LLM|OH|OPENHANDS|AGENT_SERVER)_", name)
    } | {
        "SESSION_API_KEY": "readme-session-key",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    serve = [sys.executable, "-m", "harness", "serve", "--agent", "scripted", "--port", "0", "--state", f"{folder}/s"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        try:
            assert any(line == "ready\n" for line in server.stdout)
            yield environment | {"AGENT_SERVER_URL": url}
        finally:
            server.terminate()
