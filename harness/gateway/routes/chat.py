"""`POST /v1/chat/completions`."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import BeforeValidator

from harness.gateway import sse
from harness.gateway.chat import ChatCompletion, ChatRequest, read_request
from harness.gateway.dialect import admit, render
from harness.gateway.errors import CONVERSATION_HEADER
from harness.gateway.gateway import GatewayOfRequest
from harness.gateway.limits import JsonRoute
from harness.gateway.routes import failures
from harness.gateway.service import IdempotencyKey, Turn

router = APIRouter(route_class=JsonRoute, tags=["OpenAI"])


def _absent_if_empty(value: Any) -> Any:
    """Templates of chat UIs such as Open WebUI send the header empty when a chat has no conversation yet."""
    return None if value == "" else value


@router.post(
    "/v1/chat/completions",
    response_model=ChatCompletion,
    responses={
        200: {
            "content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}},
            "description": "The final assistant text of the turn.",
            "headers": {CONVERSATION_HEADER: {"schema": {"type": "string", "format": "uuid"}}},
        },
        **failures(
            _400="no user message, an unsupported part, streaming where it is not offered, no JSON",
            _404="no such model",
            _409="the conversation was deleted while the request waited",
            _415="the body is not JSON by its own account",
            _429="too many requests wait on the conversation; nothing was stored",
            _500="the agent ended its turn without an answer",
            _504="the agent takes longer than the server waits; its turn goes on",
        ),
    },
)
async def create_chat_completion(
    request: Request,
    body: ChatRequest,
    gateway: GatewayOfRequest,
    conversation: Annotated[
        UUID | None,
        BeforeValidator(_absent_if_empty),
        Header(alias=CONVERSATION_HEADER, description="The conversation to go on with; an unknown one is created."),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", max_length=255, description="A repeated request gets the first one's answer."),
    ] = None,
) -> Response:
    """Play one turn of the agent and answer with its final text."""
    if conversation is not None:
        request.state.conversation = conversation
    admit(gateway.settings.dialect, body)
    key = None
    if idempotency_key:
        digest = hashlib.sha256(str(conversation).encode() + await request.body())
        key = IdempotencyKey(f"chat.completions {idempotency_key}", digest.hexdigest())
    turn = Turn(ask=read_request(body), model=body.model, conversation=conversation, key=key)
    answered = await gateway.service.answer(turn)
    request.state.conversation = answered.conversation
    headers = {CONVERSATION_HEADER: str(answered.conversation)}
    if answered.replayed:
        headers["Idempotent-Replayed"] = "true"
    return render(body, answered.completion, headers)
