"""Mutants of errors: gateways that hide errors, break on them, or reveal too much or too little."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, SpoilsQuestions, newest_user_message


def _broken() -> Response:
    return Response(500, {"content-type": "text/plain"}, b"Internal Server Error")


class SaysHelloItself(SpoilsQuestions):
    """Makes up a user message if there is none."""

    breaks = "ERROR-1"

    def spoil(self, question: dict[str, Any]) -> None:
        if not newest_user_message(question):
            question["messages"].append({"role": "user", "content": "Hello"})


class BreaksOnBrokenJson(Mutant):
    """Answers 500 to a body that is not JSON."""

    breaks = "ERROR-2"

    def returned(self, request: Request, response: Response) -> Response:
        if not request.is_chat or response.status not in {400, 422}:
            return response
        deep = response.json["error"]["code"] == "nested_too_deep"
        return _broken() if request.json is None and not deep else response


class BreaksOnMissingFields(Mutant):
    """Answers 500 to a request without messages."""

    breaks = "ERROR-3"

    def returned(self, request: Request, response: Response) -> Response:
        body = request.json if request.is_chat else None
        missing = response.status == 422 and isinstance(body, dict) and "messages" not in body
        return _broken() if missing else response


class BreaksOnForms(Mutant):
    """Answers 500 to a body declared as a form, as released servers do."""

    breaks = "ERROR-4"

    def returned(self, request: Request, response: Response) -> Response:
        return _broken() if response.status == 415 else response


class BreaksOnUndeclaredBodies(Mutant):
    """Answers 500 to a body without `Content-Type`."""

    breaks = "ERROR-4"

    async def answer(self, request: Request) -> Response:
        undeclared = request.method == "POST" and "content-type" not in request.headers
        return _broken() if undeclared and request.body else await self.gateway(request)


class UnpacksWhatIsNotPacked(Mutant):
    """Answers 500 to a body that can't be decompressed."""

    breaks = "ERROR-4"

    async def answer(self, request: Request) -> Response:
        return _broken() if "content-encoding" in request.headers else await self.gateway(request)


class DropsWhatItCannotRead(SpoilsQuestions):
    """Drops the parts of a message that it can't read, and answers the rest."""

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


class BreaksBeyondAscii(Mutant):
    """Answers 500 to every body that holds more than ASCII."""

    breaks = "ERROR-6"
    gross = True

    async def answer(self, request: Request) -> Response:
        return await self.gateway(request) if json.dumps(request.json, ensure_ascii=False).isascii() else _broken()


class BreaksOnOtherMethods(Mutant):
    """Answers 500 to a method that the path doesn't support."""

    breaks = "ERROR-7"

    def returned(self, request: Request, response: Response) -> Response:
        return _broken() if response.status == 405 else response


class _LeavesOut(Mutant):
    """Leaves a member out of the bodies of its errors."""

    member: str

    def returned(self, request: Request, response: Response) -> Response:
        body = response.json
        if response.status < 400 or not isinstance(body, dict):
            return response
        return response.with_json({name: value for name, value in body.items() if name != self.member})


class SpeaksOpenHandsOnly(_LeavesOut):
    """Has only the native API's error, which OpenAI clients don't show."""

    breaks = "ERROR-8"
    member = "error"


class SpeaksOpenAIOnly(_LeavesOut):
    """Has only OpenAI's error, which OpenHands clients don't read."""

    breaks = "ERROR-9"
    member = "detail"


