"""A gateway that is killed in the middle of two turns, and its successor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from harness.gateway.agents import Text, Usage
from harness.gateway.agents.openhands import OpenHandsRuntime
from tests.gateway.openhands.models import UPSTREAM_KEY
from tests.gateway.openhands.talk import say, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.gateway.agents import Session

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Killed:
    """What a killed gateway leaves behind."""

    state: Path
    home: Path
    output: str
    waiting: UUID
    working: UUID
    resting: UUID

    def workspace(self, conversation: UUID) -> Path:
        return self.state / "workspaces" / conversation.hex


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, model_url: str) -> Killed:
    state, home = tmp_path_factory.mktemp("state"), tmp_path_factory.mktemp("home")
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.openhands.killed_gateway", state, model_url],
        env=environment,
        cwd=home,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert child.stdout is not None
    try:
        names = child.stdout.readline()
        waiting, working, resting = map(UUID, names.split())
        wait_for(lambda: (state / "workspaces" / working.hex / "ran.txt").exists())
        events = state / "conversations" / waiting.hex / "events"
        wait_for(lambda: any("delay: 60" in path.read_text() for path in events.glob("*.json")))
    finally:
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate()
    return Killed(state, home, names + rest, waiting, working, resting)


@pytest.fixture(scope="module")
def runtime(killed: Killed) -> OpenHandsRuntime:
    runtime = OpenHandsRuntime(killed.state, tools="default", workspace="per-conversation", secret_key=None)
    runtime.load()
    return runtime


@pytest.fixture
def restore(runtime: OpenHandsRuntime) -> Iterator[Callable[[UUID], Session]]:
    sessions: list[Session] = []

    def restore(conversation: UUID) -> Session:
        sessions.append(runtime.restore(conversation))
        return sessions[-1]

    yield restore
    for session in sessions:
        session.close()


type Restore = Callable[[UUID], Session]


def test_the_gateway_writes_nothing_outside_its_state_and_says_nothing_of_its_own(killed: Killed) -> None:
    assert list(killed.home.iterdir()) == []
    assert killed.output == f"{killed.waiting} {killed.working} {killed.resting}\n"


def test_no_byte_that_was_written_holds_the_models_key(killed: Killed) -> None:
    files = [path for path in killed.state.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if UPSTREAM_KEY.encode() in path.read_bytes()] == []


def test_the_key_that_the_gateway_made_is_readable_by_its_owner_alone(killed: Killed) -> None:
    assert (killed.state / "secret.key").stat().st_mode & 0o777 == 0o600


def test_every_conversation_is_still_there(killed: Killed, runtime: OpenHandsRuntime) -> None:
    assert set(runtime.stored()) == {killed.waiting, killed.working, killed.resting}
    assert runtime.profiles.names() == ["scripted"]


def test_a_conversation_at_rest_goes_on_with_its_model_instructions_and_usage(killed: Killed, restore: Restore) -> None:
    session = restore(killed.resting)
    assert session.info()["execution_status"] == "finished"
    answer = session.turn([Text("What is the code word?")])
    assert (answer.text, answer.usage) == ("heron", Usage(15, 1))
    assert say(session, "What is the instruction word?") == "marble"


def test_a_turn_broken_while_the_model_was_asked_is_marked_and_left_out(killed: Killed, restore: Restore) -> None:
    session = restore(killed.waiting)
    assert session.info()["execution_status"] == "error"
    last = session.events()[-1]
    assert (last["kind"], last["code"]) == ("ConversationErrorEvent", "TurnBroken")
    assert session.final_response() == "You said: The code word is heron."
    assert say(session, "How many messages have I sent?") == "2"
    assert say(session, "What is the code word?") == "heron"


def test_a_turn_broken_while_a_tool_ran_is_marked_and_the_tool_not_run_again(killed: Killed, restore: Restore) -> None:
    first = restore(killed.working)
    events = first.events()
    first.close()
    session = restore(killed.working)
    assert session.events() == events, "it is marked once"
    kinds = [event["kind"] for event in events]
    assert kinds[-3:] == ["ActionEvent", "ConversationErrorEvent", "UserRejectObservation"]
    assert session.info()["execution_status"] == "error"
    assert say(session, "Reply with exactly: back") == "back"
    assert say(session, "What is the code word?") == "heron"
    assert (killed.workspace(killed.working) / "ran.txt").read_text() == "ran\n"
