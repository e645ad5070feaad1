from __future__ import annotations

import uuid
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.gateway.serving import eventually, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from tests.gateway.serving import Gateway, Reply

# Not imported: the SDK requests prices over the network if it is imported before its environment is set.
pytestmark = pytest.mark.skipif(find_spec("openhands") is None, reason="the agent SDK is not installed")

SECRETS = {name: f"planted-{name.lower()}-5b0d" for name in ("SESSION_API_KEY", "OH_SECRET_KEY", "LLM_API_KEY")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real-agent")


@pytest.fixture(scope="module")
def loading(folder: Path) -> Iterator[tuple[Gateway, dict[str, Reply]]]:
    """A gateway with the real agent, and its answers while it was loading."""
    with listening(folder, "--scripted", "--shutdown-grace", "1", agent="openhands", **SECRETS) as gateway:
        early = {path: gateway.request("GET", path) for path in ("/alive", "/ready", "/server_info", "/v1/models")}
        gateway.wait_until_ready()
        yield gateway, early


@pytest.fixture(scope="module")
def real(loading: tuple[Gateway, dict[str, Reply]]) -> Gateway:
    return loading[0]


def test_while_the_agent_is_loaded_the_server_lives_and_says_that_it_is_not_ready(
    loading: tuple[Gateway, dict[str, Reply]],
) -> None:
    gateway, early = loading
    assert early["/alive"].json() == {"status": "ok"}
    assert (early["/ready"].status, early["/ready"].json()["status"]) == (503, "initializing")
    assert (early["/v1/models"].status, early["/v1/models"].json()["error"]["code"]) == (503, "initializing")
    assert int(early["/v1/models"].headers["retry-after"]) > 0
    assert early["/server_info"].json()["sdk_version"]
    assert gateway.request("GET", "/ready", key=None).json() == {"status": "ready"}


def test_a_conversation_goes_on_and_each_turn_has_its_own_usage(real: Gateway) -> None:
    told = real.chat("The code word is godwit.")
    asked = real.chat("What is the code word?", conversation=told.conversation)
    again = real.chat("What is the code word?", conversation=told.conversation)
    assert asked.text == "godwit"
    assert asked.json()["usage"] == again.json()["usage"]


def test_clients_that_race_each_get_the_answer_to_their_own_message(real: Gateway, side: ThreadPoolExecutor) -> None:
    conversation = str(uuid.uuid4())
    words = [f"word-{number}" for number in range(4)]
    replies = list(side.map(lambda word: real.chat(f"Reply with exactly: {word}", conversation=conversation), words))
    assert [reply.text for reply in replies] == words


def test_a_repeated_request_gets_the_first_answer(real: Gateway, side: ThreadPoolExecutor) -> None:
    conversation = str(uuid.uuid4())
    text = "Reply with exactly: once [[delay: 1]]"
    first = side.submit(real.chat, text, conversation=conversation, Idempotency_Key="one")
    eventually(lambda: real.status_of(conversation) == "running")
    again = real.chat(text, conversation=conversation, Idempotency_Key="one")
    assert again.body == first.result().body
    assert real.user_messages(conversation) == [text]


def test_neither_the_agents_shell_nor_any_byte_that_is_written_shows_a_secret(real: Gateway, folder: Path) -> None:
    reply = real.chat(
        'Reply with exactly: done [[tool: terminal {"command": "env; cat /proc/$PPID/environ; echo shell-was-here"}]]'
    )
    assert reply.text == "done"
    events = real.request("GET", f"/api/conversations/{reply.conversation}/events/search").body
    assert events.count(b"shell-was-here") > 1  # once in the call, once in what came of it
    assert b"OH_SECRET_KEY=" in events  # the gateway's own environment was read, and there is no value in it
    real.chat("[[error: 401]]", conversation=reply.conversation)
    profile = {"llm": {"model": "openai/x", "api_key": SECRETS["LLM_API_KEY"]}}
    assert real.request("POST", "/api/profiles/mine", body=profile).status == 201
    assert real.request("GET", "/api/profiles/mine").json()["api_key_set"] is True
    real.request("GET", f"/api/conversations/{reply.conversation}")
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert len(written) > 10
    for content in [*written, *real.replies]:
        for secret in SECRETS.values():
            assert secret.encode() not in content
        assert b"upstream-secret-detail" not in content
