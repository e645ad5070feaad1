"""The real agent: one `openhands-sdk` conversation per id, in this process."""

from harness.gateway.agents.openhands.runtime import OpenHandsRuntime

__all__ = ["OpenHandsRuntime"]
