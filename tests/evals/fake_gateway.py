"""A small, fast gateway that behaves like a released one, fails in any requested way, and counts agent runs.

    python -m tests.evals.fake_gateway --port 0 --latency 0.2 --fault reset-after=0.03 --fault 429=0.03

prints `listening on http://127.0.0.1:PORT` and serves until it is killed. Options, each also a field of `Behaviour`:

    --port N            0: a free one
    --key KEY           asked for as X-Session-API-Key or as a bearer token; default: none
    --latency S         seconds of an agent run
    --slow SHARE        of the runs take `--slow-latency` S seconds
    --limit S           after which a request is answered 504, without the conversation's id, while the run goes on
    --capacity N        runs at once; a request beyond is answered 429. `--retry-after S` says so in its header
    --fault KIND=RATE   of the chat requests: 429, 500-before, 500-after, 502-before, 504-after, reset-before,
                        reset-after; `before` means that nothing was started, `after` that the agent runs and its answer
                        is lost
    --creation S        seconds between a request's coming in and its conversation's being there to be looked up
    --usage KIND        `total`, the conversation's, as released servers say it, or `request`, as the reference gateway
    --no-native         /api is 404
    --seed N            of all that is random

What it is asked: `What is 17 + 25?` is answered with a number, which is wrong for one task of ten (`is_right` knows);
anything else is answered by the scripted model's rules (`harness.model.rules`) over the whole conversation, of whose
directives `[[error: 500]]` (the agent's run ends with an error) and `[[delay: SECONDS]]` are obeyed.
`GET /stats` gives the runs of all conversations (`runs`), how many conversations there are, the runs of each
(`by_conversation`), and how often what was seen (`seen`: requests, faults); no client's end changes what is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import time
import uuid
import zlib
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from harness.model.rules import respond

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

HEADER = "X-OpenHands-ServerConversation-ID"
_DELAY = re.compile(r"\[\[delay: ([\d.]+)\]\]")
_TASK = re.compile(r"What is (\d+) \+ (\d+)\?")


def task(number: int) -> str:
    """The text of a task, by its number."""
    return f"What is {number} + {3 * number + 1}?"


def truth(number: int) -> str:
    """The right answer to a task."""
    return str(4 * number + 1)


def is_right(number: int) -> bool:
    """Whether the gateway answers it right."""
    return zlib.crc32(task(number).encode()) % 10 != 0


@dataclass(frozen=True)
class Behaviour:
    """What the gateway does; see the module."""

    key: str | None = None
    latency: float = 0.0
    slow: float = 0.0
    slow_latency: float = 1.0
    limit: float = 120.0
    capacity: int | None = None
    retry_after: str | None = None
    faults: Mapping[str, float] = field(default_factory=dict)
    creation: float = 0.0
    usage: str = "total"
    native: bool = True
    seed: int = 0


@dataclass
class Conversation:
    """The state of a conversation; `runs` counts the agent runs paid for."""

    messages: list[dict[str, str]] = field(default_factory=list)
    status: str = "idle"
    answer: str = ""
    runs: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def turn(self) -> dict[str, int]:
        """Answer the newest message; the usage of it."""
        text = self.messages[-1]["content"]
        if found := _TASK.search(text):
            right = zlib.crc32(found[0].encode()) % 10 != 0
            self.answer, self.status = f"The answer is {int(found[1]) + int(found[2]) + (not right)}.", "finished"
        else:
            reply = respond(self.messages)
            self.answer, self.status = reply.text, "error" if reply.failure else "finished"
        usage = {"prompt_tokens": len(text.split()) + 10, "completion_tokens": len(self.answer.split())}
        self.prompt_tokens += usage["prompt_tokens"]
        self.completion_tokens += usage["completion_tokens"]
        if self.status == "finished":
            self.messages.append({"role": "assistant", "content": self.answer})
        return usage


class FakeGateway:
    """The gateway; `url` is there once it serves, `peak` is the most agents that were at work at once."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.conversations: dict[str, Conversation] = {}
        self.url = ""
        self.seen: Counter[str] = Counter()
        self._random = random.Random(behaviour.seed)
        self._running = self.peak = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def runs(self) -> int:
        """Agent runs of all conversations."""
        return sum(conversation.runs for conversation in self.conversations.values())

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/server_info", self.server_info)
        app.router.add_get("/stats", self.stats)
        if self.behaviour.native:
            app.router.add_get("/api/conversations", self.listed)
            app.router.add_get("/api/conversations/{id}", self.conversation)
            app.router.add_get("/api/conversations/{id}/agent_final_response", self.final_response)
            app.router.add_get("/api/conversations/{id}/events/search", self.search_events)
        return app

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.seen["chat"] += 1
        body = await request.json()
        self.seen["streamed"] += bool(body.get("stream"))
        fault = self._fault()
        if (refusal := self._refusal(request, body, fault)) is not None:
            return refusal
        name = request.headers.get(HEADER) or str(uuid.uuid4())
        self._running += 1
        self.peak = max(self.peak, self._running)
        run = self._run(name, body)
        behaviour = self.behaviour
        if not (behaviour.latency or behaviour.slow or behaviour.creation or "[[delay" in str(body)):
            usage = await run
        else:
            running = asyncio.create_task(run)
            self._tasks.add(running)
            running.add_done_callback(self._tasks.discard)
            if fault is not None:
                return broken(request, fault)
            try:
                usage = await asyncio.wait_for(asyncio.shield(running), behaviour.limit)
            except TimeoutError:
                self.seen["504"] += 1
                return _detail(504, "Agent run timed out")
        return self._completion(name, body["model"], usage) if fault is None else broken(request, fault)

    def _refusal(self, request: web.Request, body: dict[str, Any], fault: str | None) -> web.Response | None:
        """A refusal, sent before anything starts; None to go ahead."""
        behaviour = self.behaviour
        if (refusal := self._unauthorized(request)) is not None:
            return refusal
        if not str(body.get("model", "")).startswith("openhands_"):
            return _detail(404, "Model not found")
        if fault == "429" or (behaviour.capacity is not None and self._running >= behaviour.capacity):
            headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
            return _detail(429, "Conversation run limit reached. Retry the request later.", headers)
        return broken(request, fault) if fault is not None and fault.endswith("-before") else None

    def _completion(self, name: str, model: str, usage: dict[str, int]) -> web.Response:
        conversation = self.conversations[name]
        if conversation.status != "finished":
            return _detail(500, f"Agent run ended with status: {conversation.status}")
        if self.behaviour.usage == "total":
            usage = {"prompt_tokens": conversation.prompt_tokens, "completion_tokens": conversation.completion_tokens}
        message = {"role": "assistant", "content": conversation.answer}
        completion = {
            "id": f"chatcmpl-{name}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage | {"total_tokens": sum(usage.values())},
        }
        return web.json_response(completion, headers={HEADER: name})

    async def _run(self, name: str, body: dict[str, Any]) -> dict[str, int]:
        """One agent run, which goes on whatever happens to the request."""
        behaviour = self.behaviour
        try:
            if behaviour.creation:
                await asyncio.sleep(behaviour.creation)
            conversation = self.conversations.setdefault(name, Conversation())
            if not conversation.messages:
                system = [one for one in body["messages"] if one["role"] in {"system", "developer"}]
                conversation.messages += system
            user = next(one for one in reversed(body["messages"]) if one["role"] == "user")
            conversation.messages.append(user)
            conversation.status = "running"
            conversation.runs += 1
            slow = behaviour.slow and self._random.random() < behaviour.slow
            wait = behaviour.slow_latency if slow else behaviour.latency
            wait += float(delay[1]) if (delay := _DELAY.search(user["content"])) else 0.0
            if wait:
                await asyncio.sleep(wait)
            return conversation.turn()
        finally:
            self._running -= 1

    def _fault(self) -> str | None:
        if not self.behaviour.faults:
            return None
        drawn = self._random.random()
        for kind, rate in self.behaviour.faults.items():
            drawn -= rate
            if drawn < 0:
                self.seen[kind] += 1
                return kind
        return None

    def _unauthorized(self, request: web.Request) -> web.Response | None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.behaviour.key in {None, request.headers.get("X-Session-API-Key"), bearer}:
            return None
        return _detail(401, "Unauthorized")

    async def models(self, request: web.Request) -> web.Response:
        if refusal := self._unauthorized(request):
            return refusal
        return web.json_response({"object": "list", "data": [{"id": "openhands_fake", "object": "model"}]})

    def info(self) -> dict[str, Any]:
        """The answer of `/server_info`."""
        contract = {"contract": "documented"} if self.behaviour.usage == "request" else {}
        return {"title": "fake gateway", "version": "1.58.0", **contract}

    async def server_info(self, _: web.Request) -> web.Response:
        return web.json_response(self.info())

    async def stats(self, _: web.Request) -> web.Response:
        runs = {name: conversation.runs for name, conversation in self.conversations.items()}
        return web.json_response(
            {"runs": self.runs, "conversations": len(runs), "seen": dict(self.seen), "by_conversation": runs}
        )

    async def listed(self, request: web.Request) -> web.Response:
        self.seen["looked up"] += 1
        return web.json_response([self._info(name) for name in request.query.getall("ids")])

    async def conversation(self, request: web.Request) -> web.Response:
        self.seen["looked up"] += 1
        if (refusal := self._unauthorized(request)) is not None:
            return refusal
        info = self._info(request.match_info["id"])
        return web.json_response(info) if info else _detail(404, "Not Found")

    async def final_response(self, request: web.Request) -> web.Response:
        conversation = self.conversations.get(request.match_info["id"])
        return web.json_response({"response": conversation.answer}) if conversation else _detail(404, "Not Found")

    async def search_events(self, request: web.Request) -> web.Response:
        conversation = self.conversations.get(request.match_info["id"])
        if conversation is None:
            return _detail(404, "Not Found")
        events = [
            {
                "id": f"{number}",
                "kind": "MessageEvent",
                "source": "agent" if message["role"] == "assistant" else message["role"],
                "timestamp": f"2026-11-23T10:00:{number:02}",
                "llm_message": {"role": message["role"], "content": [{"type": "text", "text": message["content"]}]},
            }
            for number, message in enumerate(conversation.messages)
        ]
        source = request.query.get("source")
        return web.json_response(
            {"items": [one for one in events if source in {None, one["source"]}], "next_page_id": None}
        )

    def _info(self, name: str) -> dict[str, Any] | None:
        if (conversation := self.conversations.get(name)) is None:
            return None
        tokens = {"prompt_tokens": conversation.prompt_tokens, "completion_tokens": conversation.completion_tokens}
        metrics = {"accumulated_cost": 0.001 * conversation.runs, "accumulated_token_usage": tokens}
        return {
            "id": name,
            "execution_status": conversation.status,
            "stats": {"usage_to_metrics": {"default": metrics}},
        }


