"""What hostile programs try, and what happens to them."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from harness.evals.scorers.sandbox.sandbox import Limits, Sandbox
from harness.evals.scorers.scorer import ScorerError
from tests.evals.scorers.programs import PYTHON, needs_sandbox, play, running

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = needs_sandbox

BRIEFLY = "import os, time\nend = time.time() + 3\nwhile time.time() < end:"
"""A bomb that goes out by itself, in case a test fails."""
FORBIDDEN = "PermissionError: [Errno 1] Operation not permitted"


def test_a_program_has_its_input_its_files_and_a_folder_to_write_to() -> None:
    ended = play(
        "import os, sys\n"
        "print(sys.stdin.read(), open('given.txt').read(), os.environ['HOME'] == os.environ['TMPDIR'] == os.getcwd())\n"
        "os.mkdir('made'); open('made/mine', 'w').write('x'); os.rename('made/mine', 'moved'); os.remove('moved')\n"
        "sys.stderr.write('said'); sys.exit(5)"
    )
    assert (ended.ended, ended.status, ended.stdout, ended.stderr) == ("exited", 5, "typed given True\n", "said")
    assert ended.why == "it exited with 5"


def test_threads_and_event_loops_work() -> None:
    code = "import asyncio\nasync def f(): return await asyncio.to_thread(lambda: 7)\nprint(asyncio.run(f()))"
    assert play(code).stdout == "7\n"


def test_its_folder_goes_with_it() -> None:
    folder = Path(play("import os; os.makedirs('a/b', 0o000); print(os.getcwd())").stdout.strip())
    assert folder.is_absolute()
    assert not folder.exists()


def test_a_fork_bomb_does_not_get_to_its_first_fork() -> None:
    assert play("import os\nfor _ in range(9): os.fork()").stderr.endswith(f"{FORBIDDEN}\n")


def test_where_processes_are_allowed_there_are_no_more_than_so_many() -> None:
    code = (
        "import os, time\nmade = 0\ntry:\n while made < 100:\n  if not os.fork(): time.sleep(60)\n  made += 1\n"
        "except BlockingIOError: pass\nprint(made)"
    )
    assert 1 <= int(play(code, processes=8).stdout) <= 8


def test_a_fork_bomb_among_allowed_processes_is_stopped_and_swept_up() -> None:
    # Doubles nine times at most, so that the machine survives if the limit fails.
    code = "import os, time\nfor _ in range(9):\n try: os.fork()\n except OSError: pass\nwhile True: time.sleep(0.01)"
    assert play(code, processes=12, seconds=1).ended == "time"


def test_a_daemon_does_not_outlive_its_program() -> None:
    code = (
        "import os, time\nif not os.fork():\n os.setsid()\n if not os.fork():\n  time.sleep(600)\n os._exit(0)\n"
        "os.wait(); print('left it behind')"
    )
    ended = play(code, processes=8)
    assert (ended.status, ended.stdout) == (0, "left it behind\n")


def test_a_memory_bomb_meets_its_limit() -> None:
    assert "MemoryError" in play("x = []\nwhile True: x.append(bytearray(1 << 24))", memory=1 << 28).stderr
    assert (
        "Cannot allocate" in play("import mmap\nx = [mmap.mmap(-1, 1 << 26) for _ in range(99)]", memory=1 << 28).stderr
    )


def test_an_endless_loop_uses_up_its_processor_time() -> None:
    ended = play("while True: pass", cpu_seconds=1)
    assert (ended.ended, ended.status, ended.why) == ("cpu", None, "it used too much of the processor")
    assert play("import signal; signal.signal(signal.SIGXCPU, 1)\nwhile True: pass", cpu_seconds=1).signal


def test_a_sleeper_takes_too_long() -> None:
    ended = play("import time; time.sleep(600)", seconds=0.3)
    assert (ended.ended, ended.why) == ("time", "it took too long")


def test_a_flood_of_output_is_cut_off() -> None:
    ended = play("while True: print('x' * 1000)", output=1 << 20)
    assert ended.ended == "output"
    assert len(ended.stdout) <= 1 << 16


def test_of_much_output_the_end_is_kept() -> None:
    ended = play("for n in range(40_000): print(n)")
    assert (ended.status, ended.stdout[-6:], len(ended.stdout)) == (0, "39999\n", 1 << 16)


def test_a_flood_of_files_is_stopped() -> None:
    assert "File too large" in play("open('f', 'wb').write(bytes(1 << 25))").stderr
    code = "import time\nfor n in range(99): open(f'f{n}', 'wb').write(bytes(1 << 23))\ntime.sleep(600)"
    assert play(code, disk=1 << 26).ended == "disk"
    assert (
        play("import os\nn = 0\nwhile True:\n n += 1; os.mkdir(f'd{n}')", cpu_seconds=20, disk=1 << 23).ended == "disk"
    )


def successes(attempts: str, *, processes: int = 1) -> list[str]:
    """The attempts that succeed; one attempt per line."""
    code = (
        "import os, resource, signal, sys\nfor attempt in sys.stdin.read().splitlines():\n"
        " try: exec(attempt)\n except OSError: continue\n print(attempt)"
    )
    ended = play(code, stdin=attempts, processes=processes)
    assert ended.status == 0, ended.stderr
    return ended.stdout.splitlines()


def test_what_is_outside_its_folder_can_be_neither_written_nor_read(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("a private key")
    before = precious.stat()
    attempts = """\
