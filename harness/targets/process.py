"""A server process of our own: its environment, its log, its end."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import site
import subprocess
import time
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

import harness
from harness.targets.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

READY_TIMEOUT = 180.0
"""Seconds until a server must be ready. The agent server took 7 s on a quiet machine, 147 s at a load above 20."""

STOP_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""

# What of our environment a server gets. Nothing else does: an agent with a terminal has no business with the user's
# keys, and a proxy would be asked for the scripted model, which is on loopback.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a server whose home is a folder of ours."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # The editor tool makes a folder for each conversation among the temporary ones, and leaves it there.
    return {**inherited, **dict.fromkeys(("HOME", "TMPDIR", "TMUX_TMPDIR"), str(home)), **settings}


def import_path() -> dict[str, str]:
    """The settings that let our interpreter, with another home and folder, import this very harness."""
    ours = str(Path(harness.__file__).parents[1])
    inherited = os.environ.get("PYTHONPATH")
    return {
        "PYTHONPATH": os.pathsep.join([ours, inherited] if inherited else [ours]),
        "PYTHONUSERBASE": site.getuserbase(),
    }


class ServerProcess:
    """A server in a process group of its own.

    Args:
        name: how a message calls it, such as `the reference gateway`; its output goes to files of that name.
        command: the program and its arguments. No secret may be in it: every user of the machine can list them.
        environment: all that the process sees.
        folder: its working directory, which also gets its output.
    """

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._command = shlex.join(command)
        self._secrets = [value for name, value in environment.items() if "KEY" in name and value]
        self._stdout, self._log = folder / f"{name}.stdout", folder / f"{name}.stderr"
        with self._stdout.open("wb") as stdout, self._log.open("wb") as stderr:
            try:
                self._process = subprocess.Popen(
                    command,
                    env=environment,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            except OSError as problem:  # no more processes or memory, above all
                raise TargetError(
                    f"{name} can't be started: {problem.strerror}",
                    where=self._command,
                    advice="see how many processes run here, and how much memory is free",
                ) from None

    def line(self, prefix: str) -> str | None:
        """The first whole line on stdout so far that begins so."""
        lines = self._stdout.read_text("utf-8", "replace").splitlines(keepends=True)
        return next((line.rstrip("\n") for line in lines if line.startswith(prefix) and line.endswith("\n")), None)

    def wait[T](self, for_what: str, look: Callable[[], T], *, deadline: float, interval: float = 0.05) -> T:
        """Look until there is something to see.

        Args:
            for_what: what is waited for, for the message.
            look: gives something true in the end.
            deadline: on `time.monotonic()`'s clock.
            interval: seconds between two looks.

        Raises:
            TargetError: the process ended, or time is up; with the last lines of its log.
        """
        while True:
            if seen := look():
                return seen
            if ended := self._ended():
                raise self._failed(f"{ended} before it was {for_what}")
            if time.monotonic() > deadline:
                raise self._failed(f"{self.name} was not {for_what} in time")
            time.sleep(interval)

    def stop(self, grace: float = STOP_GRACE) -> None:
        """SIGTERM, and `grace` seconds later SIGKILL for the whole process group. Calling it again does nothing."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def trouble(self, answers: Callable[[], bool]) -> str | None:
        """What is wrong with a server that was up before, with the end of its log; None when nothing is.

        Args:
            answers: whether it does by now; asked only if it still runs.
        """
        if ended := self._ended():
            return ended + self._log_end()
        return None if answers() else f"{self.name} still runs, and did not say that it is ready{self._log_end()}"

    def _ended(self) -> str | None:
        status = self._process.poll()
        if status is None:
            return None
        return f"{self.name} {f'ended with status {status}' if status >= 0 else f'was ended by signal {-status}'}"

    def _log_end(self) -> str:
        tail = "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-15:])
        for secret in self._secrets:
            tail = tail.replace(secret, "***")
        return f"; the end of its log:\n{indent(tail, '    ')}" if tail else "; its log is empty"

    def _failed(self, what: str) -> TargetError:
        advice = "see the log; a URL as TARGET needs no server here"
        return TargetError(what + self._log_end(), where=self._command, advice=advice)


def stop_stale(home: Path) -> None:
    """Kill every process of ours whose HOME is that folder, by its id.

    A terminal tool's tmux server is a daemon that outlives the server: seen with agent server 1.46.0 and 1.47.0. Found
    through /proc, so on Linux only.
    """
    wanted = f"HOME={home}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        # Another user's process can't be read, and one may end while we look.
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
