"""The SDK's own test model, which answers at once, so that a turn costs what SDK and gateway cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openhands.sdk import Message, TextContent
from openhands.sdk.testing import TestLLM

from harness.gateway.agents.openhands.profiles import Profiles

if TYPE_CHECKING:
    from openhands.sdk import LLM

PROFILE = "in-process"
LONGEST = 200
"""Turns of a conversation that it is good for."""


def instant_model() -> LLM:
    """A new model; each conversation needs its own."""
    replies = [Message(role="assistant", content=[TextContent(text=f"reply {number}")]) for number in range(LONGEST)]
    return TestLLM.from_messages(list(replies), api_key="no-secret")


class WithInstantModel(Profiles):
    """The gateway's profiles, of which one is the instant model."""

    def llm(self, name: str) -> LLM:
        """The model of a profile."""
        return instant_model() if name == PROFILE else super().llm(name)
