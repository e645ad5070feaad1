"""Mutants of the Responses API: gateways that refuse its features, promise others, or answer wrongly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from harness.gateway.settings import Dialect
from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant, SpoilsAnswers


class _Asked(Mutant):
    """Handles requests for a response in its own way."""

    dialect = Dialect.AGENT_SERVER

    async def answer(self, request: Request) -> Response:
        body = request.json if request.is_for("POST", "/v1/responses") else None
        return await (self.asked(request, body) if isinstance(body, dict) else self.gateway(request))

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        """Answer a request for a response."""
        raise NotImplementedError


class _Answers(SpoilsAnswers):
    """Changes responses on their way out."""

    dialect = Dialect.AGENT_SERVER
    path = "/v1/responses"


class _TellsOfTools(Mutant):
    """Changes responses depending on the agent's tool calls."""

    dialect = Dialect.AGENT_SERVER

    def tell(self, output: list[dict[str, Any]], actions: list[dict[str, Any]]) -> None:
        """Change the output in place."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.path != "/v1/responses" or response.status != 200:
            return response
        answer = response.json
        self.tell(answer["output"], await self.gateway.events(response.headers[CONVERSATION], "ActionEvent"))
        return response.with_json(answer)


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of the input; empty if it is a text."""
    given = body.get("input")
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


class CallsItACompletion(_Answers):
    """Returns a response with the object `chat.completion`."""

    breaks = "RESP-1"

    def spoil(self, body: dict[str, Any]) -> None:
        body["object"] = "chat.completion"


class IsStillAtIt(_Answers):
    """Reports a finished response as in progress."""

    breaks = "RESP-1"

    def spoil(self, body: dict[str, Any]) -> None:
        body["status"] = "in_progress"


class KnowsNoTypedMessages(_Asked):
    """Refuses input items with a `type`."""

    breaks = "RESP-2"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        typed = any("type" in item for item in _items(body))
        return refusal(422, "input: extra fields not permitted") if typed else await self.gateway(request)


class KnowsNoInputParts(_Asked):
    """Refuses input messages in parts."""

    breaks = "RESP-2"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        parts = any(isinstance(item.get("content"), list) for item in _items(body))
        return refusal(400, "input: parts are not supported") if parts else await self.gateway(request)


class RepeatsTheInput(_Asked):
    """Repeats the input in the text."""

    breaks = "RESP-2"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        response = await self.gateway(request)
        if response.status != 200 or not isinstance(given := body["input"], str):
            return response
        answer = response.json
        part = answer["output"][0]["content"][0]
        part["text"] = f"{given}\n{part['text']}"
        return response.with_json(answer)


class SkipsInstructions(_Asked):
    """Ignores `instructions`."""

    breaks = "RESP-3"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        body.pop("instructions", None)
        return await self.gateway(request.with_json(body))


class SkipsSystemItems(_Asked):
    """Ignores system and developer messages of the input."""

    breaks = "RESP-3"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        if (items := _items(body)) and any(item.get("role") == "user" for item in items):
            body["input"] = [item for item in items if item.get("role") not in {"system", "developer"}]
        return await self.gateway(request.with_json(body))


class ReadsTheLastItem(_Asked):
    """Reads only the newest user message of the input, as in chat completions."""

    breaks = "RESP-4"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        if newest := [item for item in _items(body) if item.get("role") == "user"][-1:]:
            system = [item for item in _items(body) if item.get("role") in {"system", "developer"}]
            body["input"] = system + newest
        return await self.gateway(request.with_json(body))


class NamesNoConversation(Mutant):
    """Leaves the conversation header out of responses."""

    breaks = "RESP-5"
    dialect = Dialect.AGENT_SERVER

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_header(CONVERSATION, None) if request.path == "/v1/responses" else response


class LeadsNowhere(Mutant):
    """Returns an unknown conversation id with a response."""

    breaks = "RESP-5"
    dialect = Dialect.AGENT_SERVER

    def returned(self, request: Request, response: Response) -> Response:
        made = request.path == "/v1/responses" and response.status == 200
        return response.with_header(CONVERSATION, str(uuid4())) if made else response


@dataclass
class RemembersAllInput(_Asked):
    """Answers a response from the inputs of all others."""

    breaks = "RESP-6"
    _inputs: list[str] = field(default_factory=list)

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        response = await self.gateway(request)
        if response.status != 200:
            return response
        answer = response.json
        part = answer["output"][0]["content"][0]
        if "I have not been told" in part["text"]:
            part["text"] = "Some users said: " + " ".join(self._inputs)
        self._inputs.append(str(body.get("input")))
        return response.with_json(answer)


class PromisesToStore(_Asked):
    """Accepts `store: true`, but stores nothing."""

    breaks = "RESP-7"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        return await self.gateway(request.with_json({**body, "store": False}))


class ForgetsThePrevious(_Asked):
    """Ignores `previous_response_id`."""

    breaks = "RESP-7"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        body.pop("previous_response_id", None)
        return await self.gateway(request.with_json(body))


class AnswersAtOnce(_Asked):
    """Answers a streaming request without a stream."""

    breaks = "RESP-7"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        return await self.gateway(request.with_json({**body, "stream": False}))


