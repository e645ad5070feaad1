"""The agents that can answer: the released server's default one, and one without tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openhands.sdk import LLM, Agent, AgentContext
from openhands.sdk.settings import OpenHandsAgentSettings
from openhands.sdk.tool.builtins import FinishTool
from openhands.sdk.tool.defaults import resolve_tool_specs

if TYPE_CHECKING:
    from openhands.sdk.agent import AgentBase


def agent_without_tools(llm: LLM, instructions: str | None) -> AgentBase:
    """An agent that can only reply and finish its turn."""
    return Agent(llm=llm, tools=[], include_default_tools=[FinishTool.__name__], agent_context=_context(instructions))


def default_agent(llm: LLM, instructions: str | None) -> AgentBase:
    """The agent of a released server's default profile: terminal, file editor, task tracker, summarising condenser.

    The terminal differs: it is a plain subprocess (with tmux, a server process named `openhands` outlives the gateway),
    leaves no history file in the home directory and doesn't see LLM_API_KEY; the SDK itself withholds the other keys
    (session, encryption).
    """
    terminal = {"terminal_type": "subprocess", "env": {"HISTFILE": "/dev/null", "LLM_API_KEY": ""}}
    tools = [
        tool.model_copy(update={"params": {**tool.params, **terminal}}) if tool.name == "terminal" else tool
        for tool in resolve_tool_specs(None)
    ]
    return OpenHandsAgentSettings(llm=llm, tools=tools, agent_context=_context(instructions)).create_agent()


def _context(instructions: str | None) -> AgentContext:
    # No date in the prompt, so that a conversation gives the same prompt on any day.
    return AgentContext(system_message_suffix=instructions, current_datetime=None)
