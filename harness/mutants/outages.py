"""Mutants of whole operations: gateways at which one always fails, is missing, or is something else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CHAT, Request, Response, refusal
from harness.mutants.mutant import Mutant

_PAGE = b"<!doctype html><title>Welcome</title>"


class _Outage(Mutant):
    """Answers an operation, if the key is right, always in one way.

    Attributes:
        operation: method and path, a regular expression.
        status: of the answer.
        body: of the answer; None for an error.
    """

    gross = True
    operation: ClassVar[str]
    status: ClassVar[int] = 500
    body: ClassVar[bytes | None] = None

    async def answer(self, request: Request) -> Response:
        admitted = self.gateway.key in {request.bearer, request.headers.get("x-session-api-key")}
        if not admitted or not re.fullmatch(self.operation, f"{request.method} {request.path}"):
            return await self.gateway(request)
        if self.body is None:
            return refusal(self.status, "Not Found" if self.status == 404 else "Something went wrong")
        kind = "text/html" if self.body == _PAGE else "application/json"
        return Response(self.status, {"content-type": kind}, self.body)


class EverythingFails(_Outage):
    """Answers 500 to everything."""

    breaks = "MODEL-1"
    operation = ".*"


class EveryChatFails(_Outage):
    """Answers 500 to every chat."""

    breaks = "CHAT-1"
    operation = f"POST {CHAT}"


class EveryChatIsRefused(_Outage):
    """Answers 400 to every chat."""

    breaks = "CHAT-1"
    operation = f"POST {CHAT}"
    status = 400


class HasNoChats(_Outage):
    """Answers 404 to every chat."""

    breaks = "CHAT-1"
    operation = f"POST {CHAT}"
    status = 404


class EveryChatIsAPage(_Outage):
    """Answers every chat with an HTML page."""

    breaks = "CHAT-1"
    operation = f"POST {CHAT}"
    status, body = 200, _PAGE


class EveryChatIsEmpty(_Outage):
    """Answers every chat with an empty object."""

    breaks = "CHAT-1"
    operation = f"POST {CHAT}"
    status, body = 200, b"{}"


class ModelListFails(_Outage):
    """Answers 500 to a request for the model list."""

    breaks = "MODEL-1"
    operation = "GET /v1/models"


class HasNoModelList(_Outage):
    """Answers 404 to a request for the model list."""

    breaks = "MODEL-1"
    operation = "GET /v1/models"
    status = 404


class ModelListIsAPage(_Outage):
    """Shows the model list as an HTML page."""

    breaks = "MODEL-1"
    operation = "GET /v1/models"
    status, body = 200, _PAGE


class ModelListIsBare(_Outage):
    """Sends the model list as a bare array."""

    breaks = "MODEL-1"
    operation = "GET /v1/models"
    status, body = 200, b'[{"id": "openhands_scripted", "object": "model", "created": 0, "owned_by": "openhands"}]'


class ListsNoModel(_Outage):
    """Lists no model."""

    breaks = "MODEL-2"
    operation = "GET /v1/models"
    status, body = 200, b'{"object": "list", "data": []}'


class SingleModelsFail(_Outage):
    """Answers 500 to a request for a single model."""

    breaks = "MODEL-6"
    operation = "GET /v1/models/.+"


class ProfilesFail(_Outage):
    """Answers 500 to the whole profile API."""

    breaks = "PROFILE-1"
    operation = ".* /api/profiles.*"


class HasNoProfiles(_Outage):
    """Answers 404 to the whole profile API."""

    breaks = "PROFILE-1"
    operation = ".* /api/profiles.*"
    status = 404


class SavesNoProfiles(_Outage):
    """Answers 500 to every profile that is to be saved."""

    breaks = "PROFILE-1"
    operation = "POST /api/profiles/[^/]+"


class DeletesNoProfiles(_Outage):
    """Answers 500 to every deletion of a profile."""

    breaks = "PROFILE-3"
    operation = "DELETE /api/profiles/[^/]+"


class ShowsNoProfiles(_Outage):
    """Answers 404 to every request for a single profile."""

    breaks = "PROFILE-12"
    operation = "GET /api/profiles/[^/]+"
    status = 404


class ProfileListFails(_Outage):
    """Answers 500 to a request for the list of profiles."""

    breaks = "PROFILE-13"
    operation = "GET /api/profiles"


class HasNoProfileList(_Outage):
    """Answers 404 to a request for the list of profiles."""

    breaks = "PROFILE-13"
    operation = "GET /api/profiles"
    status = 404


class RenamesNothing(_Outage):
    """Answers 404 to every renaming of a profile."""

    breaks = "PROFILE-14"
    operation = "POST /api/profiles/[^/]+/rename"
    status = 404


class ConversationsFail(_Outage):
    """Answers 500 to a request for a conversation."""

    breaks = "CONV-7"
    operation = "GET /api/conversations/[^/]+"


class ShowsEmptyConversations(_Outage):
    """Shows every conversation as an empty object."""

    breaks = "CONV-7"
    operation = "GET /api/conversations/[^/]+"
    status, body = 200, b"{}"


class HasNoConversations(_Outage):
    """Answers 404 to everything about a conversation."""

    breaks = "CONV-7"
    operation = ".* /api/conversations/[0-9a-f-]{36}.*"
    status = 404


class DeletesNoConversations(_Outage):
    """Answers 500 to every deletion of a conversation."""

    breaks = "CONV-9"
    operation = "DELETE /api/conversations/[^/]+"


class HasNoEvents(_Outage):
    """Answers 404 to every search for a conversation's events."""

    breaks = "CONV-14"
    operation = "GET /api/conversations/[^/]+/events/search"
    status = 404


