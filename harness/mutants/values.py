"""Mutants that know some names, keys and values of a field, and break on the others."""

from __future__ import annotations

from typing import Any, ClassVar

from harness.gateway.settings import Dialect
from harness.mutants.exchange import Request, Response, Turn, refusal
from harness.mutants.mutant import MODEL, Mutant, Retells, SpoilsAnswers, newest_user_message

_RESPONSES = "/v1/responses"
_PROFILES = "/api/profiles"


# --- Models and profiles ---


class ListsSmallLetters(SpoilsAnswers):
    """Leaves a profile out of the list if its name has a capital."""

    breaks = "PROFILE-2"
    method = "GET"
    path = "/v1/models"

    def spoil(self, body: dict[str, Any]) -> None:
        body["data"] = [model for model in body["data"] if model["id"] == model["id"].lower()]


class KnowsTwoNamesDeep(Mutant):
    """Refuses a profile whose model's name has two slashes."""

    breaks = "PROFILE-4"

    async def answer(self, request: Request) -> Response:
        body = request.json if request.method == "POST" and request.path.startswith(_PROFILES) else None
        llm = body.get("llm") if isinstance(body, dict) else None
        deep = isinstance(llm, dict) and str(llm.get("model")).count("/") > 1
        return refusal(422, "llm.model: provider/model_name") if deep else await self.gateway(request)


class ListsProfilesToAnyone(Mutant):
    """Lists the profiles without a key where the path ends in a slash."""

    breaks = "PROFILE-5"

    async def answer(self, request: Request) -> Response:
        if request.is_for("GET", f"{_PROFILES}/") and request.path == f"{_PROFILES}/":
            return await self.gateway.ask("GET", _PROFILES)
        return await self.gateway(request)


class RenamesForAnyone(Mutant):
    """Renames a profile without a key."""

    breaks = "PROFILE-5"

    async def answer(self, request: Request) -> Response:
        renames = request.method == "POST" and request.path.endswith("/rename")
        return await self.gateway(self.gateway.unlocked(request) if renames else request)


class _TakesAnyModel(Mutant):
    """Answers a request for an unknown model with the one that it has."""

    def is_taken(self, request: Request, question: dict[str, Any]) -> bool:
        """Whether the model's name does not matter to this request."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        question = request.chat
        if response.status != 404 or question is None or not self.is_taken(request, question):
            return response
        return await self.gateway(request.with_json({**question, "model": MODEL}))


class LooksUpTheFirstModel(_TakesAnyModel):
    """Looks up the model of a conversation's first request alone."""

    breaks = "MODEL-4"
    also = frozenset({"PROFILE-16"})

    def is_taken(self, request: Request, question: dict[str, Any]) -> bool:
        return bool(request.conversation)


class StreamsForAnyModel(_TakesAnyModel):
    """Looks up no model when it streams."""

    breaks = "MODEL-4"
    also = frozenset({"STREAM-11"})
    dialect = Dialect.AGENT_SERVER

    def is_taken(self, request: Request, question: dict[str, Any]) -> bool:
        return question.get("stream") is True


# --- Clients and keys ---


class RepeatsTheQuestionToBlockingClients(Retells):
    """Repeats the question in the answer to the client's blocking class."""

    breaks = "CHAT-2"

    async def retell(self, turn: Turn) -> None:
        if turn.request.headers.get("x-stainless-async") == "false":
            turn.message["content"] = f"{newest_user_message(turn.question).get('content')}\n{turn.message['content']}"


class RespondsToEmptyKeys(Mutant):
    """Takes a bearer token that is empty for a right one, on the Responses API."""

    breaks = "RESP-11"
    dialect = Dialect.AGENT_SERVER

    async def answer(self, request: Request) -> Response:
        empty = request.headers.get("authorization", "").strip() == "Bearer"
        let_in = request.is_for("POST", _RESPONSES) and empty
        return await self.gateway(self.gateway.unlocked(request) if let_in else request)


class RespondsToHalfAKey(Mutant):
    """Takes the beginning of a key for the key, on the Responses API."""

    breaks = "RESP-11"
    dialect = Dialect.AGENT_SERVER

    async def answer(self, request: Request) -> Response:
        let_in = request.is_for("POST", _RESPONSES) and request.key and self.gateway.key.startswith(request.key)
        return await self.gateway(self.gateway.unlocked(request) if let_in else request)


# --- Fields ---


class _BreaksOn(Mutant):
    """Answers 500 to some values of a field that it doesn't need."""

    error: ClassVar[str]

    def breaks_on(self, question: dict[str, Any]) -> bool:
        """Whether a request holds such a value."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        question = request.chat
        broken = question is not None and self.breaks_on(question)
        return refusal(500, self.error) if broken else await self.gateway(request)


class HasNoSuchEffort(_BreaksOn):
    """Answers 500 to the efforts that newer models know."""

    breaks = "FIELD-1"
    error = "KeyError"

    def breaks_on(self, question: dict[str, Any]) -> bool:
        return question.get("reasoning_effort") in {"none", "xhigh"}


class HasNoPriority(_BreaksOn):
    """Answers 500 to a service tier that it does not know."""

    breaks = "FIELD-1"
    error = "ValueError"

    def breaks_on(self, question: dict[str, Any]) -> bool:
        return question.get("service_tier") in {"flex", "scale", "priority"}


class SeedsWithAFloat(_BreaksOn):
    """Answers 500 to a seed of more than 53 bits."""

    breaks = "FIELD-1"
    error = "OverflowError"

    def breaks_on(self, question: dict[str, Any]) -> bool:
        return isinstance(seed := question.get("seed"), int) and abs(seed) > 2**53


class TakesTheFirstTool(_BreaksOn):
    """Answers 500 to an empty list of tools."""

    breaks = "FIELD-1"
    error = "IndexError"

    def breaks_on(self, question: dict[str, Any]) -> bool:
        return question.get("tools") == []


class HasRoomForSixtyFourTools(_BreaksOn):
    """Answers 500 to more than 64 tools."""

    breaks = "FIELD-1"
    error = "IndexError"

    def breaks_on(self, question: dict[str, Any]) -> bool:
        return isinstance(tools := question.get("tools"), list) and len(tools) > 64


class DividesByTheTemperature(_BreaksOn):
    """Answers 500 to a temperature of 0."""

    breaks = "FIELD-1"
    also = frozenset({"FIELD-3"})
    error = "ZeroDivisionError"

    def breaks_on(self, question: dict[str, Any]) -> bool:
        return question.get("temperature") == 0


class GivesProbabilitiesOfMany(Retells):
    """Returns empty log probabilities if the most that there may be are requested."""

    breaks = "FIELD-1"

    async def retell(self, turn: Turn) -> None:
        if turn.question.get("top_logprobs") == 20:
            turn.completion["choices"][0]["logprobs"] = {"content": []}


class GivesTwoChoices(Retells):
    """Returns the answer twice if two choices are requested, and once if three are."""

    breaks = "FIELD-6"

    async def retell(self, turn: Turn) -> None:
        choices = turn.completion["choices"]
        if turn.question.get("n") == 2:
            choices.append({**choices[0], "index": 1})


class CallsTheClientsToolLater(Retells):
    """Calls the tool that the client names in `tool_choice`, from the second turn on."""

    breaks = "FIELD-2"

    async def retell(self, turn: Turn) -> None:
        choice = turn.question.get("tool_choice")
        if turn.request.conversation and isinstance(choice, dict) and "function" in choice:
            function = {"name": choice["function"]["name"], "arguments": "{}"}
            turn.message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
