"""Gateways to explore, served by this process, and `explore` on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from harness.cli import main
from harness.mutants.exchange import refusal
from harness.mutants.mutant import Front
from harness.mutants.target import MutantTarget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.mutants.exchange import Request, Response


class Watched(Front):
    """The sound gateway, which does not say what it is, and remembers what it was asked."""

    received: ClassVar[list[Request]]

    async def answer(self, request: Request) -> Response:
        if request.path == "/server_info":
            return refusal(404, "there is nothing here")
        self.received.append(request)
        return await self.gateway(request)


class Served:
    """A gateway of someone else's, as far as `explore` can tell."""

    def __init__(self, url: str, key: str, reports: Path) -> None:
        self.url, self.key, self.reports = url, key, reports

    def explore(self, *options: str) -> int:
        return main(["explore", self.url, "--reports", str(self.reports), "--quiet", *options])

    @contextmanager
    def started(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "harness", "explore", self.url, "--reports", str(self.reports), *options]
        environment = {**os.environ, "SESSION_API_KEY": self.key}
        with subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()

    def report(self) -> dict[str, Any]:
        (file,) = self.reports.glob("*/*/report.json")
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return document

    def page(self, name: str) -> str:
        (file,) = self.reports.glob(f"*/*/{name}")
        return file.read_text("utf-8")

    def left(self) -> list[str]:
        """The conversations and profiles that are there, besides the profile that was there before."""
        conversations = [each["id"] for each in self._get("/api/conversations/search?limit=100")["items"]]
        profiles = [each["name"] for each in self._get("/api/profiles")["profiles"]]
        return conversations + [each for each in profiles if each != "scripted"]

    def _get(self, path: str) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.url}{path}", headers={"X-Session-API-Key": self.key})
        with urllib.request.urlopen(request) as response:
            document: dict[str, Any] = json.load(response)
        return document


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serves a gateway until the end of the test."""
    for name in ("AGENT_SERVER_URL", "OPENHANDS_MODEL", "LLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    targets = []

    def start(gateway: type[Front]) -> Served:
        target = MutantTarget(gateway)
        targets.append(target)
        endpoint = target.start(lambda _: None)
        monkeypatch.setenv("SESSION_API_KEY", endpoint.key or "")
        return Served(endpoint.base_url, endpoint.key or "", tmp_path / "reports")

    yield start
    for target in targets:
        target.stop()


@pytest.fixture
def watched() -> type[Watched]:
    """A gateway with a memory of its own."""
    return type("Watched", (Watched,), {"received": []})
