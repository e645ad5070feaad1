"""Shorthands that most tests use."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.gateway.agents import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.gateway.agents import Session


def say(session: Session, text: str) -> str:
    """The agent's answer to a message."""
    return session.turn([Text(text)]).text


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, at most half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
