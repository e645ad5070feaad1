"""The processes that the benchmark of the gateway measures: the gateway, the bare SDK, and the model behind both."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.bench.process import environment

if TYPE_CHECKING:
    from contextlib import ExitStack

CONVERSATION = "X-OpenHands-ServerConversation-ID"


class Child:
    """A process that answers lines on stdin, and is ended by `undo`."""

    def __init__(self, undo: ExitStack, *arguments: str | Path, home: Path, **settings: str) -> None:
        quiet = {"OPENHANDS_SUPPRESS_BANNER": "1", "LOG_AUTO_CONFIG": "false", "OH_PERSISTENCE_DIR": str(home)}
        self._process = undo.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(**quiet, **settings),
            )
        )
        undo.callback(self._process.terminate)

    def line(self) -> str:
        """Its next line of output. Raises RuntimeError if it has ended."""
        assert self._process.stdout is not None
        if said := self._process.stdout.readline():
            return said.strip()
        raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")

    def ask(self, question: str) -> Any:
        """The answer to a command."""
        assert self._process.stdin is not None
        print(question, file=self._process.stdin, flush=True)
        return json.loads(self.line())

    def resident(self) -> float:
        """Its memory in KiB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text("utf-8").splitlines()
        return float(next(line for line in lines if line.startswith("VmRSS")).split()[1])


class Bare(Child):
    """A program on the SDK alone."""

    def __init__(self, undo: ExitStack, folder: Path, store: str, *, model: str = "") -> None:
        super().__init__(undo, "tests.bench.bare_sdk", folder / "bare", store, home=folder / "sdk", MODEL_URL=model)
        self.line()

    def windows(self, *windows: tuple[int, int]) -> list[float]:
        """Milliseconds of CPU a turn, of the turns from `start` to `stop` of one fresh conversation."""
        used = self.ask(" ".join(["windows", *(str(bound) for window in windows for bound in window)]))
        return [seconds / (stop - start) * 1000 for seconds, (start, stop) in zip(used, windows, strict=True)]


class Gateway(Child):
    """The gateway, asked over HTTP."""

    def __init__(self, undo: ExitStack, folder: Path, store: str, *, held: int = 1000, model: str = "") -> None:
        command = ("tests.bench.gateway_server", folder / "gateway", store, str(held))
        super().__init__(undo, *command, home=folder / "sdk", MODEL_URL=model)
        self.chat = Chat(undo, self.line().split()[-1], "sk-bench")
        self.line()
        self.windows((0, 2))  # what is imported or cached once

    def windows(self, *windows: tuple[int, int]) -> tuple[list[float], list[float]]:
        """Milliseconds of CPU a turn, as `Bare.windows`, and those of each of the turns on the wall."""
        conversation, cpu, wall = None, [], []
        played = 0
        for start, stop in windows:
            for number in range(played, start):
                _, conversation = self.chat.turn(f"message {number}", conversation)
            used = self.ask("cpu")
            for number in range(start, stop):
                began = time.perf_counter()
                _, conversation = self.chat.turn(f"message {number}", conversation)
                wall.append((time.perf_counter() - began) * 1000)
            cpu.append((self.ask("cpu") - used) / (stop - start) * 1000)
            played = stop
        return cpu, wall

    def refusals(self, count: int) -> float:
        """Milliseconds of CPU of a request that is refused before an agent is asked: what HTTP costs by itself."""
        used = self.ask("cpu")
        for _ in range(count):
            self.chat.refused()
        return float(self.ask("cpu") - used) / count * 1000


class Chat:
    """A client of an endpoint; good for many threads."""

    def __init__(self, undo: ExitStack, url: str, key: str) -> None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        headers = {"X-Session-API-Key": key}
        self._client = undo.enter_context(httpx.Client(base_url=url, headers=headers, timeout=120, limits=limits))

    def turn(self, text: str, conversation: str | None, profile: str = "in-process") -> tuple[str, str]:
        """One turn: the answer, and the conversation's identifier."""
        response = self._client.post(
            "/v1/chat/completions",
            headers={CONVERSATION: conversation} if conversation else {},
            json={"model": f"openhands_{profile}", "messages": [{"role": "user", "content": text}]},
        )
        response.raise_for_status()
        return response.json()["choices"][0]["message"]["content"], response.headers[CONVERSATION]

    def refused(self) -> None:
        """A request without a message. Raises RuntimeError if it is not refused."""
        body: dict[str, object] = {"model": "openhands_in-process", "messages": []}
        if (status := self._client.post("/v1/chat/completions", json=body).status_code) != 400:
            raise RuntimeError(f"status {status}")


def scripted_model(undo: ExitStack, folder: Path) -> str:
    """Start the scripted model in a process of its own; its base URL."""
    return Child(undo, "harness.model", home=folder).line().split()[-1] + "/v1"
