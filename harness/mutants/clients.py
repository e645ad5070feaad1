"""Who asks: gateways that treat one form of the official client otherwise than the other."""

from __future__ import annotations

from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import Mutant


class _KnowsForms(Mutant):
    """Tells the forms of the official client apart."""

    @staticmethod
    def is_blocking(request: Request) -> bool:
        """Whether the blocking client asks, and not for a stream."""
        streamed = (request.chat or {}).get("stream")
        return request.headers.get("x-stainless-async") == "false" and not streamed


class TakesTheBlockingClientForARobot(_KnowsForms):
    """Lets only the asynchronous client in."""

    breaks = "CHAT-18"

    async def answer(self, request: Request) -> Response:
        robot = request.chat is not None and self.is_blocking(request)
        return refusal(403, "robots keep out") if robot else await self.gateway(request)


class TellsTheBlockingClientNoCost(_KnowsForms):
    """Leaves `usage` out of what the blocking client gets."""

    breaks = "CHAT-18"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.chat is None or response.status != 200 or not self.is_blocking(request):
            return response
        return response.with_json({name: value for name, value in response.json.items() if name != "usage"})


class RefusesTheBlockingClientOtherwise(_KnowsForms):
    """Says 400 to the blocking client where it says 404 to the other."""

    breaks = "CHAT-18"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return refusal(400, "no such model") if response.status == 404 and self.is_blocking(request) else response
