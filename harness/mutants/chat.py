"""Mutants of a single chat: gateways that misread the request or misstate the answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from harness.mutants.exchange import Request, Response, Turn, refusal
from harness.mutants.mutant import Mutant, Retells, SpoilsAnswers, SpoilsQuestions, newest_user_message


class CompletesText(SpoilsAnswers):
    """Calls its answer a text completion."""

    breaks = "CHAT-1"
    also = frozenset({"CLIENT-1"})

    def spoil(self, body: dict[str, Any]) -> None:
        body["object"] = "text_completion"


class RepeatsTheQuestion(Retells):
    """Repeats a short question in the answer."""

    breaks = "CHAT-2"
    also = frozenset({"CHAT-3", "CHAT-15", "CHAT-16"})

    async def retell(self, turn: Turn) -> None:
        question = str(newest_user_message(turn.question).get("content"))
        if len(question) <= 100:
            turn.message["content"] = f"{question}\n{turn.message['content']}"


class ThinksAloud(Retells):
    """Lists the tools that it used before the answer."""

    breaks = "CHAT-3"
    from_the = 1

    async def retell(self, turn: Turn) -> None:
        actions = await self.gateway.events(turn.conversation, "ActionEvent")
        used = [action["tool_name"] for action in actions if action["tool_name"] != "finish"]
        told = "".join(f"I used {tool}.\n" for tool in used[self.from_the - 1 :])
        turn.message["content"] = told + turn.message["content"]


class ThinksAloudFromTheSecondToolOn(ThinksAloud):
    """Lists the tools that it used, except the first, before the answer."""

    breaks = "CHAT-3"
    from_the = 2


class TellsItsReasons(Retells):
    """Puts the model's reasoning in front of its answer."""

    breaks = "CHAT-3"
    always = "Puts reasoning in front of every answer."

    def concerns(self, request: Request) -> bool:
        return b"[[reasoning: " in request.body

    async def retell(self, turn: Turn) -> None:
        if self.concerns(turn.request):
            reasoning = re.search(r"\[\[reasoning: (.*?)\]\]", turn.request.body.decode("utf-8", "replace"))
            told = reasoning[1] if reasoning else "The user wants me to reply."
            turn.message["content"] = f"<think>{told}</think>{turn.message['content']}"


@dataclass
class RepeatsItsFirstAnswer(Retells):
    """Repeats the agent's first answer in each later one."""

    breaks = "CHAT-3"
    also = frozenset({"CHAT-15"})
    _first: dict[str, str] = field(default_factory=dict)

    async def retell(self, turn: Turn) -> None:
        message = turn.message
        if turn.request.conversation is None:
            self._first[turn.conversation] = message["content"]
        elif earlier := self._first.get(turn.request.conversation):
            message["content"] = f"{earlier}\n{message['content']}"


class ShowsItsTools(Retells):
    """Shows the agent's own tool calls as OpenAI tool calls."""

    breaks = "CHAT-4"

    async def retell(self, turn: Turn) -> None:
        actions = await self.gateway.events(turn.conversation, "ActionEvent")
        if actions and "tools" not in turn.question:
            turn.message["tool_calls"] = [
                {
                    "id": action["tool_call_id"],
                    "type": "function",
                    "function": {"name": action["tool_name"], "arguments": "{}"},
                }
                for action in actions
            ]


class ShowsItsToolsLater(ShowsItsTools):
    """Shows the agent's own tool calls from the second turn on."""

    breaks = "CHAT-4"

    async def answer(self, request: Request) -> Response:
        return await (super().answer(request) if request.conversation else self.gateway(request))


class ShowsItsLastTool(Retells):
    """Shows the agent's final call of `finish` as an OpenAI tool call."""

    breaks = "CHAT-4"

    async def retell(self, turn: Turn) -> None:
        actions = await self.gateway.events(turn.conversation, "ActionEvent")
        if actions and actions[-1]["tool_name"] == "finish":
            call = {"id": actions[-1]["tool_call_id"], "type": "function", "function": {"name": "finish"}}
            turn.message["tool_calls"] = [call]