open('OUTSIDE/new', 'w')
open('OUTSIDE/precious', 'a')
open('OUTSIDE/precious').read()
os.listdir('OUTSIDE')
os.truncate('OUTSIDE/precious', 0)
os.remove('OUTSIDE/precious')
os.rename('OUTSIDE/precious', 'mine')
os.symlink('x', 'OUTSIDE/link')
os.link('OUTSIDE/precious', 'mine')
os.mkdir('OUTSIDE/new')
os.mkfifo('OUTSIDE/new')
os.chmod('OUTSIDE/precious', 0o777)
os.chown('OUTSIDE/precious', 12345, 12345)
os.utime('OUTSIDE/precious', (0, 0))
os.setxattr('OUTSIDE/precious', 'user.x', b'y')
os.symlink('OUTSIDE/precious', 'link'); open('link', 'w')
open('/etc/passwd').read()
open('/dev/shm/new', 'w')
open(f'/proc/{os.getppid()}/environ').read()
open('/proc/self/oom_score_adj', 'w')
"""
    assert successes(attempts.replace("OUTSIDE", str(tmp_path))) == []
    assert successes("open('inside', 'w')\nopen('/dev/null', 'w')") == ["open('inside', 'w')", "open('/dev/null', 'w')"]
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    assert precious.read_text() == "a private key"
    assert (precious.stat().st_mode, precious.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


def test_programs_of_the_author_read_everything_and_write_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("the author's")
    assert play(f"print(open({str(tmp_path / 'mine')!r}).read())", reads=None).stdout == "the author's\n"
    ended = play(f"open({str(tmp_path / 'mine')!r}, 'w')", reads=None)
    assert "PermissionError: [Errno 13]" in ended.stderr
    environment = play("import os; print(open(f'/proc/{os.getppid()}/environ').read())", reads=None)
    assert "PermissionError: [Errno 13]" in environment.stderr


@pytest.fixture
def port() -> object:
    """Of a server on this machine that anybody may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=lambda: server.accept(), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        if thread.is_alive():
            socket.create_connection(server.getsockname()).close()
        thread.join()


@pytest.mark.parametrize("processes", [1, 8])
def test_not_even_this_machine_can_be_connected_to(port: int, processes: int) -> None:
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
    assert play(code, processes=processes).stderr.endswith(f"{FORBIDDEN}\n")


def test_the_network_can_be_allowed(port: int) -> None:
    code = f"import socket; socket.create_connection(('127.0.0.1', {port})); print('there')"
    assert play(code, network=True).stdout == "there\n"


def test_sockets_of_every_kind_are_forbidden() -> None:
    code = (
        "import ctypes\nfor family in (1, 2, 10, 16, 17, 40):\n"
        " for kind in (1, 2, 3): assert ctypes.CDLL(None).socket(family, kind, 0) == -1\n"
        "assert ctypes.CDLL(None).syscall(425, 1, 0) == -1\nprint('none')"
    )
    assert play(code).stdout == "none\n"


@pytest.mark.parametrize("processes", [1, 8])
def test_other_processes_are_out_of_reach(processes: int) -> None:
    attempts = """\
os.kill(os.getppid(), 9)
os.kill(os.getppid(), 0)
os.kill(-1, 9)
os.kill(HARNESS, 15)
os.killpg(os.getpgid(os.getppid()), 9)
signal.pidfd_send_signal(os.pidfd_open(HARNESS), 9)
resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))
os.setpriority(os.PRIO_PROCESS, HARNESS, 19)
os.sched_setaffinity(HARNESS, [0])
os.unshare(os.CLONE_NEWUSER)
os.setns(os.open('/proc/1/ns/net', 0))
"""
    assert successes(attempts.replace("HARNESS", str(os.getpid())), processes=processes) == []


def test_a_program_may_end_itself_by_a_signal() -> None:
    ended = play("import os; os.abort()")
    assert (ended.signal, ended.why) == (6, "it was killed by SIGABRT")


def test_when_nobody_waits_any_more_the_program_ends() -> None:
    mark = "mark-of-one-that-is-cancelled"

    async def give_up() -> None:
        sandbox = Sandbox(Limits(), PYTHON)
        command = [sys.executable, "-I", "-c", "import time; time.sleep(600)", mark]
        task = asyncio.create_task(sandbox.run(command, environment={}, files={}))
        await asyncio.to_thread(_until, lambda: running(f"600)\0{mark}") == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert running(mark) == 0


def test_when_the_harness_is_killed_the_program_ends(tmp_path: Path) -> None:
    mark = "mark-of-one-whose-harness-is-killed"
    code = (
        "import asyncio, sys\nfrom harness.evals.scorers.sandbox.sandbox import *\n"
        f"command = [sys.executable, '-I', '-c', 'import time; time.sleep(600)', {mark!r}]\n"
        "asyncio.run(Sandbox(Limits(), None).run(command, environment={}, files={}))"
    )
    harness = os.posix_spawn(sys.executable, [sys.executable, "-c", code], {**os.environ, "TMPDIR": str(tmp_path)})
    _until(lambda: running(f"600)\0{mark}") == 1)
    os.kill(harness, 9)
    os.waitpid(harness, 0)
    _until(lambda: running(f"600)\0{mark}") == 0)


def test_what_is_no_program_is_a_failure_of_the_sandbox() -> None:
    async def run() -> None:
        await Sandbox(Limits()).run(["/no/such/program"], environment={}, files={})

    with pytest.raises(ScorerError, match="the sandbox does not start: No such file or directory"):
        asyncio.run(run())


def _until(happens: Callable[[], bool]) -> None:
    for _ in range(1500):
        if happens():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to that in half a minute")
