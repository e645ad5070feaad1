"""`POST /v1/chat/completions`."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import BeforeValidator

from harness.gateway import sse
from harness.gateway.chat import ChatCompletion, ChatRequest, read_request
from harness.gateway.dialect import admit, admit_instructions, render
from harness.gateway.errors import CONVERSATION_HEADER, GatewayError
from harness.gateway.gateway import GatewayOfRequest
from harness.gateway.limits import JsonRoute
from harness.gateway.routes import failures
from harness.gateway.routes.turns import NAMES_THE_CONVERSATION, KeyHeader, play

router = APIRouter(route_class=JsonRoute, tags=["OpenAI"])


def _absent_if_empty(value: Any) -> Any:
    """None for an empty header, which chat UIs such as Open WebUI send while a chat has no conversation."""
    return None if value == "" else value


@router.post(
    "/v1/chat/completions",
    response_model=ChatCompletion,
    responses={
        200: {
            "content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}},
            "description": "The final assistant text of the turn.",
            "headers": NAMES_THE_CONVERSATION,
        },
        **failures(
            _400="no user message, an unsupported part, too long instructions, unsupported streaming, invalid JSON",
            _404="no such model",
            _409="the conversation was deleted while the request waited",
            _415="the body is not declared as JSON",
            _429="too many requests wait on the conversation; nothing was stored",
            _500="the agent ended its turn without an answer",
            _504="the agent takes longer than the turn timeout; its turn goes on",
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
    key: KeyHeader = None,
) -> Response:
    """Play one turn of the agent and answer with its final text."""
    if len(set(request.headers.getlist(CONVERSATION_HEADER))) > 1:
        # Either value might send the message to the wrong conversation; proxies differ in which they pass on.
        raise GatewayError(422, f"{CONVERSATION_HEADER} came twice with different values.", param=CONVERSATION_HEADER)
    if conversation is not None:
        request.state.conversation = conversation
    admit(gateway.settings.dialect, body)
    ask = read_request(body)
    admit_instructions(gateway.settings.dialect, ask)
    completion, headers = await play(request, gateway, ask, model=body.model, key=key, conversation=conversation)
    return render(body, completion, headers)
