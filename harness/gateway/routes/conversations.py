"""`/api/conversations`: conversations and their events, with released servers' paths and shapes (1.58)."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, BaseModel, WithJsonSchema

from harness.gateway.agents import DamagedError
from harness.gateway.conversations import ConversationBusyError
from harness.gateway.errors import GatewayError
from harness.gateway.gateway import Gateway, GatewayOfRequest
from harness.gateway.routes import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.gateway.agents import Session

router = APIRouter(prefix="/api/conversations", tags=["Conversations"])

Limit = Annotated[int, Query(gt=0, le=100, description="Maximum number of items on a page.")]


def _local(moment: datetime) -> datetime:
    """The time as events have it: in the server's time zone, without an offset."""
    try:
        return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise ValueError("beyond the calendar in the server's time zone") from None


# Accepts more than `format: date-time`: also a date, or seconds since 1970.
Moment = Annotated[
    datetime,
    AfterValidator(_local),
    WithJsonSchema({"type": "string", "description": "ISO 8601; without an offset, local time"}),
]
PageId = Annotated[str | None, Query(description="`next_page_id` of the page before.")]


class ConversationOrder(StrEnum):
    """Sort order of conversations."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


class EventOrder(StrEnum):
    """Sort order of events."""

    TIMESTAMP = "TIMESTAMP"
    TIMESTAMP_DESC = "TIMESTAMP_DESC"


class Status(StrEnum):
    """The SDK's execution status of a conversation."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING_FOR_CONFIRMATION = "waiting_for_confirmation"
    FINISHED = "finished"
    ERROR = "error"
    STUCK = "stuck"
    DELETING = "deleting"


class ConversationInfo(BaseModel, extra="allow"):
    """A conversation; the fields that both agents have."""

    id: UUID
    execution_status: Status
    created_at: str
    updated_at: str


class Page(BaseModel):
    """One page of search results, and the id of the next page."""

    items: list[dict[str, Any]]
    next_page_id: str | None


class FinalResponse(BaseModel):
    """The newest final text of the agent; empty if there is none."""

    response: str


class Deleted(BaseModel):
    """The conversation was deleted."""

    success: bool = True


class EventFilter(BaseModel):
    """A filter of events; all given conditions have to hold."""

    kind: str | None = None
    source: str | None = None
    body: str | None = None
    timestamp__gte: Moment | None = None
    timestamp__lt: Moment | None = None

    def holds(self, event: dict[str, Any]) -> bool:
        """Whether an event matches."""
        at = str(event.get("timestamp", ""))
        return (
            self.kind in {None, event.get("kind")}
            and self.source in {None, event.get("source")}
            and (self.body is None or self.body.lower() in json.dumps(event, ensure_ascii=False).lower())
            and (self.timestamp__gte is None or at >= self.timestamp__gte.isoformat())
            and (self.timestamp__lt is None or at < self.timestamp__lt.isoformat())
        )


@router.get("", responses=failures())
async def get_conversations(
    ids: Annotated[list[UUID], Query(max_length=99)], gateway: GatewayOfRequest
) -> list[ConversationInfo | None]:
    """Conversations by id; null where there is none."""
    infos = await _infos(gateway, ids)
    return [ConversationInfo.model_validate(info) if info else None for info in infos]


@router.get("/search", responses=failures())
async def search_conversations(
    gateway: GatewayOfRequest,
    page_id: PageId = None,
    limit: Limit = 100,
    status: Status | None = None,
    sort_order: ConversationOrder = ConversationOrder.CREATED_AT_DESC,
) -> Page:
    """Conversations, page by page."""
    infos = await _all_infos(gateway, status)
    field = "updated_at" if sort_order.value.startswith("UPDATED") else "created_at"
    infos.sort(key=lambda info: str(info[field]), reverse=sort_order.value.endswith("DESC"))
    return _page(infos, page_id, limit)


