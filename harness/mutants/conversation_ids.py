"""Mutants of the ids that clients choose: gateways that take not every UUID for one, or take other texts for one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from uuid import UUID

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Mutant


def _is_uuid(text: str | None) -> bool:
    try:
        return text is not None and bool(UUID(text))
    except ValueError:
        return False


def _canonical(request: Request) -> str | None:
    """The canonical form of the conversation's UUID, if the request spells it otherwise."""
    if request.conversation is None or not _is_uuid(request.conversation):
        return None
    canonical = str(UUID(request.conversation))
    return canonical if canonical != request.conversation else None


class KnowsRandomIdsOnly(Mutant):
    """Accepts only UUIDs of version 4."""

    breaks = "CONV-10"

    async def answer(self, request: Request) -> Response:
        other = _is_uuid(request.conversation) and UUID(request.conversation).version != 4
        return refusal(422, "not a UUID") if other else await self.gateway(request)


@dataclass
class ContinuesNoChosenId(Mutant):
    """Lets a client choose the id, but starts anew with each request for it."""

    breaks = "CONV-10"
    _chosen: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        if (conversation := request.conversation) is None or request.chat is None:
            return await self.gateway(request)
        if conversation in self._chosen:
            response = await self.gateway(request.with_header(CONVERSATION, None))
            return response.with_header(CONVERSATION, conversation)
        if not await self.gateway.knows(conversation):
            self._chosen.add(conversation)
        return await self.gateway(request)


class ChoosesTheIdsItself(Mutant):
    """Accepts only ids that it has chosen itself."""

    breaks = "CONV-10"

    async def answer(self, request: Request) -> Response:
        well_formed = request.chat is not None and _is_uuid(request.conversation)
        if not well_formed or await self.gateway.knows(request.conversation):
            return await self.gateway(request)
        unknown = refusal(404, "Conversation not found")
        if b"[[delay" in request.body:
            return unknown  # at once, as it would be
        response = await self.gateway(request.with_header(CONVERSATION, None))
        refused = 400 <= response.status < 500  # for another reason
        return response if refused else unknown


class OverlooksMalformedIds(Mutant):
    """Starts a conversation if the header is not a UUID."""

    breaks = "CONV-11"

    def forwarded(self, request: Request) -> Request:
        return request if _is_uuid(request.conversation) else request.with_header(CONVERSATION, None)


class FindsAnIdInEverything(Mutant):
    """Takes the first UUID in the header and ignores other text."""

    breaks = "CONV-11"

    def forwarded(self, request: Request) -> Request:
        found = re.search(r"\w{8}-\w{4}-\w{4}-\w{4}-\w{12}", request.conversation or "")
        return request.with_header(CONVERSATION, found[0]) if found else request


class EmptyIsMalformed(Mutant):
    """Refuses an empty header, as released servers do."""

    breaks = "CONV-12"

    async def answer(self, request: Request) -> Response:
        return refusal(422, "not a UUID") if request.headers.get(CONVERSATION) == "" else await self.gateway(request)


class KnowsOneSpelling(Mutant):
    """Refuses a UUID that is not in its canonical form, which it may."""

    breaks = "CONV-13"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(request) if _canonical(request) is None else refusal(422, "not a UUID")


class ForgetsUnderAnotherSpelling(Mutant):
    """Answers with the conversation whose UUID is spelled otherwise, but starts anew with each such request."""

    breaks = "CONV-13"

    async def answer(self, request: Request) -> Response:
        canonical = _canonical(request)
        if request.chat is None or canonical is None or not await self.gateway.knows(canonical):
            return await self.gateway(request)
        response = await self.gateway(request.with_header(CONVERSATION, None))
        return response.with_header(CONVERSATION, canonical)
