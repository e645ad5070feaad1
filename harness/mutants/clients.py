"""Mutants of client forms: gateways that treat the blocking and the asynchronous client differently."""

from __future__ import annotations

from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import Mutant


class _KnowsForms(Mutant):
    """Recognises the blocking client."""

    @staticmethod
    def is_blocking(request: Request) -> bool:
        """Whether the blocking client sent the request, without `stream`."""
        streamed = (request.chat or {}).get("stream")
        return request.headers.get("x-stainless-async") == "false" and not streamed


class TakesTheBlockingClientForARobot(_KnowsForms):
    """Refuses chats of the blocking client."""

    breaks = "CHAT-18"
    also = frozenset({"CHAT-2"})

    async def answer(self, request: Request) -> Response:
        robot = request.chat is not None and self.is_blocking(request)
        return refusal(403, "robots keep out") if robot else await self.gateway(request)


class TellsTheBlockingClientNoCost(_KnowsForms):
    """Leaves `usage` out of answers to the blocking client."""

    breaks = "CHAT-18"

    def returned(self, request: Request, response: Response) -> Response:
        if request.chat is None or response.status != 200 or not self.is_blocking(request):
            return response
        return response.with_json({name: value for name, value in response.json.items() if name != "usage"})


class RefusesTheBlockingClientOtherwise(_KnowsForms):
    """Answers 400 instead of 404 to the blocking client."""

    breaks = "CHAT-18"

    def returned(self, request: Request, response: Response) -> Response:
        return refusal(400, "no such model") if response.status == 404 and self.is_blocking(request) else response
