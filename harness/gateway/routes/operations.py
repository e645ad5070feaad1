"""Endpoints for operators, without a key: liveness, readiness, server info and metrics."""

from __future__ import annotations

import time
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import JSONResponse

from harness import __version__
from harness.gateway.gateway import GatewayOfRequest
from harness.gateway.lifecycle import Phase
from harness.gateway.settings import AgentName, Dialect

router = APIRouter(tags=["Operations"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The phase of the server."""

    status: Phase
    message: str | None = None


class ServerInfo(BaseModel):
    """Name, version and capabilities. Released servers have no `contract`, which tells them apart."""

    title: str = "openhands-gateway-harness reference gateway"
    version: str = __version__
    contract: Dialect
    agent: AgentName
    capabilities: list[str]
    sdk_version: str | None
    uptime: float


@router.get("/alive")
@router.get("/health")
async def alive() -> Alive:
    """200 as soon as the process listens."""
    return Alive()


@router.get(
    "/ready",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "starting or shutting down"}},
)
async def ready(gateway: GatewayOfRequest) -> Response:
    """200 once the agent is loaded."""
    phase = gateway.lifecycle.phase
    if phase is Phase.READY:
        return JSONResponse({"status": phase})
    message = "The agent is being loaded." if phase is Phase.INITIALIZING else "The server is shutting down."
    return JSONResponse({"status": phase, "message": message}, status_code=503)


@router.get("/server_info")
async def server_info(gateway: GatewayOfRequest) -> ServerInfo:
    """Name, version, contract and capabilities."""
    settings = gateway.settings
    return ServerInfo(
        contract=settings.dialect,
        agent=settings.agent,
        capabilities=[
            "profiles",
            "conversations",
            "native-turns",
            *(["scripted-model", "model-log"] if settings.scripted_model else []),
        ],
        sdk_version=_sdk_version() if settings.agent == "openhands" else None,
        uptime=time.time() - gateway.started,
    )


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}})
async def metrics(gateway: GatewayOfRequest) -> Response:
    """Metrics in Prometheus' text format."""
    return Response(gateway.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _sdk_version() -> str | None:
    try:
        return version("openhands-sdk")
    except PackageNotFoundError:
        return None
