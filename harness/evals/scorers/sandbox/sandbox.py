"""A sandbox for programs; each runs in a folder of its own, which is deleted after it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import harness
from harness.evals.scorers.sandbox.supervisor import PATIENCE
from harness.evals.scorers.scorer import ScorerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WARDEN = (
    "import sys; sys.path.insert(0, sys.argv[1]); from harness.evals.scorers.sandbox.supervisor import main; main()"
)
_GRACE = 60
"""Seconds that a supervisor has, on a busy machine, besides those of its program."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use.

    Attributes:
        seconds: of the clock; those in which other programs kept the processor from it don't count.
        cpu_seconds: of a processor, each process for itself.
        memory: bytes of address space, each process for itself.
        processes: at once; when it is 1, threads are not counted.
        file_size: bytes that a file may have.
        disk: bytes of all its files; each, or a folder, counts as 16 KiB at least.
        output: bytes that it may write to standard output, and to standard error; the last 64 KiB of each are kept.
    """

    seconds: float = 30
    cpu_seconds: int = 10
    memory: int = 1 << 30
    processes: int = 1
    file_size: int = 16 << 20
    disk: int = 64 << 20
    output: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a program.

    Attributes:
        ended: `exited` by itself or by a signal; else which limit it met, and it was killed.
        status: with which it exited; None when it was killed.
        signal: by which it was killed, also by itself.
        seconds: that it took.
        cpu: seconds of a processor.
        stdout: the last 64 KiB.
        stderr: likewise.
    """

    ended: Literal["exited", "time", "cpu", "output", "disk"]
    status: int | None
    signal: int | None
    seconds: float
    cpu: float
    stdout: str
    stderr: str

    @property
    def why(self) -> str:
        """How it ended, in words."""
        match self.ended:
            case "exited" if self.signal is not None:
                return f"it was killed by {signal.Signals(self.signal).name}"
            case "exited":
                return f"it exited with {self.status}"
            case "time":
                return "it took too long"
            case "cpu":
                return "it used too much of the processor"
            case "output":
                return "it wrote too much"
            case "disk":
                return "it filled too much of the disk"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Runs programs, as many at once as there are processors.

    Attributes:
        limits: of each of them.
        reads: files and folders that it may read, besides its own; None for all, and then it may also change modes and
            times of files that are not its own.
        network: whether it may use sockets, where Landlock and seccomp can be had.
        guarded: whether a machine that can't keep it from files and network is refused.
    """

    limits: Limits
    reads: tuple[str, ...] | None = ()
    network: bool = False
    guarded: bool = True
    _turns: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(os.cpu_count() or 1), init=False, repr=False, compare=False
    )

    async def run(
        self, command: Sequence[str], *, environment: Mapping[str, str], files: Mapping[str, str], stdin: str = ""
    ) -> Ended:
        """Run a program to its end.

        Args:
            command: the program, a path, and its arguments.
            environment: all of it; `HOME` and `TMPDIR`, its folder, are added.
            files: in its folder, by name.
            stdin: what it reads there.

        Raises:
            ScorerError: the sandbox did not start.
        """
        async with self._turns:
            folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="scorer-")
            try:
                request = {
                    **asdict(self.limits),
                    "command": list(command),
                    "environment": {**environment, "HOME": folder, "TMPDIR": folder},
                    "files": dict(files),
                    "stdin": stdin,
                    "folder": folder,
                    "reads": None if self.reads is None else [*self.reads, folder],
                    "network": self.network,
                    "guarded": self.guarded,
                    "asked_by": os.getpid(),
                }
                said = await _ask_warden(json.dumps(request), PATIENCE * self.limits.seconds + _GRACE)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if "error" in said:
            raise ScorerError(f"the sandbox does not start: {said['error']}")
        return Ended(**said)


def harmless_environment() -> dict[str, str]:
    """Of our environment what programs are found by; whatever else is there, such as keys, is not theirs to read."""
    names = ("PATH", "LD_LIBRARY_PATH")  # without the latter not every Python of a CI service starts
    return {"LANG": "C.UTF-8", **{name: os.environ[name] for name in names if name in os.environ}}


async def _ask_warden(request: str, seconds: float) -> dict[str, Any]:
    """Its answer. Raises ScorerError when it has none."""
    root = str(Path(harness.__file__).parent.parent)
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _WARDEN, root),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=harmless_environment(),
        start_new_session=True,  # Ctrl-C is for us; we close its input then
    )
    assert supervisor.stdin is not None
    assert supervisor.stdout is not None
    assert supervisor.stderr is not None
    try:
        async with asyncio.timeout(seconds):
            supervisor.stdin.write(request.encode() + b"\n")
            answer, complaint = await asyncio.gather(supervisor.stdout.read(), supervisor.stderr.read())
    except TimeoutError:
        raise ScorerError("the sandbox does not answer") from None
    finally:
        # It ends the program and all that it started. Killed in the midst of that it would leave them behind.
        supervisor.stdin.close()
        try:
            async with asyncio.timeout(_GRACE):
                await asyncio.gather(supervisor.stdout.read(), supervisor.stderr.read(), supervisor.wait())
        except TimeoutError:
            supervisor.kill()
    if not answer:
        last = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise ScorerError(f"the sandbox broke: {last or f'status {supervisor.returncode}'}")
    said: dict[str, Any] = json.loads(answer)
    return said
