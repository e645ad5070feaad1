"""Mutants that deal with some faults of the language model and not with others."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import Mutant


class _Fails(Mutant):
    """Changes the answers to turns that failed by some fault, which the scripted model was told to have."""

    faults: ClassVar[tuple[bytes, ...]]

    def failed(self, response: Response) -> Response:
        """What the client gets."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        at_fault = request.is_chat and any(fault in request.body for fault in self.faults)
        return self.failed(response) if at_fault and response.status >= 500 else response


class PassesOnWhatIsForbidden(_Fails):
    """Answers 403 when the language model is forbidden to its owner, as if it were forbidden to the client."""

    breaks = "ERROR-10"
    faults = (b"[[error: 403]]",)

    def failed(self, response: Response) -> Response:
        return refusal(403, "forbidden")


class QuotesAnOverloadedProvider(_Fails):
    """Repeats what the provider says of its load."""

    breaks = "ERROR-11"
    faults = (b"[[error: 503]]",)

    def failed(self, response: Response) -> Response:
        return response.with_json({**response.json, "provider": "upstream-secret-detail"})


class AsksForARetryOfADrop(_Fails):
    """Asks for a retry when the language model hung up, though the agent ran."""

    breaks = "ERROR-12"
    faults = (b"[[drop]]",)

    def failed(self, response: Response) -> Response:
        return response.with_header("x-should-retry", None)


class NamesNoConversationOfA500(_Fails):
    """Names no conversation when the language model answers 500."""

    breaks = "ERROR-13"
    faults = (b"[[error: 500]]",)

    def failed(self, response: Response) -> Response:
        return response.with_header("X-OpenHands-ServerConversation-ID", None)


@dataclass
class RepeatsTheErrorOfADrop(Mutant):
    """Answers the request after a drop with its error."""

    breaks = "ERROR-14"
    _errors: dict[str, Response] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if request.conversation in self._errors:
            return self._errors.pop(request.conversation)
        response = await self.gateway(request)
        if request.conversation and response.status >= 500 and b"[[drop]]" in request.body:
            self._errors[request.conversation] = response
        return response


class ApologizesForLateFailures(Mutant):
    """Answers a turn that failed after more than two seconds with an apology."""

    breaks = "ERROR-10"

    async def answer(self, request: Request) -> Response:
        start = time.monotonic()
        response = await self.gateway(request)
        question = request.chat
        if response.status < 500 or question is None or time.monotonic() - start < 2:
            return response
        said = {"role": "user", "content": "Reply with exactly: Sorry."}
        return await self.gateway(request.with_json({**question, "messages": [said]}))
