"""The gateway's phases: it listens before its agent is loaded, and drains before it stops."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from harness.gateway.auth import PUBLIC_PATHS
from harness.gateway.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Phase(StrEnum):
    """A phase of a gateway's life."""

    INITIALIZING = "initializing"
    READY = "ready"
    STOPPING = "stopping"


class Lifecycle:
    """The current phase, set by the server."""

    def __init__(self) -> None:
        self.phase = Phase.INITIALIZING


class Gate:
    """Answers 503 to everything but the public paths unless the gateway is ready."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app = app
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        phase = self._lifecycle.phase
        if scope["type"] != "http" or phase is Phase.READY or scope["path"] in PUBLIC_PATHS:
            await self._app(scope, receive, send)
            return
        what = "starting; ask /ready" if phase is Phase.INITIALIZING else "shutting down"
        refusal = error_response(
            503, f"The server is {what}.", code=phase.value, headers={"Retry-After": "2", "Connection": "close"}
        )
        await refusal(scope, receive, send)
