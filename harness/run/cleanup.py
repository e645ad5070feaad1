"""A clean guest: delete what the run created on the target, and say what could not be deleted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from harness.run.smoke import CONVERSATION_HEADER
from harness.run.variables import SCRATCH_PREFIX
from harness.scenarios.model import Auth, Capability, Http

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.run.client import Client
    from harness.trace import Exchange, Request

GONE = {200, 202, 204, 404, 410}
"""Answers after which there is nothing left to delete."""


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What was deleted and what was left behind, as paths of the native API."""

    deleted: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def created(exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    """The conversations and profiles that these exchanges created, as paths of the native API, in order.

    A request that got a clear refusal (4xx) created nothing. A conversation is known by the header of the response, or
    by that of the request. Only profiles whose names are recognisably ours count, whatever a server claims.
    """
    paths: dict[str, None] = {}
    for exchange in exchanges:
        status = exchange.response.status if exchange.response else None
        known = exchange.response.header(CONVERSATION_HEADER) if exchange.response else None
        refused = status is not None and 400 <= status < 500
        if known is None and not refused:
            known = _header(exchange.request, CONVERSATION_HEADER)
        if (conversation := _uuid(known)) is not None:
            paths[f"/api/conversations/{conversation}"] = None
        path = urlsplit(exchange.request.url).path
        _, found, name = path.partition("/api/profiles/")
        ours = found and name.startswith(SCRATCH_PREFIX) and "/" not in name
        if exchange.request.method == "POST" and ours and not refused:
            paths[f"/api/profiles/{name}"] = None
    return tuple(paths)


async def clean_up(
    client: Client, paths: Iterable[str], capabilities: frozenset[Capability], *, seconds: float
) -> Cleanup:
    """Delete, one after the other, what the target's native API can delete; give up when time is over."""
    deleted: list[str] = []
    left: list[str] = []
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    for path in paths:
        capability = Capability.PROFILES if path.startswith("/api/profiles/") else Capability.CONVERSATIONS
        status = None
        if capability in capabilities and loop.time() < deadline:
            exchange = await asyncio.create_task(client.play(0, Http("DELETE", path), Auth.SESSION_HEADER, {}))
            status = exchange.response.status if exchange.response else None
        (deleted if status in GONE else left).append(path)
    return Cleanup(tuple(deleted), tuple(left))


def _header(request: Request, name: str) -> str | None:
    return next((value for key, value in request.headers if key.lower() == name.lower()), None)


def _uuid(text: str | None) -> str | None:
    try:
        return None if text is None else str(UUID(text))
    except ValueError:
        return None
