"""A check of a release whose terminal tool starts a daemon leaves nothing running."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.targets.errors import TargetError
from harness.targets.installation import installed_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked up in /proc"),
]

RELEASE = "1.46.0"
"""Its tmux server outlives SIGTERM; so does 1.47.0's."""


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    try:
        installed_server(RELEASE, lambda _: None)
    except TargetError as problem:
        pytest.skip(f"agent server {RELEASE} can't be had here: {problem.what.splitlines()[0]}")


def processes(folder: Path) -> Iterator[str]:
    """The command lines of those whose home is below a folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # another user's, or it has ended
            continue
        if any(each.startswith(f"HOME={folder}/".encode()) for each in environment):
            yield command


def test_a_check_of_a_release_that_leaves_a_daemon_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    home, scratch, reports = (tmp_path / name for name in ("home", "scratch", "reports"))
    for folder in (home, scratch):
        folder.mkdir()  # `scratch` has too long a path for a socket of tmux
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(scratch), "XDG_CACHE_HOME": cache}
    environment.pop("AGENT_SERVER_PYTHON", None)
    command = [sys.executable, "-m", "harness", "check", f"agent-server=={RELEASE}", "--reports", str(reports)]
    command += ["--scenario", "conversation/keeps-its-workspace", "--quiet"]
    daemons = set()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as check:
        while check.poll() is None:
            daemons |= {each for each in processes(scratch) if "/tmux " in each}
            time.sleep(0.3)
        assert check.stdout is not None
        said = check.stdout.read()
    assert check.returncode == 0, said
    assert daemons, "its terminal tool had a tmux server, or this shows nothing"
    assert list(processes(scratch)) == []
    assert list(scratch.iterdir()) == []
    assert list(home.iterdir()) == []
    assert list(Path("/tmp").glob(f"gateway-harness-tmux-{check.pid}-*")) == []