def _detail(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"detail": text}, status=status, headers=headers)


def broken(request: web.Request, fault: str) -> web.Response:
    """The answer of that fault: `500-before` and the like, or a reset."""
    if fault.startswith("reset"):
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    return _detail(int(fault[:3]), "Internal Server Error")


@asynccontextmanager
async def serving(behaviour: Behaviour, port: int = 0) -> AsyncIterator[FakeGateway]:
    """A gateway on loopback."""
    gateway = FakeGateway(behaviour)
    runner = web.AppRunner(gateway.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
    await site.start()
    address = runner.addresses[0]
    gateway.url = f"http://127.0.0.1:{address[1]}"
    try:
        yield gateway
    finally:
        for running in gateway._tasks:
            running.cancel()
        await runner.cleanup()


def _behaviour(options: argparse.Namespace) -> Behaviour:
    faults = dict(text.split("=") for text in options.fault)
    return Behaviour(
        key=options.key,
        latency=options.latency,
        slow=options.slow,
        slow_latency=options.slow_latency,
        limit=options.limit,
        capacity=options.capacity,
        retry_after=options.retry_after,
        faults={kind: float(rate) for kind, rate in faults.items()},
        creation=options.creation,
        usage=options.usage,
        native=not options.no_native,
        seed=options.seed,
    )


async def _serve(options: argparse.Namespace) -> None:
    async with serving(_behaviour(options), options.port) as gateway:
        print(f"listening on {gateway.url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--slow-latency", type=float, default=1.0)
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--capacity", type=int)
    parser.add_argument("--retry-after")
    parser.add_argument("--fault", action="append", default=[], metavar="KIND=RATE")
    parser.add_argument("--creation", type=float, default=0.0)
    parser.add_argument("--usage", choices=["total", "request"], default="total")
    parser.add_argument("--no-native", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
