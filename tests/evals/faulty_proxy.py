"""A proxy that breaks chat requests on their way to a server, or their answers on the way back.

The kinds of faults are those of the fake gateway: `reset-before` and the like never get to the server; of `reset-after`
and the like the server has the request, and its answer is lost.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from tests.evals.fake_gateway import broken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from multiprocessing.connection import Connection


class FaultyProxy:
    """Forwards to a server; `lost` counts the requests that were broken."""

    def __init__(self, url: str, faults: Mapping[str, float], seed: int) -> None:
        self._url, self._faults = url, faults
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[web.Response]] = set()
        self.lost = 0
        self.session: aiohttp.ClientSession

    async def handle(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault() if request.method == "POST" else None
        body = await request.read()
        if fault is None or fault.endswith("-after"):
            # The server keeps the request whatever becomes of ours.
            task = asyncio.create_task(self._forward(request, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            if fault is None:
                return await asyncio.shield(task)
            await asyncio.sleep(0.01)  # it is on its way, and its conversation not there yet
        return broken(request, fault)

    def _fault(self) -> str | None:
        [drawn] = self._random.choices([None, *self._faults], [1 - sum(self._faults.values()), *self._faults.values()])
        self.lost += drawn is not None
        return drawn

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with self.session.request(
            request.method, f"{self._url}{request.rel_url}", data=body, headers=headers
        ) as answer:
            kept = {"X-OpenHands-ServerConversation-ID", "Content-Type", "Retry-After"}
            named = {name: value for name, value in answer.headers.items() if name in kept}
            return web.Response(body=await answer.read(), status=answer.status, headers=named)


@asynccontextmanager
async def proxying(url: str, faults: Mapping[str, float], seed: int = 0) -> AsyncIterator[str]:
    """The URL of a proxy to the server there."""
    proxy = FaultyProxy(url, faults, seed)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as proxy.session:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def serve(url: str, faults: Mapping[str, float], seed: int, told: Connection) -> None:
    """A process that is such a proxy, and tells its URL."""

    async def forever() -> None:
        async with proxying(url, faults, seed) as address:
            told.send(address)
            await asyncio.Event().wait()

    asyncio.run(forever())
