"""What the agent did, fetched by the native API."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("aiohttp", reason="comes with [eval]")
pytest.importorskip("numpy", reason="comes with [eval]")

from harness.evals.journal.journal import Journal
from harness.evals.outcome import Failure, FailureKind
from harness.evals.results.record import read_samples
from harness.evals.results.trajectory import fetch_trajectories, read_steps
from harness.evals.runner.client import Answered, Client
from harness.evals.runner.servers import Servers
from harness.evals.runner.settings import Server
from harness.records import RecordError
from harness.redact import Redactor
from harness.targets.parse import parse_target
from tests.evals.build_runs import KEY, WRONG, failed, outcome, sample, write, write_journal
from tests.run.servers import Server as FakeServer
from tests.run.servers import error, http

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.evals.outcome import Outcome
    from harness.json_value import Json
    from tests.run.servers import Answer, Received


def event(number: int, **members: Json) -> dict[str, Json]:
    """What the user said."""
    content: Json = [{"type": "text", "text": f"message {number}"}]
    return {"kind": "MessageEvent", "id": f"e-{number}", "llm_message": {"role": "user", "content": content}, **members}


class Conversations:
    """Serves the events of every conversation in pages, as released servers do."""

    def __init__(self, events: Sequence[Json]) -> None:
        self.events = list(events)

    def __call__(self, request: Received) -> Answer:
        url = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if request.header("X-Session-API-Key") != KEY or not url.path.endswith("/events/search"):
            return error(401)
        start, limit = int(query.get("page_id", 0)), int(query["limit"])
        following = str(start + limit) if start + limit < len(self.events) else None
        return http(200, {"items": self.events[start : start + limit], "next_page_id": following})


def fetch(folder: Path, url: str, outcomes: Sequence[Outcome], *, native_api: bool = True, most: int = 200) -> int:
    """Fetch what belongs to these outcomes, all on one server; how many."""
    write_journal(folder / "journal.jsonl", outcomes, len(outcomes))
    server = Server(url, KEY, "openhands_fake", native_api=native_api)
    with Journal.read(folder / "journal.jsonl") as journal:
        return asyncio.run(fetch_trajectories(folder, journal, [server], Redactor(KEY), most=most))


def files(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("trajectories/*.json"))


def test_the_events_of_wrong_and_failed_samples_are_fetched_and_of_no_others(tmp_path: Path) -> None:
    with FakeServer(Conversations([event(1)])) as server:
        gone = Failure(FailureKind.UNREACHABLE, "no answer")
        outcomes = [
            *(outcome(0, server=server.url), outcome(1, WRONG, server=server.url), failed(2, server=server.url)),
            *(failed(3, gone, server=server.url), outcome(4, WRONG, server="http://127.0.0.1:1")),
        ]
        assert fetch(tmp_path, server.url, outcomes) == 2
        assert len(server.received) == 2
    assert files(tmp_path) == [outcomes[1].conversation, outcomes[2].conversation]


def test_all_pages_are_fetched_up_to_a_limit(tmp_path: Path) -> None:
    wrong = [outcome(0, WRONG)]
    for count, kept in ((250, 250), (1000, 500)):
        folder = tmp_path / str(count)
        folder.mkdir()
        with FakeServer(Conversations([event(number) for number in range(count)])) as server:
            fetch(folder, server.url, [outcome(0, WRONG, server=server.url)])
        steps = read_steps(folder / "trajectories" / f"{wrong[0].conversation}.json")
        assert steps == [("user", f"message {number}") for number in range(kept)]


def test_a_server_that_may_not_be_asked_is_not_asked(tmp_path: Path) -> None:
    with FakeServer(Conversations([event(1)])) as server:
        assert fetch(tmp_path, server.url, [outcome(0, WRONG, server=server.url)], native_api=False) == 0
        assert server.received == []


def test_no_more_are_fetched_than_asked_for_and_none_twice(tmp_path: Path) -> None:
    with FakeServer(Conversations([event(1)])) as server:
        outcomes = [outcome(number, WRONG, server=server.url) for number in range(5)]
        assert fetch(tmp_path, server.url, outcomes, most=3) == 3
        (tmp_path / "journal.jsonl").unlink()
        assert fetch(tmp_path, server.url, outcomes, most=4) == 1
        assert len(server.received) == 4


@pytest.mark.parametrize(
    "answer", [error(404), error(500), http(200, "no JSON"), http(200, {"items": []}), http(200, []), None]
)
def test_what_cannot_be_had_is_left_out(tmp_path: Path, answer: bytes | None) -> None:
    with FakeServer(lambda _: answer) as server:
        assert fetch(tmp_path, server.url, [outcome(0, WRONG, server=server.url)]) == 0
    assert files(tmp_path) == []


def test_no_secret_is_kept(tmp_path: Path) -> None:
    events = [
        event(1, note=KEY, llm={"api_key": "another-secret"}, said='{"api_key": "a-third-secret"}'),
        event(2, **{KEY: "as a name"}),
    ]
    with FakeServer(Conversations(events)) as server:
        fetch(tmp_path, server.url, [outcome(0, WRONG, server=server.url)])
    (path,) = tmp_path.glob("trajectories/*.json")
    text = path.read_text("utf-8")
    assert "message 1" in text
    for secret in (KEY, "another-secret", "a-third-secret"):
        assert secret not in text


def test_long_texts_are_cut(tmp_path: Path) -> None:
    with FakeServer(Conversations([event(1, output="x" * 1_000_000)])) as server:
        fetch(tmp_path, server.url, [outcome(0, WRONG, server=server.url)])
    (path,) = tmp_path.glob("trajectories/*.json")
    assert path.stat().st_size < 10_000
    assert "(1000000 characters in all)" in path.read_text("utf-8")


def test_a_sample_names_its_file_and_the_page_shows_what_the_agent_did(tmp_path: Path) -> None:
    with FakeServer(Conversations([event(1), event(2)])) as server:
        outcomes = [outcome(0, WRONG, server=server.url), outcome(1, server=server.url)]
        fetch(tmp_path, server.url, outcomes)
    (tmp_path / "journal.jsonl").unlink()
    write(tmp_path, [sample(0), sample(1)], outcomes)
    named = [each.trajectory for each in read_samples(tmp_path)]
    assert named == [f"trajectories/{outcomes[0].conversation}.json", None]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "What the agent did: 2 steps" in page
    assert page.count("message 2") == 1


def steps(folder: Path, *events: Json) -> list[tuple[str, str]]:
    path = folder / "trajectory.json"
    path.write_text(json.dumps({"events": events}), "utf-8")
    return read_steps(path)


def test_steps_are_what_a_reader_wants_to_know(tmp_path: Path) -> None:
    def text(said: str) -> list[Json]:
        return [{"type": "text", "text": said}]

    assert steps(
        tmp_path,
        {"kind": "SystemPromptEvent", "system_prompt": {"text": "You are"}},
        {"kind": "MessageEvent", "llm_message": {"role": "user", "content": [*text("Look."), {"type": "image"}]}},
        {"kind": "ActionEvent", "tool_name": "terminal", "thought": text("I look."), "action": {"command": "ls"}},
        {"kind": "ActionEvent", "tool_name": "terminal", "action": None, "tool_call": {"arguments": "{}"}},
        {"kind": "ObservationEvent", "tool_name": "terminal", "observation": {"content": text("a.txt")}},
        {"kind": "AgentErrorEvent", "tool_name": "terminal", "error": "no such tool"},
        {"kind": "ConversationErrorEvent", "detail": "the model is gone"},
        {"kind": "ConversationStateUpdateEvent", "key": "execution_status", "value": "error"},
        {"kind": "NewEvent", "of": 1},
        "no event",
    ) == [
        ("user", "Look.\n(something else than text)"),
        ("agent calls terminal", 'I look.\n{\n "command": "ls"\n}'),
        ("agent calls terminal", '{\n "arguments": "{}"\n}'),
        ("terminal answers", "a.txt"),
        ("error", "no such tool"),
        ("error", "the model is gone"),
        ("NewEvent", '{\n "kind": "NewEvent",\n "of": 1\n}'),
    ]


@pytest.mark.parametrize("content", ["", "[]", '{"events": 1}'])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "trajectory.json"
    path.write_text(content)
    with pytest.raises(RecordError, match=r"trajectory\.json: no trajectory; delete it"):
        read_steps(path)


def test_the_reference_gateway_tells_what_its_agent_did(tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason="comes with [gateway]")
    made = outcome(0, WRONG)
    with Servers([parse_target("reference", agent="scripted")]) as servers:
        (server,) = servers.start(lambda _: None)

        async def ask() -> object:
            async with Client(server, 30) as client:
                return await client.chat(made.conversation, 1, [{"role": "user", "content": "Reply with: blue"}])

        assert isinstance(asyncio.run(ask()), Answered)
        write_journal(tmp_path / "journal.jsonl", [outcome(0, WRONG, server=server.base_url)], 1)
        with Journal.read(tmp_path / "journal.jsonl") as journal:
            assert asyncio.run(fetch_trajectories(tmp_path, journal, [server], Redactor(server.key))) == 1
    (first, *_, last) = read_steps(tmp_path / "trajectories" / f"{made.conversation}.json")
    assert first == ("user", "Reply with: blue")
    assert last[0] == "agent"
