"""The fixtures of Python tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from openai import DefaultHttpxClient

    from harness.json_value import Json
    from harness.targets import ModelLog


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway's address and key.

    Attributes:
        url: the server's, without a trailing slash.
        base_url: for OpenAI clients; it ends in `/v1`.
        key: the session key; None for an open server.
        model: the model under test.
    """

    url: str
    base_url: str
    key: str | None = field(repr=False)
    model: str


class ScriptedModel:
    """The scripted model behind the gateway.

    Args:
        log: the model's request log; None when it can't be read.
        transport: sends requests to the log.
    """

    def __init__(self, log: ModelLog | None, transport: DefaultHttpxClient) -> None:
        self._log = log
        self._transport = transport

    def requests(self, containing: str) -> list[dict[str, Json]]:
        """The newest 20 requests with a message that contains a text, oldest first.

        Each is `{"model": str, "messages": [{"role": str, "content": str | None}], "tools": [names]}`. Skips the test
        where the log can't be read.
        """
        if self._log is None:
            pytest.skip("the target does not offer: model-log")
        headers = {"Authorization": f"Bearer {self._log.key}"} if self._log.key else {}
        answer = self._transport.get(f"{self._log.url}/requests", params={"containing": containing}, headers=headers)
        answer.raise_for_status()
        found: list[dict[str, Json]] = answer.json()["requests"]
        return found