class EndsWithToolCalls(Retells):
    """Gives the finish reason `tool_calls` if the agent used its own tools, so that clients stop there."""

    breaks = "CHAT-4"

    async def retell(self, turn: Turn) -> None:
        if await self.gateway.events(turn.conversation, "ActionEvent"):
            turn.completion["choices"][0]["finish_reason"] = "tool_calls"


class SkipsTheSystemMessage(SpoilsQuestions):
    """Ignores a system message at the start."""

    breaks = "CHAT-5"
    also = frozenset({"CHAT-22"})

    def spoil(self, question: dict[str, Any]) -> None:
        if question["messages"] and question["messages"][0].get("role") == "system":
            question["messages"].pop(0)


class KnowsNoDevelopers(SpoilsQuestions):
    """Ignores developer messages."""

    breaks = "CHAT-6"

    def spoil(self, question: dict[str, Any]) -> None:
        question["messages"] = [message for message in question["messages"] if message.get("role") != "developer"]


class StopsAtTheUser(SpoilsQuestions):
    """Reads instructions up to the first user message."""

    breaks = "CHAT-6"

    def spoil(self, question: dict[str, Any]) -> None:
        kept: list[Any] = []
        for message in question["messages"]:
            late = any(other.get("role") == "user" for other in kept)
            if not (late and message.get("role") == "system"):
                kept.append(message)
        question["messages"] = kept


class ReadsTheFirstPart(SpoilsQuestions):
    """Reads only the first text part of a message."""

    breaks = "CHAT-7"

    def spoil(self, question: dict[str, Any]) -> None:
        content = newest_user_message(question).get("content")
        if isinstance(content, list):
            texts = [part for part in content if part["type"] == "text"]
            content[:] = [part for part in content if part not in texts[1:]]


class ReadsPartsInTheBeginning(ReadsTheFirstPart):
    """Reads all parts of a conversation's first message, and only the first part of later ones."""

    breaks = "CHAT-7"

    async def answer(self, request: Request) -> Response:
        return await (super().answer(request) if request.conversation else self.gateway(request))


class SeesNoImages(Mutant):
    """Refuses images."""

    breaks = "CHAT-8"

    async def answer(self, request: Request) -> Response:
        return refusal(400, "no images, please") if b"image_url" in request.body else await self.gateway(request)


class WantsTextInEveryMessage(Mutant):
    """Refuses assistant messages with a tool call, since they have no text."""

    breaks = "CHAT-9"

    async def answer(self, request: Request) -> Response:
        if b'"tool_calls"' in request.body:
            return refusal(422, "messages: content is missing")
        return await self.gateway(request)


class KnowsNoFunctions(Mutant):
    """Refuses results of functions called the old way, as released servers do."""

    breaks = "CHAT-9"

    async def answer(self, request: Request) -> Response:
        roles = [message.get("role") for message in (request.chat or {"messages": []})["messages"]]
        return refusal(422, "messages: unknown role") if "function" in roles else await self.gateway(request)


class UserHasTheLastWord(Mutant):
    """Refuses messages that don't end with a user message."""

    breaks = "CHAT-9"

    async def answer(self, request: Request) -> Response:
        question = request.chat
        roles = [message.get("role") for message in question["messages"]] if question else []
        if "user" in roles and roles[-1] == "assistant":
            return refusal(400, "the last message is not the user's")
        return await self.gateway(request)


class NamesTheModelBehind(SpoilsAnswers):
    """Returns the name of the agent's language model instead of the requested one."""

    breaks = "CHAT-10"

    def spoil(self, body: dict[str, Any]) -> None:
        body["model"] = "openai/scripted"


class RunsOutOfTokens(SpoilsAnswers):
    """Gives every answer the finish reason `length`."""

    breaks = "CHAT-11"

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"][0]["finish_reason"] = "length"


class AnswersHaveOneId(SpoilsAnswers):
    """Gives every answer the same id."""

    breaks = "CHAT-12"

    def spoil(self, body: dict[str, Any]) -> None:
        body["id"] = "chatcmpl-openhands"


class CountsMilliseconds(SpoilsAnswers):
    """Gives the time in milliseconds."""

    breaks = "CHAT-13"

    def spoil(self, body: dict[str, Any]) -> None:
        body["created"] *= 1000


