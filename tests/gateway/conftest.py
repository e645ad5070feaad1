"""One gateway with the scripted agent, for all tests that don't change its state."""

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


@pytest.fixture(scope="session")
def plain_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """With the scripted agent and default options."""
    with serve(tmp_path_factory.mktemp("scripted")) as running:
        yield running


@pytest.fixture(scope="session")
def openhands_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """With the real agent and the scripted model."""
    if find_spec("openhands") is None:
        pytest.skip("the agent SDK is not installed")
    with serve(tmp_path_factory.mktemp("openhands"), "--scripted", "--tools", "none", agent="openhands") as running:
        yield running


@pytest.fixture(params=["plain_gateway", "openhands_gateway"], ids=["scripted", "openhands"])
def either(request: pytest.FixtureRequest) -> Gateway:
    """With each of the agents. The servers outlive the parameter: the real agent's takes 6 s of CPU to start."""
    gateway: Gateway = request.getfixturevalue(request.param)
    return gateway


@pytest.fixture
def side() -> Iterator[ThreadPoolExecutor]:
    """Threads for requests that run while the test continues."""
    with ThreadPoolExecutor(16) as threads:
        yield threads
