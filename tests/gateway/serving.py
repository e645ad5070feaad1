"""A gateway in its own process, and raw requests to it, as a user would send them."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CONVERSATION = "X-OpenHands-ServerConversation-ID"
MODEL = "openhands_scripted"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came over the wire; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The assistant's text of a completion."""
        return str(self.json()["choices"][0]["message"]["content"])

    @property
    def conversation(self) -> str:
        return self.headers[CONVERSATION.lower()]


@dataclass(slots=True)
class Gateway:
    """A running gateway."""

    process: subprocess.Popen[str]
    url: str
    key: str
    log: Path
    replies: list[bytes] = field(default_factory=list)
    """Everything that it has answered."""

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = "",
    ) -> Reply:
        """Send one request; `key` None leaves the session key out, `body` goes as JSON, `content` as it is."""
        sent = dict(headers or {})
        if key is not None:
            sent.setdefault("X-Session-API-Key", key or self.key)
        if body is not None:
            content = json.dumps(body).encode()
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_PATIENCE)
        try:
            connection.request(method, path, body=content, headers=sent)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        self.replies.append(str(response.headers).encode() + raw)
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, raw)

    def chat(self, text: str, *, conversation: str | None = None, **headers: str) -> Reply:
        """Ask the scripted agent; `Idempotency_Key="x"` sends a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if conversation is not None:
            named[CONVERSATION] = conversation
        return self.request("POST", "/v1/chat/completions", body=chat_body(text), headers=named)

    def status_of(self, conversation: str) -> str | None:
        """The execution status of a conversation; None if it doesn't exist."""
        reply = self.request("GET", f"/api/conversations/{conversation}")
        return str(reply.json()["execution_status"]) if reply.status == 200 else None

    def asked(self, text: str) -> dict[str, Any]:
        """The requests to the scripted model that contain the text."""
        reply = self.request("GET", f"/scripted-model/requests?containing={quote(text)}")
        assert reply.status == 200
        return dict(reply.json())

    def user_messages(self, conversation: str) -> list[str]:
        """The user's messages in a conversation, from its events."""
        path = f"/api/conversations/{conversation}/events/search?kind=MessageEvent&source=user"
        events = self.request("GET", path).json()["items"]
        return [event["llm_message"]["content"][0]["text"] for event in events]

    def metric(self, sample: str) -> float:
        """The value of one sample of /metrics, such as `gateway_turns_running`."""
        lines = self.request("GET", "/metrics", key=None).body.decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == sample), 0.0)

    def wait_until_ready(self) -> None:
        """Wait for the line on stdout that says `ready`."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", self.log.read_text()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """End it with SIGTERM. Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=_PATIENCE)


def chat_body(text: str, **fields: Any) -> dict[str, Any]:
    """A request for a chat completion."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **fields}


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fails the test if it never does."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.02)


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without anything that `serve` reads."""
    read = ("SESSION_API_KEY", "OH_", "LLM_", "XDG_STATE_HOME")
    return {name: value for name, value in os.environ.items() if not name.startswith(read)} | variables


@contextmanager
def serve(folder: Path, *flags: str, agent: str = "scripted", **variables: str) -> Iterator[Gateway]:
    """A gateway that is ready, with a random key and its state in `folder`, which survives a restart."""
    with listening(folder, *flags, agent=agent, **variables) as gateway:
        gateway.wait_until_ready()
        yield gateway


@contextmanager
def listening(folder: Path, *flags: str, agent: str = "scripted", **variables: str) -> Iterator[Gateway]:
    """A gateway as soon as it listens."""
    key = variables.setdefault("SESSION_API_KEY", secrets.token_urlsafe(24))
    command = [sys.executable, "-m", "harness", "serve", "--port", "0", "--agent", agent]
    log = folder / "log"
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [*command, "--state", str(folder / "state"), *flags],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment(**variables),
        )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith("listening on "), log.read_text()
        yield Gateway(process, first.removeprefix("listening on ").strip(), key, log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
