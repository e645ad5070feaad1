"""The paths of the gateway, one module per resource."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class ErrorObject(BaseModel):
    """OpenAI's error object."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """The body of every error response."""

    error: ErrorObject
    detail: str


type Responses = dict[int | str, dict[str, Any]]

_ALWAYS = {
    401: "no session key, or a wrong one",
    413: "the body is too large",
    431: "the headers are too large",
    422: "the request does not match the schema",
    500: "a bug of the gateway",
    503: "the server is starting or shutting down",
}


def failures(**statuses: str) -> Responses:
    """A route's error responses for the OpenAPI document: those of every route, and its own as `_404="when"`."""
    own = {int(name[1:]): when for name, when in statuses.items()}
    return {status: {"model": ErrorBody, "description": when} for status, when in {**_ALWAYS, **own}.items()}
