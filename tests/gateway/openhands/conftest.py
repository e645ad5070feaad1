"""A runtime per module (one import of the SDK, 5 s CPU, serves them all) and the models behind it."""

from __future__ import annotations

import threading
import uuid
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from harness.gateway.agents.openhands import OpenHandsRuntime
from harness.model.server import serve_in_thread
from tests.gateway.openhands.models import RecordingModel, profile_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.gateway.agents import Session

collect_ignore_glob = [] if find_spec("openhands") else ["test_*.py"]  # the gateway extra


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    with serve_in_thread() as model:
        yield model.base_url


@pytest.fixture
def recording_model() -> Iterator[RecordingModel]:
    with RecordingModel() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, model_url: str) -> OpenHandsRuntime:
    """Without tools; profile `scripted` is the scripted model."""
    runtime = OpenHandsRuntime(
        tmp_path_factory.mktemp("state"), tools="none", workspace="per-conversation", secret_key="s" * 32
    )
    runtime.load()
    runtime.profiles.save("scripted", profile_settings(model_url), include_secrets=True)
    return runtime


@pytest.fixture
def start(runtime: OpenHandsRuntime) -> Iterator[Callable[..., Session]]:
    """Start a conversation on `scripted`; closes it at the end."""
    sessions: list[Session] = []

    def start(instructions: str | None = None, profile: str = "scripted") -> Session:
        sessions.append(runtime.start(uuid.uuid4(), profile, instructions))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()
