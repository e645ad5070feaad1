"""Makes the agent of a gateway from its options: the runtime, its first profile and the scripted model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from harness.gateway.state import replace_file
from harness.model.log import RequestLog

if TYPE_CHECKING:
    from harness.gateway.agents import Runtime
    from harness.gateway.settings import Settings
    from harness.json_value import Json

SCRIPTED_PROFILE = "scripted"
DEFAULT_PROFILE = "default"


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """Options of the agent, beyond the gateway's own settings.

    Attributes:
        tools: the released server's default tools, or none.
        workspace: one folder per conversation, or one for all.
        durable: whether conversations are on disk; else in memory only.
        secret_key: encrypts the secrets in the state folder.
        llm: the settings of the profile `default`, if it is to be created.
        model_log: the log of the scripted model, if the agent uses it.
    """

    secret_key: str = field(repr=False)
    tools: Literal["none", "default"] = "default"
    workspace: Literal["per-conversation", "shared"] = "per-conversation"
    durable: bool = True
    llm: dict[str, Json] | None = field(default=None, repr=False)
    model_log: RequestLog = field(default_factory=RequestLog, repr=False)


def make_runtime(settings: Settings, options: AgentOptions) -> Runtime:
    """The agent, not loaded yet."""
    if settings.agent == "scripted":
        from harness.gateway.agents.scripted import ScriptedRuntime

        return ScriptedRuntime(
            settings.state,
            secret_key=options.secret_key,
            model_log=options.model_log,
            profiles=settings.limits.profiles,
        )
    from harness.gateway.agents.openhands import OpenHandsRuntime

    return OpenHandsRuntime(
        settings.state,
        tools=options.tools,
        workspace=options.workspace,
        secret_key=options.secret_key,
        durable=options.durable,
    )


def load(runtime: Runtime, settings: Settings, options: AgentOptions) -> None:
    """Load the agent and create its first profile; takes seconds, so it runs in a thread."""
    runtime.load()
    if settings.agent == "scripted":
        scripted: dict[str, Json] = {"model": "openai/scripted", "api_key": "no-secret"}
        runtime.profiles.save(SCRIPTED_PROFILE, scripted, include_secrets=True)
    elif settings.scripted_model:
        llm: dict[str, Json] = {
            "model": "openai/scripted",
            "base_url": _start_scripted_model(settings, options.model_log),
            "api_key": "no-secret",
            "num_retries": 0,
        }
        runtime.profiles.save(SCRIPTED_PROFILE, llm, include_secrets=True)
    elif options.llm is not None:
        runtime.profiles.save(DEFAULT_PROFILE, options.llm, include_secrets=True)


def _start_scripted_model(settings: Settings, log: RequestLog) -> str:
    """Start a scripted model in this process and return its base URL.

    A conversation keeps the model that it began with, address included, so after a restart the model takes the same
    port if it is still free.
    """
    from harness.model.server import serve_in_thread

    remembered = settings.state / "scripted-model.port"
    try:
        model = serve_in_thread(port=int(remembered.read_bytes()), log=log)
    except (OSError, ValueError, OverflowError):  # no port remembered, not a port, or in use
        model = serve_in_thread(log=log)
    replace_file(remembered, str(urlsplit(model.base_url).port).encode())
    return model.base_url
