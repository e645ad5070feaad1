"""Mutants of the tracing headers: gateways that misread them, or let them change an answer."""

from __future__ import annotations

import json
import re
from typing import Any

from harness.gateway.settings import Dialect
from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import Mutant

SPAN = "X-OpenHands-Observability-Span-Name"
METADATA = "X-OpenHands-Observability-Metadata"


class _Observes(Mutant):
    """Speaks the `agent-server` contract, which has these headers."""

    dialect = Dialect.AGENT_SERVER


class TagsHoldNoBlanks(_Observes):
    """Refuses a tag of two words."""

    breaks = "OBS-1"

    async def answer(self, request: Request) -> Response:
        tags = request.headers.get("x-openhands-observability-tags", "").split(",")
        blank = any(" " in tag.strip() for tag in tags)
        return refusal(422, "a tag is one word") if blank else await self.gateway(request)


class AnswersWithTheSpan(_Observes):
    """Returns the span name in the answer."""

    breaks = "OBS-1"

    def returned(self, request: Request, response: Response) -> Response:
        if not (span := request.headers.get(SPAN)) or response.status != 200 or (body := response.json) is None:
            return response
        return response.with_json({**body, "span_name": span})


class WantsNoObservation(_Observes):
    """Refuses every request with an observability header."""

    breaks = "OBS-1"
    gross = True

    async def answer(self, request: Request) -> Response:
        observed = any(name.startswith("x-openhands-observability") for name in request.headers)
        return refusal(422, "no tracing") if observed else await self.gateway(request)


class IgnoresObservation(_Observes):
    """Ignores all observability headers, well-formed or not."""

    breaks = "OBS-2"
    gross = True

    def forwarded(self, request: Request) -> Request:
        return request.with_header(SPAN, None).with_header(METADATA, None)


class CutsLongSpans(_Observes):
    """Cuts a span name that is too long."""

    breaks = "OBS-2"

    def forwarded(self, request: Request) -> Request:
        span = request.headers.get(SPAN)
        return request.with_header(SPAN, span[:128]) if span else request


class MendsSpans(_Observes):
    """Sanitises an invalid span name instead of refusing it."""

    breaks = "OBS-2"

    def forwarded(self, request: Request) -> Request:
        span = request.headers.get(SPAN)
        return request.with_header(SPAN, re.sub(r"[^\w.:/-]", "_", span)) if span else request


class MetadataMayBeNested(_Observes):
    """Accepts nested metadata."""

    breaks = "OBS-3"

    def forwarded(self, request: Request) -> Request:
        nested = isinstance(_metadata(request), dict)
        return request.with_header(METADATA, None) if nested else request


class MetadataMayBeText(_Observes):
    """Ignores metadata that it can't parse."""

    breaks = "OBS-3"

    def forwarded(self, request: Request) -> Request:
        unreadable = not isinstance(_metadata(request), dict)
        return request.with_header(METADATA, None) if unreadable else request


class ObservesAfterwards(_Observes):
    """Validates these headers after the agent has answered."""

    breaks = "OBS-4"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status == 422 and request.chat:
            await self.gateway(request.with_header(SPAN, None).with_header(METADATA, None))
        return response


class ParentsAreOfOneForm(_Observes):
    """Accepts a parent span context only in W3C form."""

    breaks = "OBS-5"

    async def answer(self, request: Request) -> Response:
        context = request.headers.get("x-openhands-observability-parent-span-context")
        odd = context is not None and not re.fullmatch(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", context)
        return refusal(422, "no traceparent") if odd else await self.gateway(request)


class EmptyIsAName(_Observes):
    """Refuses an empty span name as too short."""

    breaks = "OBS-6"

    async def answer(self, request: Request) -> Response:
        return refusal(422, "too short") if request.headers.get(SPAN) == "" else await self.gateway(request)


def _metadata(request: Request) -> Any:
    try:
        return json.loads(request.headers.get(METADATA) or "{}")
    except ValueError:
        return None
