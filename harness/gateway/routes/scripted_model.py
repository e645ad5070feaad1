"""`/scripted-model`: the requests to the scripted model, if the agent uses it."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from harness.gateway.gateway import GatewayOfRequest
from harness.gateway.routes import failures

router = APIRouter(prefix="/scripted-model", tags=["Scripted model"])


class Message(BaseModel):
    """A message as the model saw it; the text is null if the message holds only a tool call."""

    role: str
    content: str | None


class Asked(BaseModel):
    """One request to the model."""

    model: str
    messages: list[Message]
    tools: list[str]


class Found(BaseModel):
    """The newest matching requests, at most 20, oldest first; `count` is the number of all matches."""

    count: int
    requests: list[Asked]


@router.get("/requests", response_model=Found, responses=failures())
def search_requests(
    gateway: GatewayOfRequest,
    containing: Annotated[str, Query(description="A text that one of the messages contains.")] = "",
) -> Response:
    """Requests to the model."""
    # ASCII: the SDK's messages may hold half of a surrogate pair, which UTF-8 can't encode.
    return Response(json.dumps(gateway.model_log.containing(containing)), media_type="application/json")
