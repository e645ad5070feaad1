"""Fields that the gateway doesn't need: gateways that trip over them, or act on them."""

from __future__ import annotations

from typing import Any

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant


class CountsChoices(Mutant):
    """Breaks when it is asked for more than one choice."""

    breaks = "FIELD-1"

    async def answer(self, request: Request) -> Response:
        number = (request.chat or {}).get("n")
        return refusal(500, "IndexError") if isinstance(number, int) and number > 1 else await self.gateway(request)


class CallsTheClientsTool(Mutant):
    """Calls the tool that a client names as its choice."""

    breaks = "FIELD-2"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        choice = (request.chat or {}).get("tool_choice")
        if response.status == 200 and isinstance(choice, dict):
            completion = response.json
            function = {"name": choice["function"]["name"], "arguments": "{}"}
            call: dict[str, Any] = {"id": "call_1", "type": "function", "function": function}
            completion["choices"][0]["message"]["tool_calls"] = [call]
            return response.with_json(completion)
        return response


class LeavesTheCallToTheClient(Mutant):
    """Passes a call on when the agent calls a tool that a client offered."""

    breaks = "FIELD-2"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is None or response.status != 200 or not isinstance(question.get("tools"), list):
            return response
        offered = [tool["function"]["name"] for tool in question["tools"]]
        completion = response.json
        completion["choices"][0]["message"]["tool_calls"] = [
            {"id": action["tool_call_id"], "type": "function", "function": {"name": action["tool_name"]}}
            for action in await self.gateway.events(response.headers[CONVERSATION], "ActionEvent")
            if action["tool_name"] in offered
        ]
        return response.with_json(completion)


class CallsAFunctionOfOld(Mutant):
    """Calls a function where a client still offers `functions`."""

    breaks = "FIELD-2"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if response.status == 200 and (functions := (request.chat or {}).get("functions")):
            completion = response.json
            call = {"name": functions[0]["name"], "arguments": "{}"}
            completion["choices"][0]["message"]["function_call"] = call
            return response.with_json(completion)
        return response


class RefusesPenalties(Mutant):
    """Refuses a field that a chat UI sends with every request."""

    breaks = "FIELD-3"

    async def answer(self, request: Request) -> Response:
        refused = request.chat is not None and "presence_penalty" in request.chat
        return refusal(422, "presence_penalty: not supported") if refused else await self.gateway(request)


class ChecksWhatItIgnores(Mutant):
    """Refuses a temperature that is none, though it uses no temperature."""

    breaks = "FIELD-4"

    async def answer(self, request: Request) -> Response:
        temperature = (request.chat or {}).get("temperature", 1)
        fits = isinstance(temperature, int | float) and 0 <= temperature <= 2
        return await self.gateway(request) if fits else refusal(422, "temperature: between 0 and 2")
