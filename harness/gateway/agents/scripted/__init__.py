"""The scripted agent: the scripted model's rules in this process. Needs no agent SDK and loads at once."""

from harness.gateway.agents.scripted.runtime import ScriptedRuntime

__all__ = ["ScriptedRuntime"]
