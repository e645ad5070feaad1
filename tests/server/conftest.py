from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.targets.parse import parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.targets import Endpoint


@pytest.fixture(scope="session")
def agent_server() -> Iterator[Endpoint]:
    """A released agent server with the scripted model: the one of AGENT_SERVER_PYTHON, else the newest."""
    target = parse_target("agent-server")
    try:
        yield target.start(print)
    finally:
        target.stop()
