"""The outermost layer: gives each request an id, logs it, counts it and logs what the application failed on."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from harness.gateway.logs import log_exception, logger

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from harness.gateway.metrics import Metrics

# OpenAI's clients show this header as `_request_id`. A valid id from the caller is kept.
_REQUEST_ID = "x-request-id"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

# Clients can invent methods, and each would be a time series of its own.
_COUNTED_METHODS = {"GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"}


class AccessLog:
    """Writes one log line per request: no query, no body, no header except the ids."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(_REQUEST_ID, "")
        request_id = given if _ACCEPTED_ID.fullmatch(given) else uuid.uuid4().hex
        state = scope.setdefault("state", {})
        status = 0
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - the application has answered 500 already; here it is logged
            log_exception(f"request {request_id} failed", error)
        seconds = time.perf_counter() - started
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _COUNTED_METHODS else "OTHER"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        logger.info(
            "request",
            extra={
                "fields": {
                    "request_id": request_id,
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "ms": round(seconds * 1000, 2),
                    "conversation": str(state["conversation"]) if "conversation" in state else None,
                }
            },
        )
