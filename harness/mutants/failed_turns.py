"""Mutants of a language model's faults: gateways that make an answer of what was none, or drag it along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from harness.mutants.exchange import CONVERSATION, Request, Response
from harness.mutants.mutant import Mutant, newest_user_message

_NUDGE = "Your last response did not include a function call or a message."


def _saying(request: Request, text: str) -> Request:
    """The same request with another message, which is answered with the text."""
    message = {"role": "user", "content": f"Reply with exactly: {text}"}
    return request.with_json({**(request.chat or {}), "messages": [message]})


class _Excuses(Mutant):
    """Answers a turn that failed, if its message holds a directive."""

    directive: ClassVar[bytes]
    says: ClassVar[str]

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        excused = response.status == 500 and request.chat is not None and self.directive in request.body
        return await self.gateway(_saying(request, self.says)) if excused else response


class TakesHalfAnAnswer(_Excuses):
    """Returns the part of the model's answer that came before its stream broke off, as released servers do."""

    breaks = "ERROR-10"
    directive, says = b"[[cut]]", "o"


class SaysWhateverTheModelSent(_Excuses):
    """Returns a page of the model's provider as the answer."""

    breaks = "ERROR-10"
    directive, says = b"[[garbage]]", "<html>this is not JSON</html>"


class HasNothingToSay(_Excuses):
    """Returns an empty text if the model has none."""

    breaks = "ERROR-10"
    directive, says = b"[[empty]]", ""


class AnswersItsOwnNudge(Mutant):
    """Takes its own words, with which it asks the model again, for the user's."""

    breaks = "ERROR-10"

    async def answer(self, request: Request) -> Response:
        asked_again = request.chat is not None and b": once]]" in request.body
        return await self.gateway(_saying(request, _NUDGE) if asked_again else request)


@dataclass
class RepeatsItsLastAnswer(Mutant):
    """Returns the last answer of a conversation when its next turn fails."""

    breaks = "ERROR-10"
    _last: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        conversation = response.headers.get(CONVERSATION, "")
        if request.chat is not None and response.status == 200 and not response.is_stream:
            self._last[conversation] = response.json["choices"][0]["message"]["content"]
        if request.chat is None or response.status != 500 or conversation not in self._last:
            return response
        return await self.gateway(_saying(request, self._last[conversation]))


class ShowsItsException(Mutant):
    """Adds the text of its exception to failures, as released servers do."""

    breaks = "ERROR-16"

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 500:
            return response
        return response.with_json({**response.json, "exception": "500: Agent run ended with status: error"})


class ShowsWhatItCouldNotRead(Mutant):
    """Adds its call stack to the refusal of a body that isn't declared as JSON."""

    breaks = "ERROR-16"
    where = ("errors/body-of-another-type*",)

    def returned(self, request: Request, response: Response) -> Response:
        if response.status != 415:
            return response
        stack = "TypeError: not JSON\n    at read (/srv/gateway/body.js:7:12)"
        return response.with_json({**response.json, "debug": [{"cause": stack}]})


def _joined(question: dict[str, Any], earlier: str) -> dict[str, Any]:
    """The request with an earlier message before its newest one, in one message."""
    newest = newest_user_message(question)
    return {**question, "messages": [{**newest, "content": f"{earlier}\n{newest.get('content')}"}]}


@dataclass
class JoinsWhatFailed(Mutant):
    """Sends the message of a failed turn to the model again, with the next one, as released servers do."""

    breaks = "CONV-32"
    _failed: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if (question := request.chat) is None:
            return await self.gateway(request)
        earlier = self._failed.get(request.conversation or "")
        asked = _joined(question, earlier) if earlier is not None else question
        response = await self.gateway(request.with_json(asked))
        conversation = response.headers.get(CONVERSATION, "")
        if response.status == 500:
            self._failed[conversation] = str(newest_user_message(asked).get("content"))
        return response


@dataclass
class JoinsWhatWasGivenUp(Mutant):
    """Sends the message of a turn that still runs to the model again, with the next one, as released servers do."""

    breaks = "CONV-24"
    _running: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        question, conversation = request.chat, request.conversation
        if question is None or conversation is None:
            return await self.gateway(request)
        earlier = self._running.get(conversation)
        if earlier is not None and b"am called" in request.body:
            return await self.gateway(request.with_json(_joined(question, earlier)))
        self._running[conversation] = str(newest_user_message(question).get("content"))
        response = await self.gateway(request)
        self._running.pop(conversation, None)
        return response