class ValidatesInItsOwnWords(Mutant):
    """Passes its framework's validation errors on unchanged."""

    breaks = "ERROR-8"

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 422:
            return response
        problem = {"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}
        return response.with_json({"detail": [problem]})


class FailsInItsOwnWords(Mutant):
    """Has OpenAI's error for refusals, but not for failures."""

    breaks = "ERROR-8"

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_json({"detail": "Internal Server Error"}) if response.status == 500 else response


class KeepsDetailsToItself(Mutant):
    """Leaves `detail` out of refusals of unsupported content."""

    breaks = "ERROR-9"

    def returned(self, request: Request, response: Response) -> Response:
        body = response.json
        if response.status == 400 and body["error"]["code"] == "unsupported_content":
            return response.with_json({"error": body["error"]})
        return response


class FailuresAreAnswers(Mutant):
    """Reports a failed turn in an assistant message."""

    breaks = "ERROR-10"
    code, says = "agent_error", "Sorry"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status != 500 or response.json["error"]["code"] != self.code:
            return response
        sound = (request.chat or {}) | {"messages": [{"role": "user", "content": f"Reply with exactly: {self.says}"}]}
        return await self.gateway(request.with_json(sound))


class PassesBadRequestsOn(Mutant):
    """Passes a provider's 400 on to a client that did nothing wrong."""

    breaks = "ERROR-10"
    always = "Answers 400 to every turn that fails."

    def concerns(self, request: Request) -> bool:
        return b"[[error: 400]]" in request.body

    def returned(self, request: Request, response: Response) -> Response:
        refused = response.status == 500 and self.concerns(request)
        return replace(response, status=400) if refused else response


class PassesTheFailureOn(Mutant):
    """Shows the provider's error message."""

    breaks = "ERROR-11"

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 500:
            return response
        body = response.json
        body["error"]["message"] += " AuthenticationError: upstream-secret-detail"
        return response.with_json(body)


class PassesRateLimitTextsOn(Mutant):
    """Shows the provider's error message only after a 429."""

    breaks = "ERROR-11"

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 500 or b"[[error: 429]]" not in request.body:
            return response
        return response.with_json({**response.json, "cause": {"provider": ["upstream-secret-detail"]}})


class LetsClientsRetry(Mutant):
    """Doesn't tell clients not to retry a failed turn."""

    breaks = "ERROR-12"

    async def answer(self, request: Request) -> Response:
        return (await self.gateway(request)).with_header("x-should-retry", None)


class FailuresHaveNoHeader(Mutant):
    """Leaves the conversation header out of failures."""

    breaks = "ERROR-13"

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_header(CONVERSATION, None) if response.status == 500 else response


@dataclass
class RepeatsTheFailure(Mutant):
    """Repeats the failure of a turn in the next one, as released servers do."""

    breaks = "ERROR-14"
    failure: dict[str, Response] = field(default_factory=dict)

    def returned(self, request: Request, response: Response) -> Response:
        if request.chat is None:
            return response
        old = self.failure.pop(request.conversation or "", None)
        if response.status == 500:
            self.failure[response.headers[CONVERSATION]] = response
        return old or response


class FailsForever(RepeatsTheFailure):
    """Repeats the failure of a turn in all later ones."""

    breaks = "ERROR-14"
    gross = True

    def returned(self, request: Request, response: Response) -> Response:
        known = self.failure.get(request.conversation or "")
        response = super().returned(request, response)
        if known:
            self.failure[request.conversation or ""] = known
        return response


class StuckIsAnAnswer(FailuresAreAnswers):
    """Reports in an assistant message that the agent is stuck."""

    breaks = "ERROR-15"
    also = frozenset({"ERROR-10"})
    code, says = "agent_stuck", "I am stuck."


class ShowsWhereItRefused(Mutant):
    """Adds a traceback to validation errors."""

    breaks = "ERROR-16"

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 422:
            return response
        return response.with_json({**response.json, "debug": ["Traceback (most recent call last):", "KeyError"]})


class ShowsWhereItFailed(Mutant):
    """Adds the file and line of its own code to failures."""

    breaks = "ERROR-16"

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 500:
            return response
        return response.with_json({**response.json, "where": 'File "/app/agent/run.py", line 7'})


class StartsBeforeItReads(Mutant):
    """Creates the conversation that a client names before it validates the request."""

    breaks = "ERROR-17"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        question = request.chat if response.status in {400, 422} and request.conversation else None
        if question and not question.get("stream") and not await self.gateway.knows(request.conversation):
            first = {"model": question["model"], "messages": [{"role": "user", "content": "Reply with exactly: ok"}]}
            await self.gateway(request.with_json(first))
        return response


class RefusalsAreText(Mutant):
    """Sends refusals with `Content-Type: text/plain`."""

    breaks = "ERROR-18"

    def returned(self, request: Request, response: Response) -> Response:
        refused = 400 <= response.status < 500
        return response.with_header("Content-Type", "text/plain; charset=utf-8") if refused else response


class ShowsAPageToStrangers(Mutant):
    """Declares 401 responses as HTML."""

    breaks = "ERROR-18"
    where = ("auth/*",)

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_header("content-type", "text/html") if response.status == 401 else response


@dataclass
class IsBusyNowAndThen(Mutant):
    """Answers every fiftieth chat request with 429 and no `Retry-After`."""

    _count: int = 0
    every = 50
    breaks = "ERROR-19"
    where = ("chat/*",)

    async def answer(self, request: Request) -> Response:
        if request.chat is None or request.bearer != self.gateway.key:
            return await self.gateway(request)
        self._count += 1
        return refusal(429, "busy") if self._count % self.every == 0 else await self.gateway(request)


class IsOftenBusy(IsBusyNowAndThen):
    """Answers every second chat request with 429 and no `Retry-After`."""

    breaks = "ERROR-19"
    gross = True
    every = 2


class ShowsAPageWhenItIsBusy(IsBusyNowAndThen):
    """Answers every fiftieth chat request with 429, `Retry-After` and an HTML page."""

    breaks = "ERROR-18"

    async def answer(self, request: Request) -> Response:
        response = await super().answer(request)
        if response.status != 429:
            return response
        page = replace(response, body=b"<!doctype html><title>Sorry</title>")
        return page.with_header("content-type", "text/html").with_header("retry-after", "1")
