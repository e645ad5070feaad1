"""`POST /v1/responses`: undocumented, but released servers have it (1.47.0 to 1.58.2)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi import Response as HttpResponse

from harness.gateway.dialect import admit_instructions
from harness.gateway.gateway import GatewayOfRequest
from harness.gateway.limits import JsonRoute
from harness.gateway.responses import Response, ResponseRequest, read_request
from harness.gateway.routes import failures
from harness.gateway.routes.turns import NAMES_THE_CONVERSATION, KeyHeader, play

router = APIRouter(route_class=JsonRoute, tags=["OpenAI"])


@router.post(
    "/v1/responses",
    responses={
        200: {"description": "The final assistant text of the turn.", "headers": NAMES_THE_CONVERSATION},
        **failures(
            _400="no user message, an unsupported part or feature, invalid JSON",
            _404="no such model",
            _415="the body is not declared as JSON",
            _500="the agent ended its turn without an answer",
            _504="the agent takes longer than the turn timeout; its turn goes on",
        ),
    },
)
async def create_response(
    request: Request, response: HttpResponse, body: ResponseRequest, gateway: GatewayOfRequest, key: KeyHeader = None
) -> Response:
    """Begin a conversation, whatever the conversation header says, and answer with the agent's final text.

    `POST /v1/chat/completions` can continue it by the returned id.
    """
    ask = read_request(body)
    admit_instructions(gateway.settings.dialect, ask)
    completion, headers = await play(request, gateway, ask, model=body.model, key=key)
    response.headers.update(headers)
    return Response.of(body, completion)
