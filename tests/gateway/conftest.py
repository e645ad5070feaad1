"""One gateway with the scripted agent for all tests that leave it as they found it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.gateway.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.serving import Gateway


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serve(tmp_path_factory.mktemp("gateway"), "--turn-timeout", "30") as running:
        yield running


@pytest.fixture(scope="session")
def streaming_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """In the dialect of released servers."""
    with serve(tmp_path_factory.mktemp("streaming"), "--contract", "agent-server") as running:
        yield running


@pytest.fixture(scope="session", params=["scripted", "openhands"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """With the scripted agent, and then with the real one and the scripted model."""
    if request.param == "openhands" and find_spec("openhands") is None:
        pytest.skip("the agent SDK is not installed")
    flags = ["--scripted", "--tools", "none"] if request.param == "openhands" else []
    with serve(tmp_path_factory.mktemp(request.param), *flags, agent=request.param) as running:
        yield running


@pytest.fixture
def side() -> Iterator[ThreadPoolExecutor]:
    """Threads for requests that are under way while the test goes on."""
    with ThreadPoolExecutor(16) as threads:
        yield threads