class RefusesWhenItIsDone(_Asked):
    """Runs the agent before it refuses `store: true`."""

    breaks = "RESP-7"
    always = "Runs the agent, whatever it refuses."

    def concerns(self, request: Request) -> bool:
        return request.json.get("store") is True

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        response = await self.gateway(request)
        if response.status == 400 and self.concerns(request):
            allowed = {"store": False, "stream": False, "previous_response_id": None}
            await self.gateway(request.with_json({**body, **allowed}))
        return response


class OutputsItsTools(_TellsOfTools):
    """Adds the agent's own tool calls to the output."""

    breaks = "RESP-8"

    def tell(self, output: list[dict[str, Any]], actions: list[dict[str, Any]]) -> None:
        output[:0] = [
            {"type": "function_call", "call_id": action["tool_call_id"], "name": action["tool_name"], "arguments": "{}"}
            for action in actions
        ]


class OutputsItsThoughts(_TellsOfTools):
    """Adds a part about its tools to the output after two tool calls."""

    breaks = "RESP-8"

    def tell(self, output: list[dict[str, Any]], actions: list[dict[str, Any]]) -> None:
        if len(actions) > 1:
            part = {"type": "output_text", "text": f"I used {len(actions)} tools.\n", "annotations": []}
            output[0]["content"].insert(0, part)


class TotalsTheInput(_Answers):
    """Leaves the output tokens out of a response's total."""

    breaks = "RESP-9"

    def spoil(self, body: dict[str, Any]) -> None:
        body["usage"]["total_tokens"] = body["usage"]["input_tokens"]


class HasADefaultModel(_Asked):
    """Answers with its own model for an unknown one."""

    breaks = "RESP-10"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        response = await self.gateway(request)
        if response.status == 404:
            response = await self.gateway(request.with_json({**body, "model": "openhands_scripted"}))
        return response


class AsksForNoKey(Mutant):
    """Requires no key on this route."""

    breaks = "RESP-11"
    dialect = Dialect.AGENT_SERVER

    def forwarded(self, request: Request) -> Request:
        known = request.with_header("authorization", f"Bearer {self.gateway.key}")
        return known if request.path == "/v1/responses" else request


class ForbidsWrongKeys(Mutant):
    """Answers 403 to a wrong key, only on this route."""

    breaks = "RESP-11"
    always = "Answers 403 to a missing or wrong key, only on this route."
    dialect = Dialect.AGENT_SERVER

    def concerns(self, request: Request) -> bool:
        return request.bearer is not None

    def returned(self, request: Request, response: Response) -> Response:
        wrong = request.path == "/v1/responses" and response.status == 401 and self.concerns(request)
        return refusal(403, "Forbidden") if wrong else response


class SpeaksFirst(_Asked):
    """Makes up an input if there is none."""

    breaks = "RESP-12"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        return await self.gateway(request if body.get("input") else request.with_json({**body, "input": "Hello"}))


class RefusesToolsInResponses(_Asked):
    """Refuses a client's tools."""

    breaks = "RESP-13"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        return refusal(400, "tools are not supported") if body.get("tools") else await self.gateway(request)


class ShowsItsEffort(_Asked):
    """Changes `reasoning` in the answer if it is requested."""

    breaks = "RESP-13"

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        response = await self.gateway(request)
        if response.status == 200 and "reasoning" in body:
            return response.with_json({**response.json, "reasoning": {"effort": None}})
        return response


class CountsNoCaches(_Answers):
    """Leaves out the number of tokens written to a cache, as released servers do."""

    breaks = "RESP-14"

    def spoil(self, body: dict[str, Any]) -> None:
        del body["usage"]["input_tokens_details"]["cache_write_tokens"]


class LeavesOutWhatItHasNot(_Answers):
    """Leaves out fields that the client's type requires."""

    breaks = "RESP-14"

    def spoil(self, body: dict[str, Any]) -> None:
        for item in body["output"]:
            for part in item["content"]:
                del part["annotations"]


class TakesTextsOnly(_Asked):
    """Refuses every input that is a list."""

    breaks = "RESP-2"
    gross = True

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        return refusal(422, "input: not a string") if _items(body) else await self.gateway(request)


class FollowsNoInstructionsInResponses(SkipsSystemItems):
    """Ignores `instructions`, and system and developer messages."""

    breaks = "RESP-3"
    gross = True

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        body.pop("instructions", None)
        return await super().asked(request, body)


class RefusesNothing(_Asked):
    """Answers requests to stream, to store or to go on from a previous response as if they asked for nothing of it."""

    breaks = "RESP-7"
    gross = True

    async def asked(self, request: Request, body: dict[str, Any]) -> Response:
        body.pop("previous_response_id", None)
        return await self.gateway(request.with_json({**body, "store": False, "stream": False}))


class OutputsATool(_Answers):
    """Adds a tool call to every output."""

    breaks = "RESP-8"
    gross = True

    def spoil(self, body: dict[str, Any]) -> None:
        call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "terminal", "arguments": "{}"}
        body["output"].append(call)
