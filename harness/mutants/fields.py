"""Mutants of unused request fields: gateways that break on them, or act on them."""

from __future__ import annotations

import json
from typing import Any

from harness.mutants.exchange import Request, Response, Turn, refusal
from harness.mutants.mutant import Mutant, Retells, SpoilsQuestions


class _Obeys(Retells):
    """Applies a field that a gateway should ignore."""

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        """Change the choices of an answer in place."""
        raise NotImplementedError

    async def retell(self, turn: Turn) -> None:
        self.obey(turn.completion["choices"], turn.question)


class CountsChoices(Mutant):
    """Answers 500 to a request for more than one choice."""

    breaks = "FIELD-1"

    async def answer(self, request: Request) -> Response:
        number = (request.chat or {}).get("n")
        return refusal(500, "IndexError") if isinstance(number, int) and number > 1 else await self.gateway(request)


class HasNoVoice(Mutant):
    """Answers 501 to a client that accepts audio too."""

    breaks = "FIELD-1"

    async def answer(self, request: Request) -> Response:
        spoken = "audio" in ((request.chat or {}).get("modalities") or ())
        return refusal(501, "not implemented") if spoken else await self.gateway(request)


class TellsProbabilitiesItHasNot(_Obeys):
    """Returns empty log probabilities if they are requested."""

    breaks = "FIELD-1"

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        if question.get("logprobs") is True:
            choices[0]["logprobs"] = {"content": []}


class StreamsForItsOptions(Mutant):
    """Streams if `stream_options` is set."""

    breaks = "FIELD-1"

    def returned(self, request: Request, response: Response) -> Response:
        options = (request.chat or {}).get("stream_options")
        if response.status == 200 and isinstance(options, dict) and options.get("include_usage"):
            event = f"data: {json.dumps(response.json)}\n\ndata: [DONE]\n\n"
            return Response(200, response.with_header("content-type", "text/event-stream").headers, event.encode())
        return response


