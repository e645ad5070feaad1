"""What a server knows about a conversation, by its id, over the native API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.evals.outcome import Usage
from harness.evals.runner.client import UnansweredError, believable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from harness.evals.runner.client import Client

_ABSENT = {401, 403, 404, 405}

_MOST_PAGES = 100
"""Pages of events that are read of one conversation: a broken server names a next page each time."""

_PAGE = 100
"""Events on a page; released servers give no more."""


@dataclass(frozen=True, slots=True)
class Known:
    """The server has the turn's message. `status` is the SDK's: `running`, `finished`, `error`, ..."""

    status: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The server does not have the turn: neither its conversation nor its message, or not its message."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The server has no native API, or denies access to it."""

    reason: str


async def look(client: Client, conversation: str, turn: int) -> Known | Missing | Unavailable:
    """What the server knows about a turn.

    A 404 does not show that it knows nothing, since a proxy without a backend answers 404 too: the conversation must
    also be null in the server's list of conversations.

    Raises:
        UnansweredError: the server can't be asked now.
    """
    path = f"/api/conversations/{conversation}"
    status, info = await client.look(path)
    if status == 404:
        status, listed = await client.look(f"/api/conversations?ids={conversation}")
        if status == 200 and listed == [None]:
            return Missing()
        info = listed[0] if isinstance(listed, list) and listed else None  # it was created in between
    if status in _ABSENT:
        return Unavailable(f"{status} for /api/conversations")
    execution = _execution(status, info)
    if turn == 1 and execution != "idle":
        return Known(execution)
    # A conversation exists before its first message, and stays `finished` until the next one.
    messages = await _user_messages(client, path)
    if messages < turn:
        return Missing()
    return Known(_execution(*await client.look(path)))


async def _user_messages(client: Client, path: str) -> int:
    """The number of the user's messages in a conversation.

    Not by asking for a number of events of that kind: releases before 1.56 name kinds differently, and answer 0.
    """
    count = 0
    async for events in event_pages(client, path, "source=user&"):
        try:
            count += sum(event["kind"] == "MessageEvent" for event in events)
        except (LookupError, TypeError):
            raise UnansweredError("an event of a conversation without a kind") from None
    return count


async def event_pages(client: Client, path: str, filters: str = "") -> AsyncIterator[list[Any]]:
    """The events of the conversation at a path, oldest first, a page at a time. Raises UnansweredError."""
    page = ""
    for _ in range(_MOST_PAGES):
        status, found = await client.look(f"{path}/events/search?{filters}limit={_PAGE}{page}")
        match found:
            case {"items": list(events), "next_page_id": following}:
                yield events
            case _:
                raise UnansweredError(f"{status} for the events of a conversation")
        if following is None:
            return
        page = f"&page_id={quote(str(following), safe='')}"
    raise UnansweredError("the events of a conversation have no end")


async def final_response(client: Client, conversation: str) -> str:
    """The agent's newest final text. Raises UnansweredError."""
    status, said = await client.look(f"/api/conversations/{conversation}/agent_final_response")
    match said:
        case {"response": str(text)} if status == 200:
            return text
    raise UnansweredError(f"{status} for its final response")


async def usage(client: Client, conversation: str) -> Usage | None:
    """The usage of a whole conversation; None when the server does not tell."""
    try:
        status, info = await client.look(f"/api/conversations/{conversation}")
        if status != 200:
            return None
        metrics = list(info["stats"]["usage_to_metrics"].values())
        tokens = [each["accumulated_token_usage"] for each in metrics if each.get("accumulated_token_usage")]
        cost = sum(float(each.get("accumulated_cost") or 0) for each in metrics)
        prompt, completion = (
            sum(int(each[name]) for each in tokens) for name in ("prompt_tokens", "completion_tokens")
        )
    except (UnansweredError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    if not tokens:
        return None
    return believable(Usage(prompt, completion, cost or None))  # a cost of 0 means that the price is not known


def _execution(status: int, info: Any) -> str:
    match info:
        case {"execution_status": str(execution)} if status == 200:
            return execution
    raise UnansweredError(f"{status} without an execution status")