class ShowsNoEvents(_Outage):
    """Finds no events in any conversation."""

    breaks = "CONV-14"
    operation = "GET /api/conversations/[^/]+/events/search"
    status, body = 200, b'{"items": [], "next_page_id": null}'


class ResponsesFail(_Outage):
    """Answers 500 to every request for a response."""

    breaks = "RESP-1"
    dialect = Dialect.AGENT_SERVER
    operation = "POST /v1/responses"


class HasNoResponses(_Outage):
    """Answers 404 to every request for a response."""

    breaks = "RESP-1"
    dialect = Dialect.AGENT_SERVER
    operation = "POST /v1/responses"
    status = 404


class _UnknownPaths(Mutant):
    """Answers requests for paths that nobody serves in its own way."""

    gross = True
    instead: ClassVar[Response]

    def returned(self, request: Request, response: Response) -> Response:
        # Models, profiles and conversations can be unknown on a path that is served.
        served = re.match(r"/v1/(chat/completions|models|responses)|/api/(profiles|conversations)", request.path)
        return self.instead if response.status == 404 and not served else response


class UnknownPathsAreFine(_UnknownPaths):
    """Answers 200 and an empty object to paths that nobody serves."""

    breaks = "ERROR-7"
    instead = Response(200, {"content-type": "application/json"}, b"{}")


class UnknownPathsArePages(_UnknownPaths):
    """Shows its start page on every path that nobody serves."""

    breaks = "ERROR-7"
    instead = Response(200, {"content-type": "text/html"}, _PAGE)


class UnknownPathsFail(_UnknownPaths):
    """Answers 500 to paths that nobody serves."""

    breaks = "ERROR-7"
    instead = refusal(500, "KeyError")


class _SpoilsErrors(Mutant):
    """Changes every error."""

    gross = True

    def spoil(self, response: Response) -> Response:
        """The changed error."""
        raise NotImplementedError

    def returned(self, request: Request, response: Response) -> Response:
        return self.spoil(response) if response.status >= 400 else response


class RefusalsAreFailures(_SpoilsErrors):
    """Answers 500 where it should answer 400, 413, 415 or 422."""

    breaks = "ERROR-3"

    def spoil(self, response: Response) -> Response:
        return replace(response, status=500) if response.status in {400, 413, 415, 422} else response


class UnknownIsAFailure(_SpoilsErrors):
    """Answers 500 where it should answer 404."""

    breaks = "MODEL-4"

    def spoil(self, response: Response) -> Response:
        return replace(response, status=500) if response.status == 404 else response


class ErrorsAreEmpty(_SpoilsErrors):
    """Sends every error without a body."""

    breaks = "ERROR-8"

    def spoil(self, response: Response) -> Response:
        return replace(response, body=b"").with_header("content-type", None)


class ErrorsArePages(_SpoilsErrors):
    """Sends every error as an HTML page."""

    breaks = "ERROR-18"

    def spoil(self, response: Response) -> Response:
        return replace(response, body=_PAGE).with_header("content-type", "text/html")


class ShowsTracebacks(_SpoilsErrors):
    """Adds a traceback to every error."""

    breaks = "ERROR-16"

    def spoil(self, response: Response) -> Response:
        return response.with_json(
            {**response.json, "trace": 'Traceback (most recent call last):\n  File "/app/run.py"'}
        )


class EveryErrorIsAnAnswer(_SpoilsErrors):
    """Answers 200 with the error in the body, whatever went wrong."""

    breaks = "ERROR-10"

    def spoil(self, response: Response) -> Response:
        return replace(response, status=200)
