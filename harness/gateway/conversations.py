"""The conversations in memory: queues turns and evicts the least recently used.

Turns of one conversation are played one at a time, in order of arrival (released servers merge concurrent turns into
one message and give both callers the same answer). The table lives on the event loop; sessions block, so they are
opened, used and closed on worker threads.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from uuid import UUID

    from harness.gateway.agents import Runtime, Session

# Seconds for a running turn to end when its conversation is deleted.
_INTERRUPT_SECONDS = 10.0


class QueueFullError(Exception):
    """The conversation's queue is full."""


class ConversationDeletedError(Exception):
    """The conversation was deleted while the request waited for its turn."""


class ConversationBusyError(Exception):
    """A running turn did not end in time for the conversation to be deleted."""


@dataclass(eq=False, slots=True)
class Entry:
    """One conversation's entry in the table.

    `session` is None until the conversation is opened, and after its eviction. The holder of `lock` has the turn; the
    holder of `opening` may set `session`. To hold both, take `lock` first. `waiting` counts the turns that run or wait,
    `users` everything that keeps the session open.
    """

    session: Session | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    users: int = 0
    deleted: bool = False

    async def opened(self, make: Callable[[], Awaitable[Session]]) -> Session:
        """The session; `make` opens it if it is not in memory."""
        async with self.opening:
            if self.session is None:
                self.session = await make()
            return self.session


class Conversations:
    """The table: at most `held` sessions, evicted least recently used first; at most `queued` waiting turns each."""

    def __init__(self, runtime: Runtime, *, held: int, queued: int) -> None:
        self._runtime = runtime
        self._held = held
        self._queued = queued
        self._entries: OrderedDict[UUID, Entry] = OrderedDict()
        self._eviction: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return sum(entry.session is not None for entry in self._entries.values())

    @asynccontextmanager
    async def turn(self, conversation: UUID) -> AsyncIterator[Entry]:
        """Wait for exclusive use of the conversation.

        Raises QueueFullError at once; ConversationDeletedError if it is deleted while waiting.
        """
        entry = self._entries.get(conversation)
        if entry is not None and entry.waiting > self._queued:
            raise QueueFullError
        async with self._use(conversation) as entry:
            entry.waiting += 1
            try:
                async with entry.lock:
                    if entry.deleted:
                        raise ConversationDeletedError
                    yield entry
            finally:
                entry.waiting -= 1
        self._make_room()

    @asynccontextmanager
    async def reading(self, conversation: UUID) -> AsyncIterator[Session]:
        """The session, read-only, also while it runs a turn. Raises KeyError if there is no such conversation."""
        async with self._use(conversation) as entry:
            yield await entry.opened(lambda: asyncio.to_thread(self._runtime.restore, conversation))
        self._make_room()

    async def delete(self, conversation: UUID) -> bool:
        """Interrupt and delete a conversation. False if nothing was stored. Raises ConversationBusyError."""
        async with self._use(conversation) as entry:
            entry.deleted = True
            if entry.session is not None and entry.lock.locked():
                entry.session.interrupt()
            try:
                await asyncio.wait_for(entry.lock.acquire(), _INTERRUPT_SECONDS)
            except TimeoutError:
                entry.deleted = False
                raise ConversationBusyError from None
            try:
                async with entry.opening:
                    await _close_session(entry)
                    return await asyncio.to_thread(self._runtime.delete, conversation)
            finally:
                entry.lock.release()

    def interrupt(self, conversation: UUID | None = None) -> None:
        """Ask the running turn of a conversation, or of each one, to end soon."""
        entries = self._entries if conversation is None else self._entries.keys() & {conversation}
        for entry in map(self._entries.__getitem__, entries):
            if entry.session is not None and entry.lock.locked():
                entry.session.interrupt()

    async def close(self) -> None:
        """Close every idle session."""
        for conversation in list(self._entries):
            await self._close(conversation)

    @asynccontextmanager
    async def _use(self, conversation: UUID) -> AsyncIterator[Entry]:
        entry = self._entries.setdefault(conversation, Entry())
        self._entries.move_to_end(conversation)
        entry.users += 1
        try:
            yield entry
        finally:
            entry.users -= 1
            if entry.session is None and not entry.users:
                del self._entries[conversation]

    def _make_room(self) -> None:
        """Evict sessions in the background: no answer waits for it."""
        if len(self._entries) > self._held and (self._eviction is None or self._eviction.done()):
            self._eviction = asyncio.create_task(self._evict())

    async def _evict(self) -> None:
        surplus = len(self._entries) - self._held
        idle = [conversation for conversation, entry in self._entries.items() if not entry.users]
        for conversation in idle[:surplus]:
            await self._close(conversation)

    async def _close(self, conversation: UUID) -> None:
        if (entry := self._entries.get(conversation)) is None or entry.users:
            return
        async with self._use(conversation) as entry, entry.lock, entry.opening:
            await _close_session(entry)


async def _close_session(entry: Entry) -> None:
    session, entry.session = entry.session, None
    if session is not None:
        await asyncio.to_thread(session.close)
