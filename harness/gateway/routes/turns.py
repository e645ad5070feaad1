"""Plays a turn for the Chat Completions and Responses routes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header

from harness.gateway.errors import CONVERSATION_HEADER
from harness.gateway.service import IdempotencyKey, Turn

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import Request

    from harness.gateway.chat import Ask, ChatCompletion
    from harness.gateway.gateway import Gateway

KeyHeader = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=255, description="A repeated request gets the first one's answer."),
]

NAMES_THE_CONVERSATION: dict[str, Any] = {CONVERSATION_HEADER: {"schema": {"type": "string", "format": "uuid"}}}


async def play(
    request: Request, gateway: Gateway, ask: Ask, *, model: str, key: str | None, conversation: UUID | None = None
) -> tuple[ChatCompletion, dict[str, str]]:
    """Play one turn; return its completion and response headers. Raises GatewayError."""
    keyed = None
    if key:
        digest = hashlib.sha256(str(conversation).encode() + await request.body())
        keyed = IdempotencyKey(f"{request.url.path} {key}", digest.hexdigest())
    answered = await gateway.service.answer(Turn(ask=ask, model=model, conversation=conversation, key=keyed))
    request.state.conversation = answered.conversation
    headers = {CONVERSATION_HEADER: str(answered.conversation)}
    if answered.replayed:
        headers["Idempotent-Replayed"] = "true"
    return answered.completion, headers
