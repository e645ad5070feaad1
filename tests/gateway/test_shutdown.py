from __future__ import annotations

import signal
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.gateway.serving import eventually, serve

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_turn_in_flight_gets_its_answer_and_new_requests_a_503(
    tmp_path: Path, side: ThreadPoolExecutor, stop: signal.Signals
) -> None:
    conversation = str(uuid.uuid4())
    with serve(tmp_path) as gateway:
        turn = side.submit(gateway.chat, "Reply with exactly: in time [[delay: 2]]", conversation=conversation)
        eventually(lambda: gateway.status_of(conversation) == "running")
        gateway.process.send_signal(stop)
        eventually(lambda: gateway.request("GET", "/ready", key=None).json()["status"] == "stopping")
        refused = gateway.chat("Reply with exactly: too late")
        assert (refused.status, refused.json()["error"]["code"]) == (503, "stopping")
        assert "x-should-retry" not in refused.headers
        assert turn.result().text == "in time"
        assert gateway.process.wait(timeout=30) == 0


def test_a_turn_that_does_not_end_in_time_is_a_clear_503_and_its_conversation_goes_on_later(
    tmp_path: Path, side: ThreadPoolExecutor
) -> None:
    conversation = str(uuid.uuid4())
    with serve(tmp_path, "--shutdown-grace", "0.2") as gateway:
        turn = side.submit(gateway.chat, "[[delay: 100]]", conversation=conversation)
        eventually(lambda: gateway.status_of(conversation) == "running")
        waiting = side.submit(gateway.chat, "Reply with exactly: queued", conversation=conversation)
        eventually(lambda: gateway.metric("gateway_turns_running") == 2)
        assert gateway.terminate() == 0
        broken, unstarted = turn.result(), waiting.result()
        assert (broken.status, broken.json()["error"]["code"]) == (503, "shutting_down")
        assert broken.headers["x-should-retry"] == "false"
        assert broken.conversation == conversation
        assert unstarted.status == 503
        assert "x-should-retry" not in unstarted.headers
    with serve(tmp_path) as gateway:
        assert gateway.user_messages(conversation) == ["[[delay: 100]]"]
        assert gateway.chat("Reply with exactly: back", conversation=conversation).text == "back"


def test_an_idle_gateway_stops_at_once_and_leaves_nothing_running(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        assert gateway.terminate() == 0
        assert '"message": "stopping"' in gateway.log.read_text()
