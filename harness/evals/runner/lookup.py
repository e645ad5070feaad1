"""What a server knows of a conversation: its native API, asked by the id that we chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.evals.outcome import Usage
from harness.evals.runner.client import UnansweredError, believable

if TYPE_CHECKING:
    from harness.evals.runner.client import Client

_ABSENT = {401, 403, 404, 405}

_MOST_PAGES = 100
"""Pages of a hundred events with all that a user has said; a server that has another one each time never ends."""


@dataclass(frozen=True, slots=True)
class Known:
    """The turn's message is there. `status` is the SDK's: `running`, `finished`, `error`, ..."""

    status: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The server knows nothing of the turn: not of its conversation, or not of its message."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The server has no native API, or not for us."""

    reason: str


async def look(client: Client, conversation: str, turn: int) -> Known | Missing | Unavailable:
    """What the server knows of a turn.

    That it knows nothing takes more than a 404, which a proxy without a backend says too: the conversation's place in
    a list of conversations has to be empty.

    Raises:
        UnansweredError: it can't be asked now.
    """
    path = f"/api/conversations/{conversation}"
    status, info = await client.look(path)
    if status == 404:
        status, listed = await client.look(f"/api/conversations?ids={conversation}")
        if status == 200 and listed == [None]:
            return Missing()
        info = listed[0] if isinstance(listed, list) and listed else None  # it has come in between
    if status in _ABSENT:
        return Unavailable(f"{status} for /api/conversations")
    execution = _execution(status, info)
    if turn == 1 and execution != "idle":
        return Known(execution)
    # A conversation is there before its first message is, and is `finished` until the next one comes.
    messages = await _user_messages(client, path)
    if messages < turn:
        return Missing()
    return Known(_execution(*await client.look(path)))


async def _user_messages(client: Client, path: str) -> int:
    """How many messages of the user's a conversation has.

    Not by asking for a number of events of that kind: releases before 1.56 know kinds by other names, and say 0.
    """
    count: int = 0
    page = ""
    for _ in range(_MOST_PAGES):
        status, found = await client.look(f"{path}/events/search?source=user&limit=100{page}")
        try:
            count += sum(event["kind"] == "MessageEvent" for event in found["items"])
            following = found["next_page_id"]
        except (LookupError, TypeError):
            raise UnansweredError(f"{status} for the events of a conversation") from None
        if following is None:
            return count
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
    """What all of the conversation cost; None when the server doesn't say, or not now."""
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
    return believable(Usage(prompt, completion, cost or None))  # 0 is what a model without a known price costs


def _execution(status: int, info: Any) -> str:
    match info:
        case {"execution_status": str(execution)} if status == 200:
            return execution
    raise UnansweredError(f"{status} without an execution status")
