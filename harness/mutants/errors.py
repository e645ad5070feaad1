"""Mistakes and failures: gateways that swallow them, break on them, or tell too much or too little of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, SpoilsQuestions, newest_user_message


def _broken() -> Response:
    return Response(500, {"content-type": "text/plain"}, b"Internal Server Error")


class SaysHelloItself(SpoilsQuestions):
    """Makes up a user message when there is none."""

    breaks = "ERROR-1"

    def spoil(self, question: dict[str, Any]) -> None:
        if not newest_user_message(question):
            question["messages"].append({"role": "user", "content": "Hello"})


class BreaksOnBrokenJson(Mutant):
    """Answers 500 to a body that is no JSON."""

    breaks = "ERROR-2"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        is_chat = request.is_for("POST", "/v1/chat/completions")
        return _broken() if is_chat and response.status in {400, 422} and request.json is None else response


class BreaksOnMissingFields(Mutant):
    """Answers 500 to a request without messages."""

    breaks = "ERROR-3"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        body = request.json if request.is_for("POST", "/v1/chat/completions") else None
        missing = response.status == 422 and isinstance(body, dict) and "messages" not in body
        return _broken() if missing else response


class BreaksOnForms(Mutant):
    """Answers 500 to a body that is declared as a form, as released servers do."""

    breaks = "ERROR-4"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return _broken() if response.status == 415 else response


class DropsWhatItCannotRead(SpoilsQuestions):
    """Leaves out the parts of a message that it can't read, and answers the rest."""

    breaks = "ERROR-5"

    def spoil(self, question: dict[str, Any]) -> None:
        content = newest_user_message(question).get("content")
        if isinstance(content, list):
            content[:] = [part for part in content if part["type"] in {"text", "image_url"}]


class BreaksOnHalfACharacter(Mutant):
    """Answers 500 to half of a surrogate pair, as released servers do."""

    breaks = "ERROR-6"

    async def answer(self, request: Request) -> Response:
        try:
            json.dumps(request.json, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return _broken()
        return await self.gateway(request)


class BreaksOnOtherMethods(Mutant):
    """Answers 500 to a method that a path doesn't have."""

    breaks = "ERROR-7"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return _broken() if response.status == 405 else response


class _LeavesOut(Mutant):
    """Leaves a member out of the body of its refusals."""

    member: str

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        body = response.json
        if response.status < 400 or not isinstance(body, dict):
            return response
        return response.with_json({name: value for name, value in body.items() if name != self.member})


class SpeaksOpenHandsOnly(_LeavesOut):
    """Refuses in the words of the native API, which OpenAI clients don't show."""

    breaks = "ERROR-8"
    member = "error"


class SpeaksOpenAIOnly(_LeavesOut):
    """Refuses in the words of OpenAI's API, which OpenHands clients don't read."""

    breaks = "ERROR-9"
    member = "detail"


class FailuresAreAnswers(Mutant):
    """Tells of a failed turn in an assistant message."""

    breaks = "ERROR-10"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status != 500:
            return response
        sound = (request.chat or {}) | {"messages": [{"role": "user", "content": "Reply with exactly: Sorry"}]}
        return await self.gateway(request.with_json(sound))


class PassesTheFailureOn(Mutant):
    """Shows what the language model's provider said."""

    breaks = "ERROR-11"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status != 500:
            return response
        body = response.json
        body["error"]["message"] += " AuthenticationError: upstream-secret-detail"
        return response.with_json(body)


class LetsClientsRetry(Mutant):
    """Doesn't say that a failed turn should not be tried again."""

    breaks = "ERROR-12"

    async def answer(self, request: Request) -> Response:
        return (await self.gateway(request)).with_header("x-should-retry", None)


class FailuresHaveNoHeader(Mutant):
    """Doesn't say which conversation it was that failed."""

    breaks = "ERROR-13"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return response.with_header(CONVERSATION, None) if response.status == 500 else response


class NeverRecovers(Mutant):
    """Answers every request after a failed turn with the old failure, as released servers do once."""

    breaks = "ERROR-14"

    async def answer(self, request: Request) -> Response:
        if request.chat is not None and request.conversation:
            shown = (await self.gateway.ask("GET", f"/api/conversations/{request.conversation}")).json
            if shown.get("execution_status") == "error":
                return replace(refusal(500, "The agent has failed."), headers={CONVERSATION: request.conversation})
        return await self.gateway(request)
