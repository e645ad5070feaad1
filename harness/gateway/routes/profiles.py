"""`/api/profiles`: the LLM profiles behind the models, with released servers' paths and shapes (1.58)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from harness.gateway.agents import ProfileLimitError, ProfileNotFoundError
from harness.gateway.errors import GatewayError
from harness.gateway.gateway import GatewayOfRequest
from harness.gateway.limits import JsonRoute
from harness.gateway.routes import failures

router = APIRouter(prefix="/api/profiles", route_class=JsonRoute, tags=["Profiles"])

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def _no_suffix(name: str) -> str:
    """Refuse `foo.json`: the SDK's store takes it for `foo`, and no other route does."""
    if name.endswith(".json"):
        raise ValueError("a profile's name doesn't end in .json")
    return name


Name = Annotated[str, Path(pattern=_NAME), AfterValidator(_no_suffix)]


class ProfileSummary(BaseModel):
    """A profile in the list; its key is never shown."""

    name: str
    model: str | None
    base_url: str | None
    provider_connection_id: str | None
    provider_connection_broken: bool
    api_key_set: bool


class ProfileList(BaseModel):
    """All profiles, sorted by name. None is active: each request names its own."""

    profiles: list[ProfileSummary]
    active_profile: None = None


class ProfileDetail(BaseModel):
    """A profile's settings; `api_key` is null unless exposed."""

    name: str
    config: dict[str, Any]
    api_key_set: bool


class ProfileChanged(BaseModel):
    """The result of a change, for people."""

    name: str
    message: str


class LLMSettings(BaseModel):
    """Settings of the SDK's `LLM`; only the model's name is required."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(min_length=1, description="provider/model, as LiteLLM writes it")]


class SaveProfile(BaseModel):
    """A profile to create or overwrite."""

    llm: LLMSettings
    include_secrets: Annotated[StrictBool, Field(description="Whether the key is stored with the profile.")] = True


class RenameProfile(BaseModel):
    """A profile's new name."""

    new_name: Annotated[str, Field(pattern=_NAME), AfterValidator(_no_suffix)]


@router.get("", responses=failures())
def list_profiles(gateway: GatewayOfRequest) -> ProfileList:
    """Every profile, without keys."""
    summaries = gateway.runtime.profiles.summaries()
    return ProfileList(profiles=[ProfileSummary.model_validate(summary) for summary in summaries])


@router.get("/{name}", responses=failures(_404="no such profile"))
def get_profile(
    name: Name,
    gateway: GatewayOfRequest,
    expose: Annotated[
        Literal["plaintext"] | None,
        Header(alias="X-Expose-Secrets", description="`plaintext` shows the key; without the header it is null."),
    ] = None,
) -> ProfileDetail:
    """One profile."""
    try:
        config = gateway.runtime.profiles.get(name, expose_secrets=expose is not None)
        summaries = gateway.runtime.profiles.summaries()
    except ProfileNotFoundError:
        raise _not_found(name) from None
    key_set = any(summary["name"] == name and summary["api_key_set"] for summary in summaries)
    return ProfileDetail(name=name, config=config, api_key_set=key_set)


@router.post(
    "/{name}",
    status_code=201,
    responses=failures(
        _400="invalid JSON", _409="the limit of profiles is reached", _415="the body is not declared as JSON"
    ),
)
def save_profile(name: Name, body: SaveProfile, gateway: GatewayOfRequest) -> ProfileChanged:
    """Create a profile, or overwrite it."""
    try:
        gateway.runtime.profiles.save(name, body.llm.model_dump(mode="json"), include_secrets=body.include_secrets)
    except ProfileLimitError:
        limit = gateway.settings.limits.profiles
        message = f"There are {limit} profiles, which is the limit. Delete one before you save another."
        raise GatewayError(409, message, code="profile_limit") from None
    except ValueError as error:
        raise GatewayError(422, f"llm: {error}", param="llm") from None
    return ProfileChanged(name=name, message=f"Profile '{name}' saved")


@router.post(
    "/{name}/rename",
    responses=failures(
        _400="invalid JSON",
        _404="no such profile",
        _409="the new name is taken",
        _415="the body is not declared as JSON",
    ),
)
def rename_profile(name: Name, body: RenameProfile, gateway: GatewayOfRequest) -> ProfileChanged:
    """Rename a profile; its conversations continue under the new model name."""
    try:
        gateway.runtime.profiles.rename(name, body.new_name)
    except ProfileNotFoundError:
        raise _not_found(name) from None
    except FileExistsError:
        raise GatewayError(409, f"Profile '{body.new_name}' already exists") from None
    done = "unchanged (same name)" if name == body.new_name else f"renamed to '{body.new_name}'"
    return ProfileChanged(name=body.new_name, message=f"Profile '{name}' {done}")


@router.delete("/{name}", responses=failures())
def delete_profile(name: Name, gateway: GatewayOfRequest) -> ProfileChanged:
    """Delete a profile; a missing one is no error."""
    gateway.runtime.profiles.delete(name)
    return ProfileChanged(name=name, message=f"Profile '{name}' deleted")


def _not_found(name: str) -> GatewayError:
    return GatewayError(404, f"Profile '{name}' not found", code="profile_not_found", param="name")
