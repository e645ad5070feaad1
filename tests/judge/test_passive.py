"""Passive checks: what each rule says of an answer, and what a scenario that watches says of a run."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from harness.judge.answer import Answer
from harness.judge.passive import RULES
from harness.judge.rule import Context
from harness.judge.watching import SMOKE, Watching
from harness.scenarios.model import AskModel, Level, Scenario, Watch
from harness.trace import Attempt, Exchange, Refusal, Request, Response
from harness.verdict import NOTHING_SEEN, State
from tests.judge.test_judge import HERE, requirement, scenario, step

if TYPE_CHECKING:
    from harness.verdict import ScenarioVerdict

BEGAN = 1_800_000_000.0
KEY = "sk-0123456789"
IDENTITY = ("Accept-Encoding", "identity")
CODINGS = ("Accept-Encoding", "gzip, deflate")
CONTEXT = Context(BEGAN, ((KEY.encode(),),), {"chatcmpl-1": "chat/earlier, step 1"})
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
CONVERSATION = ("X-OpenHands-ServerConversation-ID", "0b4bb5f5-0f1f-4f7e-8a1d-1c9a2d3e4f50")
JSON = ("Content-Type", "application/json")
EVENTS = ("Content-Type", "text/event-stream")
PAGE = ("Content-Type", "text/html")


def exchange(
    body: bytes | str | dict[str, Any] = b"",
    *headers: tuple[str, str],
    status: int = 200,
    path: str = CHAT,
    method: str = "POST",
    asked: dict[str, Any] | None = None,
    sent: tuple[tuple[str, str], ...] = (),
    started: float = 10.0,
) -> Exchange:
    content = json.dumps(body) if isinstance(body, dict) else body
    response = Response(status, headers or (JSON,), content.encode() if isinstance(content, str) else content)
    request = Request(method, f"http://127.0.0.1:1{path}?a=/b", sent, json.dumps(asked or {}).encode())
    return Exchange(0, started, 1.0, request, response)


def completion(*choices: dict[str, Any], message: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    one = {"index": 0, "message": {"role": "assistant", "content": "ok", **(message or {})}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    return {"id": "chatcmpl-2", "created": int(BEGAN) + 10, "choices": choices or (one,), "usage": usage, **members}


def events(*chunks: dict[str, Any]) -> str:
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def chunk(delta: dict[str, Any] | None = None, **choice: Any) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta or {}, "finish_reason": None, **choice}]
    return {"id": "chatcmpl-2", "created": int(BEGAN) + 10, "choices": choices}


def looks(watch: Watch, answered: Exchange) -> list[str | None]:
    """What the rule has looked at: None where it holds, else what was looked at."""
    assert answered.response is not None
    found = RULES[watch](Answer(answered, answered.response, "chat/it, step 1"), CONTEXT)
    return [None if each is None else each.check for each in found]


HOLDS: list[tuple[Watch, Exchange]] = [
    (Watch.MEDIA_TYPE, exchange(completion())),
    (Watch.MEDIA_TYPE, exchange("{}", ("content-type", "Application/Problem+JSON; charset=utf-8"), status=404)),
    (Watch.MEDIA_TYPE, exchange("\r\n: hello\r\n\r\n" + events(chunk()), EVENTS)),
    (
        Watch.SINGLE_HEADERS,
        exchange("", JSON, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Date", "x"), ("Date", "x")),
    ),
    (Watch.CODING_AS_TOLD, exchange("{}")),
    (Watch.CODING_AS_TOLD, exchange(gzip.compress(b"{}"), JSON, ("Content-Encoding", "gzip"))),
    (Watch.CODING_AS_TOLD, exchange(zlib.compress(b"{}"), JSON, ("Content-Encoding", "deflate"))),
    (Watch.CODING_AS_TOLD, exchange(zlib.compress(b"{}")[2:-4], JSON, ("Content-Encoding", "deflate"))),
    (Watch.CODING_AS_TOLD, exchange(b"\x28\xb5\x2f\xfd", JSON, ("Content-Encoding", "zstd"))),
    (Watch.CODING_AS_ASKED, exchange("{}", JSON, ("Content-Encoding", "identity"), sent=(IDENTITY,))),
    (Watch.CODING_AS_ASKED, exchange("{}", sent=(CODINGS,))),
    (Watch.CODING_AS_ASKED, exchange("{}", JSON, ("Content-Encoding", "x-gzip"), sent=(CODINGS,))),
    (Watch.MEMBERS_ONCE, exchange('{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}')),
    (Watch.KEYS, exchange("sk-01234567")),
    (Watch.CONVERSATION, exchange(completion(), JSON, CONVERSATION)),
    (
        Watch.CONVERSATION,
        exchange(completion(), JSON, (CONVERSATION[0].upper(), CONVERSATION[1].upper().replace("-", ""))),
    ),
    (Watch.CONVERSATION_OF_STREAMS, exchange(events(chunk()), EVENTS, CONVERSATION)),
    (Watch.CONVERSATION_OF_RESPONSES, exchange({}, JSON, CONVERSATION, path=RESPONSES)),
    (Watch.TOOL_CALLS, exchange(completion(message={"tool_calls": None, "function_call": None}))),
    (Watch.TOOL_CALLS, exchange(completion(message={"tool_calls": []}))),
    (Watch.TOOL_CALLS_OF_CLIENTS, exchange(completion(), asked={"tools": [{}]})),
    (Watch.TOOL_CALLS_OF_STREAMS, exchange(events(chunk({"content": "a"})), EVENTS)),
    (
        Watch.MESSAGE_MEMBERS,
        exchange(completion(message={"x_platform": {"trace": None}, "reasoning": None, "transaction": 1})),
    ),
    (Watch.CHOICES, exchange(completion(), asked={"n": None})),
    (Watch.CHOICES, exchange(events(chunk(), {"choices": []}), EVENTS)),
    (Watch.FINISH_REASON, exchange(completion())),
    (Watch.FINISH_REASON, exchange(events(chunk()), EVENTS)),
    (Watch.CREATED, exchange(completion(created=BEGAN + 10 - 299))),
    (Watch.CREATED, exchange(completion(created=BEGAN + 11 + 299))),
    (Watch.USAGE, exchange(completion())),
    (Watch.USAGE, exchange(events(chunk(), {"choices": [], "usage": completion()["usage"]}), EVENTS)),
    (
        Watch.USAGE_OF_RESPONSES,
        exchange({"usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}, path=RESPONSES),
    ),
    (Watch.IDS, exchange(completion())),
    (Watch.REFUSALS, exchange({}, status=404)),
    (Watch.INSIDE, exchange({"detail": "File 'a.txt' is too large", "exceptions": [], "stack": None}, status=400)),
    (Watch.INSIDE, exchange("Internal Server Error", ("Content-Type", "text/plain"), status=500)),
    (Watch.RETRY_AFTER, exchange({}, JSON, ("Retry-After", "2"), status=429)),
    (Watch.RETRY_AFTER, exchange({}, JSON, ("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), status=429)),
]

VIOLATED: list[tuple[Watch, str, Exchange]] = [
    (Watch.MEDIA_TYPE, "body", exchange("<html>")),
    (Watch.MEDIA_TYPE, "body", exchange(b'{"a": "\xff"}')),
    (Watch.MEDIA_TYPE, "body", exchange("{}", EVENTS)),
    (Watch.MEDIA_TYPE, "headers.Content-Type", exchange("{}", PAGE)),
    (Watch.MEDIA_TYPE, "headers.Content-Type", exchange("{}", ("Server", "x"))),
    (Watch.MEDIA_TYPE, "headers.Content-Type", exchange("data: 1\n\n", ("Content-Type", "text/plain"))),
    (Watch.SINGLE_HEADERS, "headers.content-type", exchange("{}", JSON, (JSON[0].lower(), JSON[1]))),
    (Watch.CODING_AS_TOLD, "body", exchange("{}", JSON, ("Content-Encoding", "gzip"))),
    (Watch.CODING_AS_TOLD, "body", exchange("{}", JSON, ("Content-Encoding", "br"))),
    (Watch.CODING_AS_TOLD, "headers.Content-Encoding", exchange(gzip.compress(b"{}"))),
    (
        Watch.CODING_AS_ASKED,
        "headers.Content-Encoding",
        exchange("{}", JSON, ("Content-Encoding", "br"), sent=(CODINGS,)),
    ),
    (
        Watch.CODING_AS_ASKED,
        "headers.Content-Encoding",
        exchange(gzip.compress(b"{}"), JSON, ("Content-Encoding", "gzip"), sent=(IDENTITY,)),
    ),
    (Watch.MEMBERS_ONCE, "body", exchange('{"b": [{"a": 1, "a": 1}]}')),
    (Watch.MEMBERS_ONCE, "body", exchange('data: {"a": 1, "a": 2}\n\n', EVENTS)),
    (Watch.KEYS, "body", exchange(f"x{KEY}x", PAGE, status=500)),
    (Watch.KEYS, "headers.X-Key", exchange("", ("X-Key", KEY))),
    (Watch.CONVERSATION, f"headers.{CONVERSATION[0]}", exchange(completion())),
    (Watch.CONVERSATION, f"headers.{CONVERSATION[0]}", exchange(completion(), JSON, CONVERSATION, CONVERSATION)),
    (Watch.CONVERSATION, f"headers.{CONVERSATION[0]}", exchange(completion(), JSON, (CONVERSATION[0], "17"))),
    (Watch.CONVERSATION_OF_STREAMS, f"headers.{CONVERSATION[0]}", exchange(events(chunk()), EVENTS)),
    (Watch.CONVERSATION_OF_RESPONSES, f"headers.{CONVERSATION[0]}", exchange({}, path=RESPONSES)),
    (Watch.TOOL_CALLS, "body", exchange(completion(message={"tool_calls": [{}]}))),
    (Watch.TOOL_CALLS, "body", exchange(completion({"message": {}, "finish_reason": "tool_calls"}))),
    (
        Watch.TOOL_CALLS_OF_CLIENTS,
        "body",
        exchange(completion(message={"function_call": {"name": "a"}}), asked={"functions": [{}]}),
    ),
    (Watch.TOOL_CALLS_OF_STREAMS, "body", exchange(events(chunk({"tool_calls": [{}]})), EVENTS)),
    (Watch.MESSAGE_MEMBERS, "body", exchange(completion(message={"reasoning_content": "hm"}))),
    (Watch.MESSAGE_MEMBERS, "body", exchange(events(chunk(toolResults=[1])), EVENTS)),
    (Watch.CHOICES, "body $.choices", exchange(completion({}, {}))),
    (Watch.CHOICES, "body $.choices", exchange({"choices": []})),
    (Watch.FINISH_REASON, "body $.choices[*].finish_reason", exchange(completion({"finish_reason": "end_turn"}))),
    (Watch.FINISH_REASON, "body $.choices[*].finish_reason", exchange(completion({"finish_reason": None}))),
    (Watch.CREATED, "body $.created", exchange(completion(created=BEGAN + 10 - 301))),
    (Watch.CREATED, "body $.created", exchange(completion(created=BEGAN + 3610))),
    (
        Watch.USAGE,
        "body $.usage.total_tokens",
        exchange(completion(usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 4})),
    ),
    (Watch.IDS, "body $.id", exchange(completion(id="chatcmpl-1"))),
    (Watch.REFUSALS, "headers.Content-Type", exchange("<html>", PAGE, status=413)),
    (Watch.INSIDE, "body", exchange({"detail": [{"exception": "500: Agent run ended"}]}, status=500)),
    (Watch.INSIDE, "body", exchange({"detail": 'File "/app/run.py", line 7'}, status=422)),
    (Watch.INSIDE, "body", exchange("Traceback (most recent call last):", PAGE, status=500)),
    (Watch.INSIDE, "body", exchange("at com.example.Chat.answer(Chat.java:7)", PAGE, status=502)),
    (Watch.INSIDE, "body", exchange("    at answer (/srv/app/chat.mjs:7:12)", PAGE, status=500)),
    (Watch.INSIDE, "body", exchange("goroutine 7 [running]:", PAGE, status=500)),
    (Watch.RETRY_AFTER, "headers.Retry-After", exchange({}, status=429)),
    (Watch.RETRY_AFTER, "headers.Retry-After", exchange({}, JSON, ("Retry-After", "soon"), status=429)),
]

NOTHING: list[tuple[Watch, Exchange]] = [
    (Watch.MEDIA_TYPE, exchange("", JSON, method="HEAD")),
    (Watch.MEDIA_TYPE, exchange("", JSON, status=204)),
    (Watch.MEDIA_TYPE, exchange("Internal Server Error", ("Content-Type", "text/plain"), status=500)),
    (Watch.MEDIA_TYPE, exchange("[" * 200 + "]" * 200)),
    (Watch.MEDIA_TYPE, exchange(gzip.compress(b"{}"), JSON, ("Content-Encoding", "gzip"))),
    (Watch.CODING_AS_ASKED, exchange("{}")),
    (Watch.MEMBERS_ONCE, exchange("<html>")),
    (Watch.KEYS, exchange(KEY, status=401)),
    (Watch.CONVERSATION, exchange({}, status=404)),
    (Watch.CONVERSATION, exchange(events(chunk()), EVENTS)),
    (Watch.CONVERSATION, exchange({}, path="/api/profiles/a", method="POST")),
    (Watch.TOOL_CALLS, exchange(completion(message={"tool_calls": [{}]}), asked={"tools": [{}]})),
    (Watch.CHOICES, exchange(completion({}, {}), asked={"n": 2})),
    (Watch.CHOICES, exchange({"choices": "none"})),
    (Watch.CREATED, exchange(completion(created=0), sent=(("Idempotency-Key", "a"),))),
    (Watch.CREATED, exchange(completion(created="now"))),
    (Watch.USAGE, exchange(completion(usage=None))),
    (Watch.USAGE, exchange(completion(usage={"prompt_tokens": 1, "completion_tokens": True, "total_tokens": 2}))),
    (Watch.IDS, exchange(completion(id="chatcmpl-1"), sent=(("idempotency-key", "a"),))),
    (Watch.REFUSALS, exchange("OK", ("Content-Type", "text/plain"), status=400, method="OPTIONS")),
    (Watch.REFUSALS, exchange("<html>", PAGE, status=404, path="/v1/nothing", method="GET")),
    (Watch.INSIDE, exchange("Traceback (most recent call last):")),
    (Watch.RETRY_AFTER, exchange({})),
]

AT = BEGAN + 10
"""Unix seconds of the exchange."""


def dated(seconds: float) -> tuple[str, str]:
    return ("Date", formatdate(seconds, usegmt=True))


def moved(to: str, status: int = 307, method: str = "POST") -> Exchange:
    return exchange("", ("Location", to), status=status, method=method)


def ended(seconds: float) -> Exchange:
    answered = exchange(completion())
    assert answered.response is not None
    return replace(answered, response=replace(answered.response, lingered=seconds))


HOLDS += [
    (Watch.DATE, exchange("", dated(AT))),
    (Watch.DATE, exchange("", dated(AT - 299), dated(AT + 299))),
    (Watch.REDIRECTS, moved("/v1/models")),
    (Watch.REDIRECTS, moved("models?a=//b", 308)),
    (Watch.REDIRECTS, moved("/v1/models", 301, "GET")),
    (Watch.REDIRECTS, moved("HTTP://127.0.0.1:1/v1/models")),
    (Watch.REDIRECTS, moved("//127.0.0.1:1/v1/models")),
    (Watch.REDIRECTS, moved("https://127.0.0.1/v1/models")),
    (Watch.PAGES, exchange({}, status=502)),
    (Watch.PAGES, exchange("bad gateway", ("Content-Type", "text/plain"), status=502)),
    (Watch.ENDINGS, ended(0)),
    (Watch.ENDINGS, ended(2)),
]
VIOLATED += [
    (Watch.DATE, "headers.Date", exchange("")),
    (Watch.DATE, "headers.Date", exchange("", ("Date", "today"))),
    (Watch.DATE, "headers.Date", exchange("", dated(AT), dated(AT - 302))),
    (Watch.DATE, "headers.Date", exchange("", dated(AT + 3600))),
    (Watch.REDIRECTS, "status", moved("/v1/models", 301)),
    (Watch.REDIRECTS, "status", moved("/v1/models", 303, "DELETE")),
    (Watch.REDIRECTS, "headers.Location", moved("http://127.0.0.1:2/v1/models")),
    (Watch.REDIRECTS, "headers.Location", moved("//harness.invalid/v1/models", 302, "GET")),
    (Watch.REDIRECTS, "headers.Location", moved("https://harness.invalid/v1/models")),
    (Watch.PAGES, "body", exchange("", PAGE, status=504)),
    (Watch.PAGES, "body", exchange("\n<!DOCTYPE html>", ("Content-Type", "text/plain"), status=502)),
    (Watch.ENDINGS, "body", ended(4.1)),
]
NOTHING += [
    (Watch.DATE, exchange("", status=500)),
    (Watch.REDIRECTS, exchange("", ("Location", "/a"), status=201)),
    (Watch.REDIRECTS, exchange("", status=307)),
    (Watch.PAGES, exchange("<html>", PAGE, status=404)),
    (Watch.PAGES, exchange("<html>", PAGE, status=502, path="/docs")),
    (Watch.ENDINGS, exchange("")),
]


@pytest.mark.parametrize("seconds", [0, 951782399, 951782400, 951868800, 1709164800, 1893456000, 4107542400])
def test_a_date_is_read_as_it_is_written(seconds: int) -> None:
    context = replace(CONTEXT, began=float(seconds) - 10)
    answered = exchange("", dated(seconds))
    assert answered.response is not None
    assert [*RULES[Watch.DATE](Answer(answered, answered.response, "chat/it, step 1"), context)] == [None]


@pytest.mark.parametrize(("watch", "answered"), HOLDS)
def test_a_rule_holds(watch: Watch, answered: Exchange) -> None:
    found = looks(watch, answered)
    assert set(found) == {None}


@pytest.mark.parametrize(("watch", "check", "answered"), VIOLATED)
def test_a_rule_is_violated(watch: Watch, check: str, answered: Exchange) -> None:
    assert [each for each in looks(watch, answered) if each is not None] == [check]


@pytest.mark.parametrize(("watch", "answered"), NOTHING)
def test_a_rule_has_nothing_to_say(watch: Watch, answered: Exchange) -> None:
    assert looks(watch, answered) == []


def test_every_rule_of_the_language_is_there_and_is_seen_to_hold_and_to_be_violated() -> None:
    responses = {Watch.USAGE_OF_RESPONSES}  # the same function as for chats
    assert set(RULES) == set(Watch) == {watch for watch, _ in HOLDS}
    assert set(Watch) - responses == {watch for watch, _, _ in VIOLATED}


@pytest.mark.parametrize("watch", Watch)
@pytest.mark.parametrize(
    "body", ["null", "[]", "[1]", '"a"', '{"choices": [1, null, {"message": 1}], "usage": []}', "", "{"]
)
@pytest.mark.parametrize("path", [CHAT, RESPONSES])
def test_no_rule_breaks_on_an_odd_answer(watch: Watch, body: str, path: str) -> None:
    for headers in ((JSON,), (EVENTS,), (PAGE,), ()):
        looks(watch, exchange(body, *headers, path=path, asked={"n": [], "tools": 1}))


def watching(watch: Watch, identifier: str = "CHAT-1") -> Scenario:
    return Scenario("chat/watches", "It watches", identifier, "chat", (), HERE, watch=watch)


def judged(watcher: Watching) -> ScenarioVerdict:
    ((verdict, _),) = watcher.judge()
    return verdict


def make(watch: Watch, level: Level = Level.MUST) -> Watching:
    return Watching([watching(watch)], {"CHAT-1": requirement(level)}, began=BEGAN, keys=[(KEY,)])


def test_what_saw_nothing_is_not_assessed() -> None:
    watcher = make(Watch.RETRY_AFTER)
    watcher.see_all(SMOKE, [exchange(completion()), replace(exchange(), response=None)])
    assert (judged(watcher).state, judged(watcher).reason, judged(watcher).checks) == (
        State.NOT_ASSESSED,
        NOTHING_SEEN,
        0,
    )


def test_an_answer_that_was_decoded_was_encoded_as_told() -> None:
    answered = exchange("{}", JSON, ("Content-Encoding", "gzip"), sent=(CODINGS,))
    assert answered.response is not None
    assert looks(Watch.CODING_AS_TOLD, replace(answered, response=replace(answered.response, unpacked=True))) == [None]


def test_a_key_that_the_run_stores_in_a_profile_is_in_no_answer_from_then_on() -> None:
    key = "sk-of-a-model-1"
    told = exchange({"key": key}, method="GET", path="/v1/models")
    stores = exchange({}, status=201, path="/api/profiles/a", asked={"llm": {"model": "openai/a", "api_key": key}})
    watcher = Watching(
        [watching(Watch.KEYS)], {"CHAT-1": requirement(Level.MUST)}, began=BEGAN, keys=(), spell=lambda keys: [[*keys]]
    )
    watcher.see_all(SMOKE, [told, stores, stores])
    assert (judged(watcher).state, judged(watcher).checks) == (State.PASSED, 2)
    watcher.see_all(SMOKE, [told])
    assert judged(watcher).state is State.FAILED


def test_what_a_client_sent_by_itself_is_looked_at_too() -> None:
    page = exchange("<html>", PAGE, status=404)
    watcher = make(Watch.REFUSALS)
    watcher.see_all(SMOKE, [replace(exchange(completion()), attempts=(Attempt(page.request, page.response),))])
    verdict = judged(watcher)
    assert (verdict.state, verdict.checks) == (State.FAILED, 1)


def test_what_holds_everywhere_passes_with_the_number_of_answers() -> None:
    watcher = make(Watch.CREATED)
    watcher.see_all(SMOKE, [exchange(completion())] * 3)
    assert (judged(watcher).state, judged(watcher).checks) == (State.PASSED, 3)


@pytest.mark.parametrize(("level", "state"), [(Level.MUST, State.FAILED), (Level.SHOULD, State.WARNED)])
def test_a_violation_shows_the_first_three_exchanges_and_counts_all(level: Level, state: State) -> None:
    watcher = make(Watch.CREATED, level)
    late = [exchange(completion(created=0), started=float(second)) for second in (9, 5, 7, 3)]
    watcher.see(scenario(step()), late)
    watcher.see_all(SMOKE, [exchange(completion())])
    ((verdict, trace),) = watcher.judge()
    assert verdict.state is state
    assert [(each.started, each.step) for each in trace.exchanges] == [(3.0, 0), (5.0, 1), (7.0, 2)]
    assert {each.scenario for each in trace.exchanges} == {scenario(step()).id}
    assert [finding.step for finding in verdict.findings] == [0, 1, 2]
    assert (verdict.reason or "").endswith(f"got 0 ({scenario(step()).id}, step 1); 4 of 5 answers")


def test_the_log_of_the_scripted_model_is_not_watched() -> None:
    watcher = make(Watch.MEDIA_TYPE)
    asks = replace(step(), action=AskModel("GET", "/requests"))
    watcher.see(scenario(asks), [exchange("<html>")])
    assert judged(watcher).state is State.NOT_ASSESSED


def test_one_id_for_two_answers_is_found_wherever_they_are() -> None:
    watcher = make(Watch.IDS)
    watcher.see_all(SMOKE, [exchange(completion(id="a"))])
    watcher.see(scenario(step()), [exchange(completion(id="b")), exchange(completion(id="a"))])
    verdict = judged(watcher)
    assert verdict.state is State.FAILED
    assert verdict.findings[0].expected == "another one than in the smoke test, step 1"


def test_a_refusal_that_was_waited_out_is_looked_at() -> None:
    page = Response(429, (PAGE,), b"<html>")
    waited = replace(exchange(completion()), refusals=(Refusal(1.0, 1.0, page), Refusal(2.0, 1.0)))
    assert looks(Watch.RETRY_AFTER, waited) == ["headers.Retry-After"]
    assert looks(Watch.REFUSALS, waited) == ["headers.Content-Type"]


def test_a_rule_that_breaks_is_a_fault_of_the_harness(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise LookupError("no rule")

    monkeypatch.setitem(RULES, Watch.CREATED, broken)
    watcher = make(Watch.CREATED)
    watcher.see_all(SMOKE, [exchange(completion())])
    assert judged(watcher).state is State.HARNESS_ERROR
    assert judged(watcher).reason == "LookupError: no rule (the smoke test, step 1)"
