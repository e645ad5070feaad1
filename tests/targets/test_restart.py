"""A restarted target keeps its address, key and conversations, in a new process or gateway."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from harness.scenarios.model import Capability, Contract
from harness.targets.errors import TargetUsageError
from harness.targets.reference import ReferenceTarget
from harness.targets.url import UrlTarget

pytest.importorskip("fastapi")

from harness.mutants.mutant import Mutant
from harness.mutants.target import MutantTarget
from harness.targets.agent_server import AgentServerTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.targets import Endpoint, Target

HEADER = "X-OpenHands-ServerConversation-ID"


def released() -> Target:
    interpreter = os.environ.get("AGENT_SERVER_PYTHON")
    if not interpreter:
        pytest.skip("AGENT_SERVER_PYTHON names no interpreter that has the agent server")
    return AgentServerTarget(None, interpreter=interpreter)


def reference(agent: str) -> Target:
    if agent == "openhands" and find_spec("openhands") is None:
        pytest.skip("the agent SDK is not installed")
    return ReferenceTarget(contract=Contract.DOCUMENTED, agent=agent)


def say(endpoint: Endpoint, text: str, conversation: str | None = None) -> tuple[str, str]:
    """One turn: the conversation and the answer."""
    body = {"model": endpoint.model, "messages": [{"role": "user", "content": text}]}
    headers = {"X-Session-API-Key": endpoint.key or "", "Content-Type": "application/json"}
    headers |= {HEADER: conversation} if conversation else {}
    request = urllib.request.Request(
        f"{endpoint.base_url}/v1/chat/completions", data=json.dumps(body).encode(), headers=headers
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.headers[HEADER], json.loads(response.read())["choices"][0]["message"]["content"]


def asked(endpoint: Endpoint, text: str) -> Any:
    """The number of requests with that text that the model got."""
    assert endpoint.model_log is not None
    headers = {"Authorization": f"Bearer {endpoint.model_log.key}"} if endpoint.model_log.key else {}
    request = urllib.request.Request(f"{endpoint.model_log.url}/requests?containing={text}", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())["count"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: reference("scripted"), id="reference-scripted"),
        pytest.param(lambda: reference("openhands"), id="reference"),
        pytest.param(lambda: MutantTarget(Mutant), id="mutant"),
        pytest.param(released, id="agent-server"),
    ],
)
def test_a_conversation_goes_on_after_a_restart_and_the_model_tells_what_it_is_asked(
    make: Callable[[], Target],
) -> None:
    target = make()
    try:
        endpoint = target.start(lambda _: None)
        assert endpoint.capabilities is not None
        assert Capability.RESTART in endpoint.capabilities
        conversation, _ = say(endpoint, "The code word is plum. Reply with exactly: ok")
        assert asked(endpoint, "plum") == 1
        target.restart()
        assert say(endpoint, "What is the code word?", conversation) == (conversation, "plum")
        assert asked(endpoint, "What+is+the+code+word") == 1
    finally:
        target.stop()
    with pytest.raises(urllib.error.URLError):
        say(endpoint, "hello")


def test_a_mutant_that_is_started_again_has_forgotten_what_it_kept_in_itself() -> None:
    born = []

    class Remembers(Mutant):
        def __init__(self, *arguments: Any) -> None:
            born.append(self)
            super().__init__(*arguments)

    target = MutantTarget(Remembers)
    try:
        target.start(lambda _: None)
        target.restart()
    finally:
        target.stop()
    assert len(born) == 2


def test_someone_elses_server_is_not_started_again() -> None:
    with pytest.raises(TargetUsageError, match="someone else's"):
        UrlTarget("http://127.0.0.1:9").restart()
