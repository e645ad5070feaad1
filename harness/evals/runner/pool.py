"""The pool of servers: the least loaded one that can be reached gets the next sample."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from harness.evals.runner.client import Client
from harness.evals.runner.events import SetAside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evals.runner.events import Watcher
    from harness.evals.runner.settings import Server, Settings

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds for which an unreachable server is set aside; doubled each time."""


class Lane:
    """A server of the pool.

    Attributes:
        client: for its requests.
        load: samples that are running there.
        problem: why it could not be reached, the last time that it could not.
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
        """The base URL, which identifies the server in the journal."""
        return self.client.server.base_url

    def reached(self, problem: str | None) -> None:
        """Note that the server was reached (None), or why not: then it gets no new samples for a while."""
        now = time.monotonic()
        if problem is None:
            self._pause, self._aside_until, self._unreached_since = _FIRST_PAUSE, 0.0, None
        elif now >= self._aside_until:  # else it is set aside already: several requests failed at once
            self._aside_until = now + self._pause
            self._unreached_since, self.problem = self._unreached_since or now, problem
            self._watch(SetAside(self.url, self._pause, problem))
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def full(self, seconds: float) -> None:
        """Note that the server has no room for `seconds`."""
        self._full_until = time.monotonic() + seconds

    def away(self) -> float:
        """Seconds for which it still gets no new samples."""
        return max(0.0, self._aside_until - time.monotonic())

    def unreached(self) -> float:
        """Seconds since it could last be reached; 0 when it can be."""
        return time.monotonic() - self._unreached_since if self._unreached_since is not None else 0.0

    def rank(self) -> tuple[bool, int]:
        """Sort key: the server with the lowest rank gets the next sample."""
        return time.monotonic() < self._full_until, self.load


class Unreached(Exception):  # noqa: N818 - ends the run; not an error of ours
    """No server can be reached any more: why."""


class Pool:
    """The servers of a run, used with `async with`."""

    def __init__(self, servers: Sequence[Server], settings: Settings, watch: Watcher) -> None:
        self._patience = settings.patience
        self._lanes = [Lane(Client(server, settings.request_timeout), watch) for server in servers]
        self._undo = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for lane in self._lanes:
            await self._undo.enter_async_context(lane.client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._undo.aclose()

    def at(self, url: str) -> Lane | None:
        """The server with this URL; None when the pool has none."""
        return next((lane for lane in self._lanes if lane.url == url), None)

    async def choose(self) -> Lane:
        """Choose the server for a new sample, waiting while all are set aside.

        Raises:
            Unreached: for as long as `patience`, none could be reached.
        """
        while True:
            present = [lane for lane in self._lanes if not lane.away()]
            if present:
                return min(present, key=Lane.rank)
            if all(lane.unreached() >= self._patience for lane in self._lanes):
                raise Unreached(self._lanes[0].problem)
            await asyncio.sleep(min(lane.away() for lane in self._lanes))
