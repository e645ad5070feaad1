"""What the agent did on its way to an answer, which the endpoint hides: a conversation's events, by the native API.

They are fetched for what went wrong, and kept as `trajectories/<conversation>.json` in the run's folder.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.evals.outcome import FailureKind
from harness.presentation.files import write_whole
from harness.records import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.evals.journal.journal import Journal
    from harness.evals.outcome import Outcome
    from harness.evals.runner.client import Client
    from harness.evals.runner.settings import Server
    from harness.json_value import Json
    from harness.redact import Redactor

FOLDER = "trajectories"

MOST = 100
"""Conversations whose events are fetched."""
_MOST_EVENTS, _PAGE = 500, 100
"""Of a conversation; released servers give at most 100 at once."""
_MOST_CHARACTERS = 5_000
"""Of a text in an event; the system prompt of release 1.58 has 15,300, the same in each conversation."""

_AT_ONCE = 4
_NO_CONVERSATION = {FailureKind.REFUSED, FailureKind.UNREACHABLE}
_NO_STEPS = {"SystemPromptEvent", "ConversationStateUpdateEvent", "SecurityAnalysisEvent"}


async def fetch_trajectories(
    folder: Path, journal: Journal, servers: Sequence[Server], redactor: Redactor, *, most: int = MOST
) -> int:
    """Fetch the events of conversations that brought no answer or one that the main scorer finds wrong.

    Those that are there already, and those on servers whose native API may not be asked, are left out; one that can't
    be had is too, since it is no part of the result.

    Args:
        folder: of the run.
        journal: of the run.
        servers: of the pool.
        redactor: knows every secret.
        most: so many at most, the first ones.

    Returns:
        How many were fetched.

    Raises:
        OSError: a file can't be written.
    """
    from harness.evals.runner.client import Client

    (folder / FOLDER).mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        clients = {
            each.base_url: await stack.enter_async_context(Client(each, request_timeout=60.0))
            for each in servers
            if each.native_api
        }
        wanted = _wanted(folder, journal, clients, most)  # one iterator, which several tasks take from

        async def work() -> int:
            return sum([await _fetch(folder, each, clients[each.server], redactor) for each in wanted])

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work()) for _ in range(_AT_ONCE)]
    return sum(task.result() for task in tasks)


def _wanted(folder: Path, journal: Journal, clients: Mapping[str, Client], most: int) -> Iterator[Outcome]:
    count = 0
    for outcome in journal.outcomes():
        if count == most:
            return
        failed = outcome.failure is not None and outcome.failure.kind not in _NO_CONVERSATION
        wrong = bool(outcome.scores) and outcome.scores[0].value < 1
        if (failed or wrong) and outcome.server in clients:
            count += 1
            if not _path(folder, outcome).exists():
                yield outcome


async def _fetch(folder: Path, outcome: Outcome, client: Client, redactor: Redactor) -> bool:
    events = await _events(client, outcome.conversation)
    if not events:
        return False
    document: Json = {"conversation": outcome.conversation, "server": outcome.server, "events": events}
    # First each text, then the whole: a member whose name says that it is secret shows only with its name.
    text = redactor.text(json.dumps(redactor.json(_clipped(document)), indent=1, ensure_ascii=False))
    await asyncio.to_thread(write_whole, _path(folder, outcome), text)
    return True


async def _events(client: Client, conversation: str) -> list[Json]:
    """A conversation's events, oldest first, as far as they can be had."""
    from harness.evals.runner.client import UnansweredError

    events: list[Json] = []
    path = f"/api/conversations/{conversation}/events/search?limit={_PAGE}"
    page = ""
    while len(events) < _MOST_EVENTS:
        try:
            _, found = await client.look(path + page)
        except UnansweredError:
            break
        match found:
            case {"items": [_, *_] as items, "next_page_id": following}:
                events += items
            case _:
                break
        if following is None:
            break
        page = f"&page_id={quote(str(following), safe='')}"
    return events[:_MOST_EVENTS]


def _path(folder: Path, outcome: Outcome) -> Path:
    return folder / FOLDER / f"{outcome.conversation}.json"


def _clipped(value: Json) -> Json:
    match value:
        case str() if len(value) > _MOST_CHARACTERS:
            return f"{value[:_MOST_CHARACTERS]}… ({len(value)} characters in all)"
        case list():
            return [_clipped(each) for each in value]
        case dict():
            return {name: _clipped(each) for name, each in value.items()}
        case _:
            return value


def read_steps(path: Path) -> list[tuple[str, str]]:
    """What the events of a file tell a reader: who, and what they said or did.

    Raises:
        RecordError: it can't be read.
    """
    try:
        events = list(json.loads(path.read_bytes())["events"])
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise RecordError(f"{path}: no trajectory; delete it") from error
    return [_step(event) for event in events if isinstance(event, dict) and str(event.get("kind")) not in _NO_STEPS]


def _step(event: dict[str, Any]) -> tuple[str, str]:
    match event:
        case {"llm_message": {"role": str(role), "content": content}}:
            return "agent" if role == "assistant" else role, _text(content)
        case {"kind": "ActionEvent", "tool_name": str(tool)}:
            thought = _text(event.get("thought") or [])
            called = event.get("action") or event.get("tool_call")  # without the first, its arguments were none
            return f"agent calls {tool}", f"{thought}\n{json.dumps(called, indent=1, ensure_ascii=False)}".strip()
        case {"tool_name": str(tool), "observation": {"content": content}}:
            return f"{tool} answers", _text(content)
        case {"error": str(said)} | {"detail": str(said)}:
            return "error", said
    return str(event.get("kind", "event")), json.dumps(event, indent=1, ensure_ascii=False)


def _text(content: Any) -> str:
    """The text of a message's parts; what else is in it is named."""
    if not isinstance(content, list):
        return str(content)
    return "\n".join(
        str(part["text"]) if isinstance(part, dict) and "text" in part else "(something else than text)"
        for part in content
    )
