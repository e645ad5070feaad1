"""`GET /v1/models`: every profile is a model."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from harness.gateway.chat import MODEL_PREFIX, profile_of, unknown_model
from harness.gateway.gateway import GatewayOfRequest
from harness.gateway.routes import failures

router = APIRouter(tags=["OpenAI"])


class Model(BaseModel):
    """A profile as an OpenAI model. Its age is unknown: `created` is 0, as in released servers."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: Literal["openhands"] = "openhands"


class ModelList(BaseModel):
    """All models, sorted by name."""

    object: Literal["list"] = "list"
    data: list[Model]


@router.get("/v1/models", responses=failures())
def list_models(gateway: GatewayOfRequest) -> ModelList:
    """Every profile as `openhands_NAME`."""
    return ModelList(data=[Model(id=MODEL_PREFIX + name) for name in gateway.runtime.profiles.names()])


@router.get("/v1/models/{model}", responses=failures(_404="no such model"))
def retrieve_model(model: str, gateway: GatewayOfRequest) -> Model:
    """One profile. Released servers lack this path, though `client.models.retrieve` uses it."""
    if profile_of(model) not in gateway.runtime.profiles.names():
        raise unknown_model(model)
    return Model(id=model)
