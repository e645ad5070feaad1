"""The point on which the two contracts contradict each other: the answer to `stream: true`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from harness.gateway import sse
from harness.gateway.errors import GatewayError
from harness.gateway.settings import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.gateway.chat import ChatCompletion, ChatRequest


def admit(dialect: Dialect, request: ChatRequest) -> None:
    """Refuse what the dialect doesn't support, before anything starts. Raises GatewayError."""
    if request.stream and dialect is Dialect.DOCUMENTED:
        raise GatewayError(
            400, "Streaming is not supported; leave `stream` out.", code="stream_unsupported", param="stream"
        )


def render(request: ChatRequest, completion: ChatCompletion, headers: Mapping[str, str]) -> Response:
    """The completion as JSON, or as the stream that the request asks for."""
    if not request.stream:
        return Response(completion.model_dump_json(), media_type="application/json", headers=headers)
    options = request.stream_options
    include_usage = isinstance(options, dict) and options.get("include_usage") is True
    return Response(sse.events(completion, include_usage=include_usage), media_type=sse.MEDIA_TYPE, headers=headers)
