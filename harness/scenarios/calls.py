"""Tables of the official client's methods, return types and exceptions.

Reading a scenario need not import the client, which takes half a second; a test compares these tables with the
installed package.
"""

from __future__ import annotations

RETURNS = {
    "chat.completions.create": "ChatCompletion",
    "models.list": "ModelList",
    "models.retrieve": "Model",
    "responses.create": "Response",
}
"""The return type of each client method. `ModelList` is our name for the page that `models.list` returns."""

RETURNS_STREAMED = {"chat.completions.create": "ChatCompletionChunk"}
"""The type of the chunks with `stream: true`."""

RETURN_TYPES = tuple(dict.fromkeys((*RETURNS.values(), *RETURNS_STREAMED.values())))

_SERVER_ERRORS = range(500, 600)
_ERROR_OF_STATUS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
STATUS_ERRORS = (*_ERROR_OF_STATUS.values(), "InternalServerError", "APIStatusError")
"""The exceptions raised for a status, one each: `InternalServerError` from 500 on, `APIStatusError` for the rest."""

OTHER_ERRORS = ("APIError", "APIResponseValidationError")
"""Exceptions despite a good status: an error inside a stream, a body that the client can't parse."""

NO_ANSWER_ERROR = "APITimeoutError"
"""The exception raised on a timeout."""

ERRORS = (*STATUS_ERRORS, *OTHER_ERRORS, NO_ANSWER_ERROR)


def error_of(status: int) -> str | None:
    """The exact class of the client's exception for a status; None if it raises none."""
    if status < 400:
        return None
    return "InternalServerError" if status in _SERVER_ERRORS else _ERROR_OF_STATUS.get(status, "APIStatusError")


def returned_by(method: str, *, stream: bool) -> str:
    """The type that a call returns, or yields with `stream`."""
    return RETURNS_STREAMED.get(method, RETURNS[method]) if stream else RETURNS[method]