class CallsTheClientsTool(_Obeys):
    """Calls the tool that the client names in `tool_choice`."""

    breaks = "FIELD-2"
    also = frozenset({"CHAT-4", "FIELD-1"})

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        choice = question.get("tool_choice")
        if isinstance(choice, dict) and "function" in choice:
            function = {"name": choice["function"]["name"], "arguments": "{}"}
            choices[0]["message"]["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]


class LeavesTheCallToTheClient(Retells):
    """Returns the agent's calls of tools that the client offers too."""

    breaks = "FIELD-2"

    async def retell(self, turn: Turn) -> None:
        tools = turn.question.get("tools")
        offered = json.dumps(tools) if isinstance(tools, list) else ""
        calls = [
            {"id": action["tool_call_id"], "type": "function", "function": {"name": action["tool_name"]}}
            for action in await self.gateway.events(turn.conversation, "ActionEvent")
            if f'"name": "{action["tool_name"]}"' in offered
        ]
        turn.message.update({"tool_calls": calls} if calls else {})


class CallsAFunctionOfOld(_Obeys):
    """Calls the function of the deprecated `function_call`."""

    breaks = "FIELD-2"
    also = frozenset({"CHAT-4", "FIELD-1"})

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        wanted = question.get("function_call")
        if isinstance(wanted, dict):
            choices[0]["message"]["function_call"] = {**wanted, "arguments": "{}"}


class RefusesPenalties(Mutant):
    """Refuses `presence_penalty`, which a chat UI sends with every request."""

    breaks = "FIELD-3"

    async def answer(self, request: Request) -> Response:
        refused = request.chat is not None and "presence_penalty" in request.chat
        return refusal(422, "presence_penalty: not supported") if refused else await self.gateway(request)


class WantsSnakeCase(Mutant):
    """Refuses field names with capitals, as a voice platform sends."""

    breaks = "FIELD-3"

    async def answer(self, request: Request) -> Response:
        odd = [name for name in request.chat or {} if name != name.lower()]
        return refusal(400, f"unknown field {odd[0]}") if odd else await self.gateway(request)


class RefusesToBeSteered(Mutant):
    """Refuses a request that sets all fields of the official client."""

    breaks = "FIELD-3"

    async def answer(self, request: Request) -> Response:
        return refusal(400, "too many fields") if len(request.chat or {}) > 20 else await self.gateway(request)


class ChecksWhatItIgnores(Mutant):
    """Refuses an invalid temperature, though it uses none."""

    breaks = "FIELD-4"

    async def answer(self, request: Request) -> Response:
        temperature = (request.chat or {}).get("temperature", 1)
        fits = isinstance(temperature, int | float) and 0 <= temperature <= 2
        return await self.gateway(request) if fits else refusal(422, "temperature: between 0 and 2")


class ReadsOptionsItDoesNotNeed(Mutant):
    """Refuses `stream_options` of the wrong type without `stream`, as released servers do."""

    breaks = "FIELD-4"

    async def answer(self, request: Request) -> Response:
        options = (request.chat or {}).get("stream_options") or {}
        known = isinstance(options, dict) and isinstance(options.get("include_usage", False), bool)
        return await self.gateway(request) if known else refusal(422, "stream_options: not an object of booleans")


class LooksIntoToolsItIgnores(Mutant):
    """Answers 500 to tools without a name, though it calls none."""

    breaks = "FIELD-4"

    async def answer(self, request: Request) -> Response:
        tools = (request.chat or {}).get("tools") or []
        named = isinstance(tools, list) and all(
            isinstance(tool, dict) and "name" in (tool.get("function") or {}) for tool in tools
        )
        return await self.gateway(request) if named else refusal(500, "KeyError: 'name'")


class KnowsItsMessages(Mutant):
    """Refuses unknown fields, but only within messages."""

    breaks = "FIELD-5"

    async def answer(self, request: Request) -> Response:
        known = {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "audio", "function_call"}
        fields = {name for message in (request.chat or {"messages": []})["messages"] for name in message}
        return refusal(422, "extra fields not permitted") if fields - known else await self.gateway(request)


class KnowsItsParts(Mutant):
    """Refuses unknown fields, but only within the parts of a message."""

    breaks = "FIELD-5"

    async def answer(self, request: Request) -> Response:
        contents = [message.get("content") for message in (request.chat or {"messages": []})["messages"]]
        parts = [part for content in contents if isinstance(content, list) for part in content]
        texts = [part for part in parts if isinstance(part, dict) and part.get("type") == "text"]
        more = any(part.keys() - {"type", "text"} for part in texts)
        return refusal(422, "extra fields not permitted") if more else await self.gateway(request)


class KnowsItsOptions(Mutant):
    """Refuses unknown fields, but only within `stream_options`."""

    breaks = "FIELD-5"

    async def answer(self, request: Request) -> Response:
        options = (request.chat or {}).get("stream_options")
        more = isinstance(options, dict) and options.keys() - {"include_usage"}
        return refusal(422, "extra fields not permitted") if more else await self.gateway(request)


class GivesChoices(_Obeys):
    """Returns the answer `n` times."""

    breaks = "FIELD-6"

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        if isinstance(number := question.get("n"), int):
            choices += [{**choices[0], "index": index} for index in range(1, number)]


class Stops(_Obeys):
    """Cuts the text at a `stop` sequence."""

    breaks = "FIELD-6"

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        message = choices[0]["message"]
        ends = question.get("stop")
        for end in ends if isinstance(ends, list) else []:
            message["content"] = message["content"].partition(end)[0]


class CountsTokens(_Obeys):
    """Cuts the text at `max_tokens`, of four characters each."""

    breaks = "FIELD-6"

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        message = choices[0]["message"]
        if isinstance(limit := question.get("max_tokens"), int) and limit > 0:
            message["content"] = message["content"][: 4 * limit]


class AnswersInJson(_Obeys):
    """Wraps the text in an object if `response_format` asks for JSON."""

    breaks = "FIELD-6"

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        message = choices[0]["message"]
        wanted = question.get("response_format")
        if isinstance(wanted, dict) and str(wanted.get("type")).startswith("json"):
            message["content"] = json.dumps({"answer": message["content"]})


class _Tells(SpoilsQuestions):
    """Passes a field that a gateway should ignore to the agent."""

    def field(self, question: dict[str, Any]) -> object:
        """The value of the field; nothing is passed on if it is empty."""
        raise NotImplementedError

    def spoil(self, question: dict[str, Any]) -> None:
        if value := self.field(question):
            question["messages"].insert(0, {"role": "system", "content": f"The client says: {json.dumps(value)}"})


class OffersTheClientsTools(_Tells):
    """Tells the agent about the client's tools."""

    breaks = "FIELD-7"

    def field(self, question: dict[str, Any]) -> object:
        return question.get("tools")


class KnowsWhoCalls(_Tells):
    """Tells the agent who the client's user is."""

    breaks = "FIELD-7"

    def field(self, question: dict[str, Any]) -> object:
        return question.get("user")


class TakesFlagsForItsOwn(Mutant):
    """Answers 500 to a flag whose name begins with `x_`."""

    breaks = "FIELD-8"

    async def answer(self, request: Request) -> Response:
        flags = [name for name, value in (request.chat or {}).items() if name.startswith("x_") and value is True]
        return refusal(500, f"KeyError: {flags[0]!r}") if flags else await self.gateway(request)


_NEEDED = frozenset({"model", "messages", "stream"})


class BreaksOnEveryField(Mutant):
    """Answers 500 to every field that it doesn't need."""

    breaks = "FIELD-1"
    gross = True

    async def answer(self, request: Request) -> Response:
        more = (request.chat or {}).keys() - _NEEDED
        return refusal(500, "TypeError: unexpected keyword argument") if more else await self.gateway(request)


class CallsEveryTool(_Obeys):
    """Calls every tool that a client offers."""

    breaks = "FIELD-2"
    gross = True

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        if tools := question.get("tools"):
            calls = [
                {"id": f"call_{number}", "type": "function", "function": {"name": f"tool_{number}", "arguments": "{}"}}
                for number, _ in enumerate(tools)
            ]
            choices[0]["message"]["tool_calls"] = calls


class AlwaysAnswersInJson(_Obeys):
    """Wraps every text in an object."""

    breaks = "FIELD-6"
    gross = True

    def obey(self, choices: list[dict[str, Any]], question: dict[str, Any]) -> None:
        message = choices[0]["message"]
        message["content"] = json.dumps({"answer": message["content"]})


class TellsEverything(_Tells):
    """Passes all fields that a gateway should ignore to the agent."""

    breaks = "FIELD-7"
    gross = True

    def field(self, question: dict[str, Any]) -> object:
        return {name: value for name, value in question.items() if name not in _NEEDED}
