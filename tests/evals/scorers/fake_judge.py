"""A fake judge: a small server on loopback that answers as a test wants."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class FakeJudge:
    """Gives its answers one after the other, then repeats the last.

    An answer is a text, a status, a pair of a status and its headers, `reset`, or a whole body.
    """

    answers: list[Any]
    latency: float = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.latency)
        self.at_once -= 1
        match answer:
            case "reset":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case str():
                message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
                usage = {"prompt_tokens": 50, "completion_tokens": 7, "total_tokens": 57}
                return web.json_response({"model": "judge-1.2", "choices": [message], "usage": usage})
            case int():
                return web.Response(status=answer, text=f"no, {self.keys[-1]}, no")
            case (status, headers):
                return web.Response(status=status, headers=headers)
        return web.json_response(answer)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Its base URL."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self.handle)
        runner = web.AppRunner(application)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()
