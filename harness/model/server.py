"""The scripted model over HTTP: OpenAI's `POST /v1/chat/completions`, plain and streamed, and `GET /v1/models`.

`GET /requests?containing=TEXT` returns the log of requests, in the form of `harness.model.log`.

Needs the `server` extra. `python -m harness.model` serves it in its own process, `serve_in_thread()` inside another.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from harness.model import wire
from harness.model.log import RequestLog
from harness.model.rules import Failure, respond

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.requests import Request

_STARTED = int(time.time())


def create_app(api_key: str | None = None, log: RequestLog | None = None) -> Starlette:
    """The ASGI application, which logs to `log` or its own log.

    Any key is accepted unless `api_key` is given; then only that one.
    """
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", _complete, methods=["POST"]),
            Route("/v1/models", _models, methods=["GET"]),
            Route("/requests", _requests, methods=["GET"]),
        ]
    )
    app.state.log = log or RequestLog()
    app.state.api_key = api_key
    app.state.connections = set()
    return app


def uvicorn_server(app: Starlette) -> uvicorn.Server:
    """A server for the application that can drop a client's connection (`[[drop]]`)."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    # uvicorn closes an idle connection after 5 s; a busy client may just then send its next call into the closed one,
    # and the turn fails for no reason of the test's.
    config.timeout_keep_alive = 3600
    # Don't wait at shutdown for turns with a delay of minutes.
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    app.state.connections = server.server_state.connections
    return server


def bind(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket: from now on a client's connection waits instead of being refused."""
    listener = socket.create_server((host, port), backlog=2048)
    # Accepted connections inherit it; asyncio sets it only on its own sockets. Without it an answer, whose headers and
    # body are two writes, waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@dataclass(frozen=True, slots=True)
class RunningModel:
    """A scripted model served by a thread of this process. `base_url` ends in `/v1`."""

    base_url: str
    _server: uvicorn.Server
    _thread: threading.Thread

    def stop(self) -> None:
        """Close every connection and wait for the thread to end; idempotent."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def serve_in_thread(*, port: int = 0, log: RequestLog | None = None) -> RunningModel:
    """Serve on a loopback port (0: a free one) until stopped, ready on return. Raises OSError."""
    listener = bind(port=port)
    server = uvicorn_server(create_app(log=log))
    thread = threading.Thread(target=server.run, args=([listener],), name="scripted-model", daemon=True)
    thread.start()
    return RunningModel(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", server, thread)


async def _models(request: Request) -> Response:
    if not _authorized(request):
        return _refused(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided.")
    return Response(wire.models(_STARTED), media_type="application/json")


async def _requests(request: Request) -> Response:
    if not _authorized(request):
        return _refused(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided.")
    log: RequestLog = request.app.state.log
    found = log.containing(request.query_params.get("containing", ""))
    return Response(json.dumps(found), media_type="application/json")


async def _complete(request: Request) -> Response:
    if not _authorized(request):
        return _refused(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided.")
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as problem:
        return _refused(HTTPStatus.BAD_REQUEST, f"The body is no JSON: {problem}")
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return _refused(HTTPStatus.BAD_REQUEST, "`messages` must be a list of objects.")
    model = str(body.get("model"))
    request.app.state.log.record(model=model, messages=messages, tools=body.get("tools"))
    reply = respond(messages, model)
    await asyncio.sleep(reply.delay)
    streamed = bool(body.get("stream"))
    if reply.failure is Failure.ERROR:
        return _refused(reply.error_status or 500, f"{wire.SECRET_DETAIL}: asked for by the prompt.")
    if reply.failure is Failure.DROP:
        return await _drop_connection(request)
    if reply.failure is Failure.GARBAGE:
        return Response(wire.GARBAGE, media_type="text/html")
    identifier, created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
    if not streamed:
        content = wire.completion(reply, model=model, identifier=identifier, created=created)
        return Response(content, media_type="application/json")
    options = body.get("stream_options")
    include_usage = isinstance(options, dict) and bool(options.get("include_usage"))
    return _event_stream(
        wire.event_stream(reply, model=model, identifier=identifier, created=created, include_usage=include_usage)
    )


def _authorized(request: Request) -> bool:
    key: str | None = request.app.state.api_key
    given = request.headers.get("Authorization", "")
    return key is None or hmac.compare_digest(given.encode(), f"Bearer {key}".encode())


def _refused(status: int, message: str) -> Response:
    return Response(wire.error(status, message), status_code=status, media_type="application/json")


def _event_stream(content: bytes) -> Response:
    return Response(content, media_type="text/event-stream")


async def _drop_connection(request: Request) -> Response:
    """Abort the client's connection on uvicorn's transport: ASGI can't."""
    for connection in request.app.state.connections:
        if connection.client == request.scope["client"]:
            connection.transport.abort()
    await request.receive()  # the body is read, so the next message is `http.disconnect`
    return Response()  # uvicorn discards it
