"""What scenarios may know of the official client, as tables: its methods, what they return and what they raise.

The client itself takes half a second to import and is not needed to read a scenario; a test holds these tables against
the installed package.
"""

from __future__ import annotations

RETURNS = {
    "chat.completions.create": "ChatCompletion",
    "models.list": "ModelList",
    "models.retrieve": "Model",
    "responses.create": "Response",
}
"""The client's methods and what each returns. `ModelList` is our name for the whole page that `models.list` gets."""

RETURNS_STREAMED = {"chat.completions.create": "ChatCompletionChunk"}
"""What comes, many times, instead when the arguments say `stream: true`."""

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
"""The exceptions that a status leads to, one each: `InternalServerError` from 500 on, `APIStatusError` for the rest."""

OTHER_ERRORS = ("APIError", "APIResponseValidationError")
"""What the client raises over a good status: an error inside a stream, a body that it can't make sense of."""

NO_ANSWER_ERROR = "APITimeoutError"
"""What the client raises when it gives up."""

ERRORS = (*STATUS_ERRORS, *OTHER_ERRORS, NO_ANSWER_ERROR)


def error_of(status: int) -> str | None:
    """The exact class of the exception that the client raises for a status; None when it raises none."""
    if status < 400:
        return None
    return "InternalServerError" if status in _SERVER_ERRORS else _ERROR_OF_STATUS.get(status, "APIStatusError")


def returned_by(method: str, *, stream: bool) -> str:
    """What a call returns, or yields when it streams."""
    return RETURNS_STREAMED.get(method, RETURNS[method]) if stream else RETURNS[method]
