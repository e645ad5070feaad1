"""Headers that name a request's trace: gateways that misread them, or let them change an answer."""

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
    """Speaks as released servers do, which alone read these headers."""

    dialect = Dialect.AGENT_SERVER


class TagsHoldNoBlanks(_Observes):
    """Refuses a tag of two words."""

    breaks = "OBS-1"

    async def answer(self, request: Request) -> Response:
        tags = request.headers.get("x-openhands-observability-tags", "").split(",")
        blank = any(" " in tag.strip() for tag in tags)
        return refusal(422, "a tag is one word") if blank else await self.gateway(request)


class AnswersWithTheSpan(_Observes):
    """Tells the name of the span in the answer."""

    breaks = "OBS-1"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not (span := request.headers.get(SPAN)) or response.status != 200 or (body := response.json) is None:
            return response
        return response.with_json({**body, "span_name": span})


class CutsLongSpans(_Observes):
    """Cuts a span name that is too long."""

    breaks = "OBS-2"

    async def answer(self, request: Request) -> Response:
        span = request.headers.get(SPAN)
        return await self.gateway(request.with_header(SPAN, span[:128]) if span else request)


class MendsSpans(_Observes):
    """Makes a span name of whatever it is given."""

    breaks = "OBS-2"

    async def answer(self, request: Request) -> Response:
        span = request.headers.get(SPAN)
        return await self.gateway(request.with_header(SPAN, re.sub(r"[^\w.:/-]", "_", span)) if span else request)


class MetadataMayBeNested(_Observes):
    """Takes metadata of any depth."""

    breaks = "OBS-3"

    async def answer(self, request: Request) -> Response:
        nested = isinstance(_metadata(request), dict)
        return await self.gateway(request.with_header(METADATA, None) if nested else request)


class MetadataMayBeText(_Observes):
    """Leaves metadata out that it can't read."""

    breaks = "OBS-3"

    async def answer(self, request: Request) -> Response:
        unreadable = not isinstance(_metadata(request), dict)
        return await self.gateway(request.with_header(METADATA, None) if unreadable else request)


class ObservesAfterwards(_Observes):
    """Looks at these headers once the agent has answered."""

    breaks = "OBS-4"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status == 422 and request.chat:
            await self.gateway(request.with_header(SPAN, None).with_header(METADATA, None))
        return response


class ParentsAreOfOneForm(_Observes):
    """Takes the context of a parent span in the form of the W3C alone."""

    breaks = "OBS-5"

    async def answer(self, request: Request) -> Response:
        context = request.headers.get("x-openhands-observability-parent-span-context")
        odd = context is not None and not re.fullmatch(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", context)
        return refusal(422, "no traceparent") if odd else await self.gateway(request)


class EmptyIsAName(_Observes):
    """Takes an empty span name for one that is too short."""

    breaks = "OBS-6"

    async def answer(self, request: Request) -> Response:
        return refusal(422, "too short") if request.headers.get(SPAN) == "" else await self.gateway(request)


def _metadata(request: Request) -> Any:
    try:
        return json.loads(request.headers.get(METADATA) or "{}")
    except ValueError:
        return None
