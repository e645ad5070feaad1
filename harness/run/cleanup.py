"""Deletes what the run created on the target, and says what could not be deleted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from harness.scenarios.model import Auth, Capability, Http
from harness.trace import Cleanup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.run.client import Client

DELETED = {200, 202, 204}
GONE = {404, 410}
"""Nothing is left to delete, if the native API is available and says so."""


async def clean_up(
    client: Client, paths: Iterable[str], capabilities: frozenset[Capability] | None, *, seconds: float
) -> Cleanup:
    """Delete paths one after the other until the time is over, as far as the target's native API can.

    When cancelled, it stops at once and still returns what it did.

    Args:
        client: the recorded client.
        paths: what to delete.
        capabilities: what the target offers; None: unknown, so deletion is tried, and a 404 proves nothing unless
            something could be deleted.
        seconds: for all deletions together.
    """
    deleted: list[str] = []
    left: list[str] = []
    missing: list[str] = []
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    deadline = loop.time() + seconds
    for path in paths:
        capability = Capability.PROFILES if path.startswith("/api/profiles/") else Capability.CONVERSATIONS
        offered = capabilities is None or capability in capabilities
        gone = False
        # Some releases (1.28.0) answer 400 when a scenario has deleted it already; then GET shows whether it is gone.
        for method in ("DELETE", "GET"):
            cancelled = task is not None and task.cancelling()
            if gone or not offered or cancelled or loop.time() >= deadline:
                break
            async with asyncio.timeout_at(deadline):
                exchange = await client.play(0, Http(method, path), Auth.SESSION_HEADER, {})
            status = exchange.response.status if exchange.response else None
            known = capabilities is not None or bool(deleted)
            gone = (method == "DELETE" and status in DELETED) or (status in GONE and known)
            missing += [path] if status in GONE and not known else []
        (deleted if gone else left).append(path)
    if deleted:  # so there is a native API, and it is true what it said of the others
        deleted += dict.fromkeys(missing)
        left = [path for path in left if path not in missing]
    return Cleanup(tuple(deleted), tuple(left))
