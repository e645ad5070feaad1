"""What a scenario spells out goes over the wire unchanged, through either class of the client."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from harness.credentials import WRONG_KEY, key_variables
from harness.run.client import Client, StepError
from harness.scenarios.model import AskModel, Auth, Call, ClientKind, Http
from harness.scenarios.substitute import KEY_VARIABLES
from harness.targets import ModelLog
from tests.run.servers import MODEL, Gateway, Server, error, http

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json
    from harness.scenarios.model import Action
    from harness.trace import Exchange

KEY = "Sk-planted+key/42"
CHAT = Call("chat.completions.create", {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]})
RAW = Http("POST", "/x?a=1", json={"b": 2})
ACTIONS = [pytest.param(CHAT, id="typed"), pytest.param(RAW, id="raw")]


def play(
    server: Server,
    action: Action,
    auth: Auth | Mapping[str, Json] = Auth.BEARER,
    headers: Mapping[str, Json] | None = None,
    *,
    kind: ClientKind = ClientKind.ASYNC,
    timeout: float | None = None,
    model_log: ModelLog | None = None,
) -> Exchange:
    async def send() -> Exchange:
        async with Client(server.url, KEY, timeout=20, connections=2, model_log=model_log) as client:
            exchange = await client.play(0, action, auth, headers or {}, kind=kind, timeout=timeout)
            assert client.requests == (not isinstance(action, AskModel))
            return exchange

    return asyncio.run(send())


CLASSES = (ClientKind.ASYNC, ClientKind.SYNC)
both_kinds = pytest.mark.parametrize("kind", CLASSES)
both_actions = pytest.mark.parametrize("action", ACTIONS)


@both_kinds
@both_actions
def test_an_exact_credential_is_all_that_is_sent_of_one(action: Action, kind: ClientKind) -> None:
    with Server(Gateway()) as server:
        play(server, action, {"authorization": "TOKEN x", "Cookie": "a=b; c=d"}, kind=kind)
        play(server, action, {"X-API-Key": KEY}, kind=kind)
    first, second = server.received
    assert [line for line in first.headers if line[0].lower() in {"authorization", "cookie", "x-session-api-key"}] == [
        ("authorization", "TOKEN x"),
        ("Cookie", "a=b; c=d"),
    ]
    assert (second.values("Authorization"), second.values("X-Session-API-Key")) == ([], [])
    assert second.values("X-API-Key") == [KEY]


@both_kinds
@both_actions
def test_a_query_parameter_is_added_to_the_url_and_recorded(action: Action, kind: ClientKind) -> None:
    with Server(Gateway()) as server:
        exchange = play(server, action, {"?api_key": [KEY, "a b&c"], "?token": ""}, kind=kind)
    (request,) = server.received
    sent = parse_qsl(urlsplit(request.path).query, keep_blank_values=True)
    assert sent[-3:] == [("api_key", KEY), ("api_key", "a b&c"), ("token", "")]
    assert sent[:-3] == ([("a", "1")] if action is RAW else [])
    assert exchange.request.url == f"{server.url}{request.path}"


@both_kinds
@both_actions
def test_a_header_is_sent_as_often_and_spelled_as_it_is_written(action: Action, kind: ClientKind) -> None:
    with Server(Gateway()) as server:
        headers: dict[str, Json] = {"x-oDD": ["1", "2", "1"], "CONTENT-type": "text/x", "User-Agent": None, "X-N": 7}
        exchange = play(server, action, headers=headers, kind=kind)
    (request,) = server.received
    named = {"x-odd", "content-type", "user-agent", "x-n"}
    sent = [line for line in request.headers if line[0].lower() in named]
    assert sorted(sent) == [("CONTENT-type", "text/x"), ("X-N", "7"), ("x-oDD", "1"), ("x-oDD", "1"), ("x-oDD", "2")]
    assert [value for name, value in sent if name == "x-oDD"] == ["1", "2", "1"]
    assert list(exchange.request.headers) == request.headers


def test_each_variable_of_auth_is_what_it_is_called() -> None:
    variables = key_variables(KEY, ["second", "third", "last"])
    assert variables == {
        "key": KEY,
        "wrong_key": WRONG_KEY,
        "key_prefix": "Sk-planted+key/4",
        "key_suffix": "k-planted+key/42",
        "longer_key": "Sk-planted+key/42x",
        "swapped_key": "sK-PLANTED+KEY/42",
        "basic_key": base64.b64encode(b"session:Sk-planted+key/42").decode(),
        "other_key": "second",
        "last_key": "last",
    }
    assert set(variables) == set(KEY_VARIABLES)


def test_a_key_without_letters_has_no_other_case_so_a_wrong_key_stands_for_it() -> None:
    assert key_variables("1234-5678")["swapped_key"] == WRONG_KEY


ANSWERS = {
    "fine": Gateway(),
    "refused": lambda _: error(404),
    "garbage": lambda _: http(200, "nonsense"),
    "stream": lambda _: http(200, "data: {}\n\ndata: [DONE]\n\n", kind="text/event-stream"),
    "endless": lambda _: http(200, "data:{}\n\n" * 10_001, kind="text/event-stream"),
    "hostile": lambda _: http(200, "{}", kind="application/json; charset=hex"),
    "dropped": lambda _: None,
    "failed": lambda _: error(500),
}


@pytest.mark.parametrize(
    "action", [*ACTIONS, Call("models.list", {}), Call(CHAT.method, {**CHAT.arguments, "stream": True})]
)
@pytest.mark.parametrize("answer", ANSWERS)
def test_both_classes_of_the_client_give_the_same_exchange(action: Action, answer: str) -> None:
    with Server(ANSWERS[answer]) as server:  # type: ignore[arg-type]
        one, other = (play(server, action, kind=kind) for kind in CLASSES)
    assert (one.request.method, one.request.url, one.request.body) == (
        other.request.method,
        other.request.url,
        other.request.body,
    )
    apart = {"x-stainless-async", "user-agent"}  # they name the class
    assert [line for line in one.request.headers if line[0].lower() not in apart] == [
        line for line in other.request.headers if line[0].lower() not in apart
    ]
    assert (one.response is None) == (other.response is None) == (answer == "dropped")
    if one.response and other.response and answer != "fine":
        assert one.response == other.response
    assert one.client == other.client
    assert one.failure == other.failure


@both_kinds
@both_actions
def test_the_client_gives_up_when_the_steps_own_time_is_over(action: Action, kind: ClientKind) -> None:
    with Server(lambda _: iter([5.0])) as server:
        exchange = play(server, action, kind=kind, timeout=0.3)
    assert exchange.response is None
    assert exchange.gave_up
    if isinstance(action, Call):
        assert exchange.client is not None
        assert exchange.client.raised == "APITimeoutError"


@both_kinds
@both_actions
def test_an_answer_in_time_is_an_answer(action: Action, kind: ClientKind) -> None:
    with Server(Gateway()) as server:
        exchange = play(server, action, kind=kind, timeout=20)
    assert exchange.response is not None
    assert not exchange.gave_up


@both_kinds
@both_actions
def test_a_connection_that_is_dropped_is_nothing_that_the_client_gave_up_on(action: Action, kind: ClientKind) -> None:
    with Server(lambda _: None) as server:
        exchange = play(server, action, kind=kind, timeout=20)
    assert exchange.response is None
    assert not exchange.gave_up


@both_kinds
@pytest.mark.parametrize(
    ("action", "headers"),
    [
        (Call(CHAT.method, {**CHAT.arguments, "no_such_argument": 1}), {}),
        (CHAT, {"X-Bad": ["fine", "line\nbreak"]}),
        (RAW, {"X-Bad": "snow\u2603man"}),
        (Http("GET", "/v1/\nmodels"), {}),
        (AskModel("GET", "/requests"), {}),  # and there is no log
    ],
)
def test_what_cannot_be_sent_is_a_fault_of_the_step(action: Action, headers: dict[str, Json], kind: ClientKind) -> None:
    with Server(Gateway()) as server, pytest.raises(StepError):
        play(server, action, headers=headers, kind=kind)
    assert server.received == []


@pytest.mark.parametrize(("key", "lines"), [(None, []), ("of-the-log", ["Bearer of-the-log"])])
def test_the_models_log_is_asked_with_its_own_key_alone(key: str | None, lines: list[str]) -> None:
    found = {"count": 0, "requests": []}
    with Server(Gateway(KEY)) as target, Server(lambda _: http(200, found)) as log:
        ask = AskModel("GET", "/requests?containing=tea%20pot")
        exchange = play(target, ask, Auth.BOTH, model_log=ModelLog(f"{log.url}/kept", key))
    assert target.received == []
    (request,) = log.received
    assert (request.method, request.path) == ("GET", "/kept/requests?containing=tea%20pot")
    assert request.values("Authorization") == lines
    assert request.values("X-Session-API-Key") == []
    assert exchange.response is not None
