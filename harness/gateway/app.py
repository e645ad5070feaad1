"""The gateway as an ASGI application: routes inside, and around them the layers that a request passes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from harness import __version__
from harness.gateway import errors
from harness.gateway.access_log import AccessLog
from harness.gateway.agents import DamagedError
from harness.gateway.auth import DOCUMENTED_FORMS, Authentication
from harness.gateway.lifecycle import Gate
from harness.gateway.limits import RequestLimits
from harness.gateway.routes import chat, conversations, models, operations, profiles, scripted_model

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from harness.gateway.gateway import Gateway


def make_api(gateway: Gateway) -> FastAPI:
    """The routes and their OpenAPI document."""
    api = FastAPI(
        title="OpenHands reference gateway",
        description="The OpenAI-compatible endpoint of an OpenHands agent, and the native API beside it.",
        version=__version__,
        docs_url=None,  # the page would load its script from another host
        redoc_url=None,
        redirect_slashes=False,  # clients such as httpx don't follow the 307, and lose the body if they do
        exception_handlers={
            errors.GatewayError: errors.gateway_error,
            DamagedError: errors.damaged,
            RequestValidationError: errors.validation_error,
            HTTPException: errors.http_error,
            Exception: errors.internal_error,
        },
    )
    api.state.gateway = gateway
    modules = [chat, models, profiles, conversations]
    if gateway.settings.scripted_model:
        modules.append(scripted_model)
    for module in modules:
        api.include_router(module.router, dependencies=DOCUMENTED_FORMS)
    api.include_router(operations.router)
    api.state.routes = [route for module in (*modules, operations) for route in module.router.routes]
    return api


def make_app(gateway: Gateway) -> ASGIApp:
    """The whole application. From the outside in: log, CORS, phase, key, size, routes."""
    settings = gateway.settings
    app: ASGIApp = RequestLimits(make_api(gateway), settings.limits)
    app = Authentication(app, settings.session_keys)
    app = Gate(app, gateway.lifecycle)
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=[errors.CONVERSATION_HEADER, "X-Request-ID", "Retry-After", "Idempotent-Replayed"],
        )
    return AccessLog(app, gateway.metrics)
