"""The pool: which server gets the next sample. The least loaded one that can be reached."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from harness.evals.runner.client import Client
from harness.evals.runner.events import SetAside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from harness.evals.runner.events import Watcher
    from harness.evals.runner.settings import Server, Settings

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds that a server is set aside; twice as long each time that it still can't be reached."""


class Lane:
    """A server's place in the pool.

    Attributes:
        client: for its requests.
        load: samples that it has at work.
        problem: why it could not be reached the last time that it could not.
    """

    def __init__(self, client: Client, watch: Watcher) -> None:
        self.client, self.load = client, 0
        self._watch = watch
        self._pause = _FIRST_PAUSE
        self._aside_until = 0.0
        self._unreached_since: float | None = None
        self.problem = ""
        self._full_until = 0.0

    @property
    def url(self) -> str:
        """By which the journal knows the server."""
        return self.client.server.base_url

    def reached(self, problem: str | None) -> None:
        """The server could be reached: None; or it could not, and gets no new samples for a while."""
        now = time.monotonic()
        if problem is None:
            self._pause, self._aside_until, self._unreached_since = _FIRST_PAUSE, 0.0, None
        elif now >= self._aside_until:  # else it is known: others were on their way to it
            self._aside_until = now + self._pause
            self._unreached_since, self.problem = self._unreached_since or now, problem
            self._watch(SetAside(self.url, self._pause, problem))
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def full(self, seconds: float) -> None:
        """The server has no room for so long."""
        self._full_until = time.monotonic() + seconds

    def away(self) -> float:
        """For how many seconds it still gets nothing new; 0 for none."""
        return max(0.0, self._aside_until - time.monotonic())

    def unreached(self) -> float:
        """For how many seconds it could not be reached."""
        return time.monotonic() - self._unreached_since if self._unreached_since is not None else 0.0

    def rank(self) -> tuple[bool, int]:
        """Its place among those that may get a sample: the lowest gets it."""
        return time.monotonic() < self._full_until, self.load


class Unreached(Exception):  # noqa: N818 - the end of the run, not an error of anybody's
    """No server can be reached any more: why."""


class Pool:
    """The servers, to be used in `async with`."""

    def __init__(self, servers: Sequence[Server], settings: Settings, watch: Watcher) -> None:
        self._patience = settings.patience
        self._lanes = [Lane(Client(server, settings.request_timeout), watch) for server in servers]
        self._undo = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for lane in self._lanes:
            await self._undo.enter_async_context(lane.client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._undo.aclose()

    def at(self, url: str) -> Lane | None:
        """The server of that URL; None when it is none of the pool's."""
        return next((lane for lane in self._lanes if lane.url == url), None)

    async def choose(self) -> Lane:
        """The server for a new sample.

        Raises:
            Unreached: none could be reached for as long as patience lasts.
        """
        while True:
            present = [lane for lane in self._lanes if not lane.away()]
            if present:
                return min(present, key=Lane.rank)
            if all(lane.unreached() >= self._patience for lane in self._lanes):
                raise Unreached(self._lanes[0].problem)
            await asyncio.sleep(min(lane.away() for lane in self._lanes))
