"""Limits on headers, body and nesting of a request, as pure ASGI in front of everything that reads a body."""

from __future__ import annotations

import json
from email.message import Message as MediaType
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request

from harness.gateway.errors import GatewayError, error_response

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from harness.gateway.settings import Limits


class RequestLimits:
    """Reads the body, once; refuses what is too large (431, 413) or not declared as JSON (415)."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except GatewayError as error:
            # uvicorn discards the rest of the body, so that clients which send all of it before they read get the
            # answer and no broken pipe.
            await error_response(error.status, error.message)(scope, receive, send)
            return
        unread = [body]

        async def replay() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await receive()

        await self._app(scope, replay, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = self._limits
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > limit.header_bytes:
            raise GatewayError(431, f"The headers are larger than {limit.header_bytes} bytes.")
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        has_body = length != "0" or "transfer-encoding" in headers
        if not has_body:
            return b""
        too_large = GatewayError(413, f"The body is larger than {limit.body_bytes} bytes.")
        if int(length) > limit.body_bytes:
            raise too_large
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise GatewayError(415, "The body must not be compressed.")
        if not _is_json(headers.get("content-type", "")):
            raise GatewayError(415, "The body must be JSON, sent with Content-Type: application/json.")
        chunks: list[bytes] = []
        received = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise GatewayError(400, "The client left before its request was complete.")
            chunks.append(message.get("body", b""))
            received += len(chunks[-1])
            if received > limit.body_bytes:
                raise too_large
            if not message.get("more_body", False):
                return b"".join(chunks)


def _is_json(content_type: str) -> bool:
    media_type = MediaType()
    media_type["content-type"] = content_type
    kind = media_type.get_content_type()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class JsonRoute(APIRoute):
    """A route whose body is JSON as RFC 8259 defines it, nested no deeper than the limit; else 400, never 500.

    Python's own JSON reader and writer raise RecursionError on deep nesting, one of them at about 1000 levels.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            strict = _StrictRequest(request.scope, request.receive)
            if body := await strict.body():
                strict.document = read_json(body, nesting=request.app.state.gateway.settings.limits.nesting)
            return await handler(strict)

        return handle


class _StrictRequest(Request):
    """A request whose JSON is already read."""

    document: Any = None

    async def json(self) -> Any:
        return self.document


def read_json(body: bytes, *, nesting: int) -> Any:
    """Read a JSON document. Raises GatewayError, 400."""
    try:
        # On bytes, json.loads would guess UTF-16 and accept half a surrogate pair.
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise GatewayError(400, "The body is not valid UTF-8.", code="invalid_json") from None
    except UnicodeEncodeError:
        raise GatewayError(400, "The body holds half of a surrogate pair.", code="invalid_json") from None
    except RecursionError:
        raise _too_deep(nesting) from None
    except json.JSONDecodeError as error:
        message = f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise GatewayError(400, message, code="invalid_json") from None
    except ValueError:
        raise GatewayError(400, "The body holds a number that JSON doesn't have.", code="invalid_json") from None
    level: list[Any] = [value]
    for _ in range(nesting + 1):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return value
    raise _too_deep(nesting)


def _refuse_constant(constant: str) -> Any:
    raise ValueError(constant)


def _too_deep(nesting: int) -> GatewayError:
    return GatewayError(400, f"The body is nested more than {nesting} levels deep.", code="nested_too_deep")