class BillsTheConversation(Retells):
    """Reports the usage of the whole conversation so far, as released servers do."""

    breaks = "CHAT-14"

    async def retell(self, turn: Turn) -> None:
        shown = (await self.gateway.ask("GET", f"/api/conversations/{turn.conversation}")).json
        total = shown["stats"]["usage_to_metrics"]["default"]["accumulated_token_usage"]
        counts = {name: total[name] for name in ("prompt_tokens", "completion_tokens")}
        turn.completion["usage"] |= {**counts, "total_tokens": sum(counts.values())}


class CountsTheLastCallAlone(SpoilsAnswers):
    """Reports the usage of the last model call instead of the turn."""

    breaks = "CHAT-14"

    def spoil(self, body: dict[str, Any]) -> None:
        usage = body["usage"]
        usage["completion_tokens"] = max(1, len(body["choices"][0]["message"]["content"].split()))
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


class TakesToolResultsForTheUsers(SpoilsQuestions):
    """Appends a tool result after the user message to that message."""

    breaks = "CHAT-9"

    def spoil(self, question: dict[str, Any]) -> None:
        *_, last = question["messages"] or [{}]
        if last.get("role") == "tool" and (newest := newest_user_message(question)):
            newest["content"] = f"{newest['content']}\n{last['content']}"


class TakesTheLastMessage(SpoilsQuestions):
    """Answers the last message, even an assistant message."""

    breaks = "CHAT-9"

    def spoil(self, question: dict[str, Any]) -> None:
        if newest_user_message(question) and question["messages"][-1].get("role") == "assistant":
            question["messages"][-1]["role"] = "user"


class TotalsWhatItRead(SpoilsAnswers):
    """Leaves the completion tokens out of the total."""

    breaks = "CHAT-17"

    def spoil(self, body: dict[str, Any]) -> None:
        body["usage"]["total_tokens"] = body["usage"]["prompt_tokens"]


@dataclass
class TotalsTheConversation(Retells):
    """Adds the total up over the conversation, but not the other counts."""

    breaks = "CHAT-17"
    _totals: Counter[str] = field(default_factory=Counter)

    async def retell(self, turn: Turn) -> None:
        self._totals[turn.conversation] += turn.completion["usage"]["total_tokens"]
        turn.completion["usage"]["total_tokens"] = self._totals[turn.conversation]


class ReadsForNothing(SpoilsAnswers):
    """Counts completion tokens but no prompt tokens."""

    breaks = "CHAT-17"

    def spoil(self, body: dict[str, Any]) -> None:
        body["usage"] |= {"prompt_tokens": 0, "total_tokens": body["usage"]["completion_tokens"]}


class AlwaysEndsWithToolCalls(SpoilsAnswers):
    """Gives every answer the finish reason `tool_calls`."""

    breaks = "CHAT-4"
    gross = True

    def spoil(self, body: dict[str, Any]) -> None:
        body["choices"][0]["finish_reason"] = "tool_calls"


class FollowsNoInstructions(SpoilsQuestions):
    """Ignores all system and developer messages."""

    breaks = "CHAT-5"
    gross = True

    def spoil(self, question: dict[str, Any]) -> None:
        instructing = {"system", "developer"}
        question["messages"] = [each for each in question["messages"] if each.get("role") not in instructing]


class WantsOneMessage(Mutant):
    """Refuses every chat of more than one message."""

    breaks = "CHAT-9"
    gross = True

    async def answer(self, request: Request) -> Response:
        several = len((request.chat or {}).get("messages", ())) > 1
        return refusal(422, "messages: at most one") if several else await self.gateway(request)


class ReadsNoParts(Mutant):
    """Refuses all content that is a list of parts."""

    breaks = "CHAT-7"
    gross = True

    async def answer(self, request: Request) -> Response:
        contents = [message.get("content") for message in (request.chat or {}).get("messages", ())]
        parts = any(isinstance(content, list) for content in contents)
        return refusal(422, "content: not a string") if parts else await self.gateway(request)


class CountsNothing(SpoilsAnswers):
    """Counts no tokens at all."""

    breaks = "CHAT-17"
    gross = True

    def spoil(self, body: dict[str, Any]) -> None:
        body["usage"] = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)
