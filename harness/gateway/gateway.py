"""The parts of one gateway."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from harness.gateway.conversations import Conversations
from harness.gateway.lifecycle import Lifecycle
from harness.gateway.metrics import Metrics
from harness.gateway.service import Service

if TYPE_CHECKING:
    from harness.gateway.agents import Runtime
    from harness.gateway.settings import Settings
    from harness.model.log import RequestLog


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts of one gateway, for its routes and for the server that runs it."""

    settings: Settings
    runtime: Runtime
    lifecycle: Lifecycle
    metrics: Metrics
    conversations: Conversations
    service: Service
    model_log: RequestLog
    started: float = field(default_factory=time.time)


def the_gateway(request: Request) -> Gateway:
    """The gateway that serves a request."""
    return cast("Gateway", request.app.state.gateway)


GatewayOfRequest = Annotated[Gateway, Depends(the_gateway)]


def make_gateway(settings: Settings, runtime: Runtime, model_log: RequestLog) -> Gateway:
    """Assemble a gateway. The runtime need not be loaded yet; its scripted model writes to `model_log`."""
    limits = settings.limits
    metrics = Metrics()
    conversations = Conversations(runtime, held=limits.held_conversations, queued=limits.queued_turns)
    metrics.conversations.set_function(lambda: len(conversations))
    service = Service(settings, runtime, conversations, metrics)
    return Gateway(settings, runtime, Lifecycle(), metrics, conversations, service, model_log)