@router.get("/count", responses=failures())
async def count_conversations(gateway: GatewayOfRequest, status: Status | None = None) -> int:
    """How many conversations are stored."""
    if status is None:
        return len(await asyncio.to_thread(gateway.runtime.stored))
    return len(await _all_infos(gateway, status))


_missing = failures(_404="no such conversation")


@router.get("/{conversation}", responses=_missing)
async def get_conversation(conversation: UUID, gateway: GatewayOfRequest) -> ConversationInfo:
    """One conversation."""
    return await info_of(gateway, conversation)


@router.delete("/{conversation}", responses=failures(_404="no such conversation", _409="its turn did not end in time"))
async def delete_conversation(conversation: UUID, gateway: GatewayOfRequest) -> Deleted:
    """Delete a conversation with its workspace; a running turn is interrupted."""
    try:
        if not await gateway.conversations.delete(conversation):
            raise _not_found()
    except ConversationBusyError:
        raise GatewayError(409, "The agent is at work and did not stop in time; try again later.") from None
    return Deleted()


@router.get("/{conversation}/agent_final_response", responses=_missing)
async def agent_final_response(conversation: UUID, gateway: GatewayOfRequest) -> FinalResponse:
    """The newest final text, for clients that got a 504 or disconnected."""
    return FinalResponse(response=await _read(gateway, conversation, lambda session: session.final_response()))


@router.get("/{conversation}/events/search", responses=_missing)
async def search_events(
    conversation: UUID,
    gateway: GatewayOfRequest,
    wanted: Annotated[EventFilter, Depends()],
    page_id: PageId = None,
    limit: Limit = 100,
    sort_order: EventOrder = EventOrder.TIMESTAMP,
) -> Page:
    """Events of a conversation, page by page."""
    events = await _events(gateway, conversation, wanted)
    return _page(events if sort_order is EventOrder.TIMESTAMP else events[::-1], page_id, limit)


@router.get("/{conversation}/events/count", responses=_missing)
async def count_events(conversation: UUID, gateway: GatewayOfRequest, wanted: Annotated[EventFilter, Depends()]) -> int:
    """How many events a conversation has."""
    return len(await _events(gateway, conversation, wanted))


async def info_of(gateway: Gateway, conversation: UUID) -> ConversationInfo:
    """A conversation as the API shows it. Raises GatewayError, 404."""
    return ConversationInfo.model_validate(await _read(gateway, conversation, lambda session: session.info()))


async def _events(gateway: Gateway, conversation: UUID, wanted: EventFilter) -> list[dict[str, Any]]:
    events = await _read(gateway, conversation, lambda session: session.events())
    return [event for event in events if wanted.holds(event)]


async def _read[T](gateway: Gateway, conversation: UUID, read: Callable[[Session], T]) -> T:
    """Read from a session, on a worker thread. Raises GatewayError, 404."""
    try:
        async with gateway.conversations.reading(conversation) as session:
            return await asyncio.to_thread(read, session)
    except KeyError:
        raise _not_found() from None


async def _infos(gateway: Gateway, conversations: Sequence[UUID]) -> list[dict[str, Any] | None]:
    infos: list[dict[str, Any] | None] = []
    for conversation in conversations:
        try:
            infos.append(await _read(gateway, conversation, lambda session: session.info()))
        except (GatewayError, DamagedError):
            infos.append(None)
    return infos


async def _all_infos(gateway: Gateway, status: Status | None) -> list[dict[str, Any]]:
    stored = await asyncio.to_thread(gateway.runtime.stored)
    infos = [info for info in await _infos(gateway, stored) if info is not None]
    return [info for info in infos if status in {None, info["execution_status"]}]


def _page(items: list[dict[str, Any]], page_id: str | None, limit: int) -> Page:
    start = next((index for index, item in enumerate(items) if page_id in {item["id"], None}), len(items))
    end = start + limit
    return Page(items=items[start:end], next_page_id=str(items[end]["id"]) if end < len(items) else None)


def _not_found() -> GatewayError:
    return GatewayError(404, "Conversation not found", code="conversation_not_found")
