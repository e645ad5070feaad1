"""One gateway with the scripted agent for all tests; it answers 504 after a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.serving import Gateway


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serve(tmp_path_factory.mktemp("gateway"), "--turn-timeout", "1") as running:
        yield running
