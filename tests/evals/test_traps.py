"""Servers and proxies that answer with something other than an answer."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("aiohttp")

import aiohttp
from aiohttp import web

from harness.evals.journal.journal import Journal, State
from harness.evals.outcome import FailureKind, Usage
from harness.evals.runner.runner import evaluate
from harness.evals.runner.settings import Server
from harness.evals.sample import Sample
from harness.targets.connection import Connection
from tests.evals.fake_gateway import Behaviour, serving, task
from tests.evals.playing import QUICK, of, play, play_on
from tests.evals.sums import LastNumber, header, sums

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from harness.evals.outcome import Outcome
    from harness.evals.runner.settings import Settings
    from tests.evals.playing import Played

    type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY = "sk-test-of-the-session"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[str]:
    """A server on loopback that gives every request this answer."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def asked(
    path: Path, handler: Handler, *, samples: int = 1, settings: Settings = QUICK, native_api: bool = True
) -> tuple[str | None, list[Outcome], int]:
    """The result of a run there: why it ended early, the outcomes, the number of open samples."""

    async def run() -> tuple[str | None, list[Outcome], int]:
        way = Connection(headers=(("X-Team", "qa"),), secrets=(("$GATE", "gate-token-77"),))
        async with answering(handler) as url:
            server = Server(url, KEY, "openhands_fake", way, native_api=native_api)
            with Journal.open(path, header(samples)) as journal:
                ended = await evaluate(sums(samples), [server], journal, LastNumber(), settings, lambda _: None)
                return ended, list(journal.outcomes()), journal.count(State.STARTED)

    return asyncio.run(run())


def completion(text: object, conversation: str | None) -> web.Response:
    headers = {} if conversation is None else {"X-OpenHands-ServerConversation-ID": conversation}
    return web.json_response({"choices": [{"message": {"role": "assistant", "content": text}}]}, headers=headers)


def test_a_wrong_key_ends_the_run_at_once_and_the_right_one_goes_on(path: Path) -> None:
    async def both() -> tuple[Played, int, Played]:
        async with serving(Behaviour(key=KEY)) as gateway:
            wrong = await play_on(path, [gateway], benchmark=50, key="sk-wrong-key")
            requests = gateway.seen["chat"]
            return wrong, requests, await play_on(path, [gateway], benchmark=50, key=KEY)

    wrong, requests, right = asyncio.run(both())
    assert wrong.ended == "the server refused each of 5 requests in a row: 401: Unauthorized"
    assert wrong.outcomes == []
    assert requests < 12
    assert right.ended is None
    assert len(right.outcomes) == right.gateway.runs == 50


def test_fewer_refused_samples_than_that_end_the_run_too(path: Path) -> None:
    async def refusing(_: web.Request) -> web.StreamResponse:
        return await _said(404, {"detail": "Model not found"})

    ended, outcomes, begun = asked(path, refusing, samples=2)
    assert ended == "the server refused each of 2 requests in a row: 404: Model not found"
    assert (outcomes, begun) == ([], 2)


async def _said(status: int, body: object) -> web.Response:
    return web.json_response(body, status=status)


def test_a_sample_that_is_refused_for_itself_is_one_failure(path: Path) -> None:
    samples = [Sample(id=f"{number}", turns=(task(number),)) for number in range(12)]

    async def refusing(request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else {"messages": [{"content": ""}]}
        number = int(body["messages"][-1]["content"].split()[2]) if body["messages"][-1]["content"] else 0
        if number >= 3:
            return await _said(400, {"detail": "System instructions are too long"})
        return completion("5", request.headers["X-OpenHands-ServerConversation-ID"])

    async def run() -> list[Outcome]:
        async with answering(refusing) as url:
            server = Server(url, None, "openhands_fake", native_api=False)
            with Journal.open(path, header(12)) as journal:
                settings = replace(QUICK, concurrency=1)
                assert await evaluate(of(*samples), [server], journal, LastNumber(), settings, lambda _: None) is None
                return list(journal.outcomes())

    outcomes = asyncio.run(run())
    assert [one.failure and one.failure.kind for one in outcomes] == [None] * 3 + [FailureKind.REFUSED] * 9
    assert outcomes[5].failure is not None
    assert outcomes[5].failure.message == "400: System instructions are too long"
    assert (outcomes[5].sends, outcomes[5].usage) == (0, None)


@pytest.mark.parametrize("named", ["3f6e7f5e-8a0e-4c0f-9d57-0d1c6a3f7b11", None], ids=["another", "none"])
def test_a_server_that_takes_no_ids_from_clients_is_not_evaluated(path: Path, named: str | None) -> None:
    posted = 0

    async def forgetful(request: web.Request) -> web.StreamResponse:
        nonlocal posted
        if request.method == "POST":
            posted += 1
            return completion("5", named)
        if "ids" in request.query:
            return web.json_response([None])
        return await _said(404, {"detail": "Not Found"})

    said = "the server answers for another conversation than X-OpenHands-ServerConversation-ID names"
    ended, [outcome, *_], _ = asked(path, forgetful, samples=20)
    assert ended is not None
    assert said in ended
    assert outcome.failure is not None
    assert said in outcome.failure.message
    assert posted <= QUICK.concurrency, "what was answered is never sent again"


def test_an_answer_whose_conversation_a_proxy_left_out_is_recovered(path: Path) -> None:
    async def both() -> Played:
        async with serving(Behaviour()) as gateway, answering(_without_header(gateway.url)) as proxy:
            gateway.url = proxy
            return await play_on(path, [gateway])

    played = asyncio.run(both())
    assert played.gateway.runs == 6
    assert all(one.adopted and one.scores for one in played.outcomes)


def _without_header(url: str) -> Handler:
    """A proxy to the server there that drops the headers of its answers."""

    async def forward(request: web.Request) -> web.StreamResponse:
        return await _forwarded(url, request, await request.read())

    return forward


async def _forwarded(url: str, request: web.Request, body: bytes) -> web.Response:
    async with (
        aiohttp.ClientSession() as session,
        session.request(request.method, f"{url}{request.rel_url}", data=body, headers=request.headers) as answer,
    ):
        return web.Response(body=await answer.read(), status=answer.status, content_type="application/json")


ODD: dict[str, tuple[Callable[[web.Request], web.StreamResponse], str]] = {
    "page": (
        lambda _: web.Response(text="<html><head><title>Sign\n in</title></head></html>", content_type="text/html"),
        "200 with something else than a completion: a page: Sign in",
    ),
    "no choices": (lambda _: web.json_response({"choices": []}), "200 with something else than a completion"),
    "a number": (lambda _: completion(5, "x"), "answers for another conversation"),
    "gateway page": (
        lambda _: web.Response(status=502, text="<title>502 Bad Gateway</title>", content_type="text/html"),
        "502: a page: 502 Bad Gateway",
    ),
    "too much": (lambda _: web.Response(body=b"x" * (17 << 20)), "an answer of more than 16 MiB"),
    "elsewhere": (
        lambda _: web.Response(status=308, headers={"Location": "http://127.0.0.1:1/"}),
        "308: it is elsewhere; name the server by the URL that it redirects to",
    ),
    "a secret": (
        lambda request: web.json_response(
            {"detail": f"bad key {request.headers['X-Session-API-Key']} behind gate-token-77"}, status=500
        ),
        "500: bad key $SESSION_API_KEY behind $GATE",
    ),
    "long": (lambda _: web.json_response({"detail": "no " * 500}, status=500), "no no no…"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_answer_is_a_failure_that_says_what_came(path: Path, name: str) -> None:
    answer, said = ODD[name]
    posted = 0

    async def odd(request: web.Request) -> web.StreamResponse:
        nonlocal posted
        posted += 1
        return answer(request)

    ended, outcomes, _ = asked(path, odd, native_api=False)
    message = ended or (outcomes[0].failure.message if outcomes[0].failure else "")
    assert said in message
    assert len(message) < 500
    assert posted == 1
    assert KEY.encode() not in path.read_bytes()


def test_a_server_that_starts_nothing_again_and_again_is_asked_five_times(path: Path) -> None:
    posted = 0

    async def broken(request: web.Request) -> web.StreamResponse:
        nonlocal posted
        if request.method == "POST":
            posted += 1
            return await _said(500, {"detail": "Internal Server Error", "exception": "the profile has no key"})
        return web.json_response([None]) if "ids" in request.query else await _said(404, {"detail": "Not Found"})

    settings = replace(QUICK, grace=0.05)
    _, [outcome], _ = asked(path, broken, settings=settings)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.UNREACHABLE
    assert "500: Internal Server Error (the profile has no key)" in outcome.failure.message
    assert (posted, outcome.sends) == (5, 5)


@pytest.mark.parametrize("looks", [2, 1000], ids=["for a moment", "all the while"])
def test_a_proxy_that_says_404_is_no_proof_that_there_is_nothing(path: Path, looks: int) -> None:
    """A proxy without a backend says 404 to everything; the agent behind it is at work all the while."""

    async def both() -> Played:
        async with serving(Behaviour(latency=0.3)) as gateway:
            left = looks

            async def flapping(request: web.Request) -> web.StreamResponse:
                nonlocal left
                body = await request.read()
                if request.method == "POST":
                    tasks.append(asyncio.create_task(_forwarded(gateway_url, request, body)))
                    return web.Response(status=504, text="<title>504</title>")
                left -= 1
                if left >= 0:
                    return web.Response(status=404, text="default backend - 404")
                return await _forwarded(gateway_url, request, body)

            gateway_url, tasks = gateway.url, list[asyncio.Task[web.Response]]()
            async with answering(flapping) as proxy:
                gateway.url = proxy
                played = await play_on(path, [gateway], benchmark=1)
                await asyncio.gather(*tasks)
                return played

    played = asyncio.run(both())
    assert played.gateway.runs == 1
    [outcome] = played.outcomes
    assert outcome.adopted == (looks == 2)
    assert (outcome.failure and outcome.failure.kind) == (None if looks == 2 else FailureKind.UNKNOWN)


def test_no_request_leaves_before_the_journal_names_its_conversation(path: Path) -> None:
    named = []

    async def looking(request: web.Request) -> web.StreamResponse:
        conversation = request.headers.get("X-OpenHands-ServerConversation-ID", "")
        if request.method != "POST":
            return await _said(404, {"detail": "Not Found"})
        named.append(f'"conversation":"{conversation}"'.encode() in path.read_bytes())  # noqa: ASYNC240 - one read is no wait
        return completion("5", conversation)

    ended, _, _ = asked(path, looking, samples=20)
    assert ended is None
    assert named == [True] * 20


def test_headers_of_the_way_and_the_key_go_with_every_request(path: Path) -> None:
    seen = []

    async def noting(request: web.Request) -> web.StreamResponse:
        seen.append(
            (request.headers.get("X-Team"), request.headers.get("X-Session-API-Key"), "Cookie" in request.headers)
        )
        if request.method == "POST":
            answer = completion("5", request.headers["X-OpenHands-ServerConversation-ID"])
            answer.set_cookie("session", "of-another")
            return answer
        return await _said(404, {"detail": "Not Found"})

    ended, outcomes, _ = asked(path, noting, samples=2, settings=replace(QUICK, concurrency=1))
    assert ended is None
    assert [one.answer for one in outcomes] == ["5", "5"]
    assert set(seen) == {("qa", KEY, False)}
    assert len(seen) == 4


def test_the_proxy_of_the_way_is_used(path: Path) -> None:
    async def through_a_proxy() -> list[Outcome]:
        async with serving(Behaviour()) as gateway, answering(_without_header(gateway.url)) as proxy:
            # The name has no address, so only the proxy, which forwards everything to the gateway, can answer.
            server = Server("http://gateway.invalid", None, "openhands_fake", Connection(proxy=proxy))
            with Journal.open(path, header(2)) as journal:
                await evaluate(sums(2), [server], journal, LastNumber(), QUICK, lambda _: None)
                return list(journal.outcomes())

    assert [bool(one.scores) for one in asyncio.run(through_a_proxy())] == [True, True]


def test_answers_that_only_the_server_knows_cost_what_it_says(path: Path) -> None:
    played = play(path, Behaviour(faults={"500-after": 1.0}), benchmark=2)
    assert [one.usage and one.usage.cost for one in played.outcomes] == [0.001, 0.001]


TOKENS = {"prompt_tokens": 11, "completion_tokens": 3}


@pytest.mark.parametrize(
    "nonsense",
    [-1, 10**400, float("nan"), float("inf"), "many", None],
    ids=["-1", "10^400", "nan", "inf", "text", "null"],
)
def test_usage_that_can_not_be_is_not_known(path: Path, nonsense: object) -> None:
    told = TOKENS | {"prompt_tokens": nonsense}

    async def counting(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            answer = {"choices": [{"message": {"content": "4"}}], "usage": told}
            named = {name: value for name, value in request.headers.items() if name.startswith("X-OpenHands")}
            return web.Response(text=json.dumps(answer), headers=named)
        return web.Response(text=json.dumps({"stats": {"usage_to_metrics": {"": {"accumulated_token_usage": told}}}}))

    ended, outcomes, _ = asked(path, counting)
    assert (ended, [one.failure for one in outcomes]) == (None, [None])
    assert [one.usage for one in outcomes] == [None]


@pytest.mark.parametrize("nonsense", [-0.5, float("nan"), float("inf"), "1e999"])
def test_a_cost_that_can_not_be_is_not_known_and_the_tokens_are(path: Path, nonsense: object) -> None:
    metrics = {"accumulated_token_usage": TOKENS, "accumulated_cost": nonsense}

    async def costing(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return completion("4", request.headers["X-OpenHands-ServerConversation-ID"])
        return web.Response(text=json.dumps({"stats": {"usage_to_metrics": {"": metrics}}}))

    _, outcomes, _ = asked(path, costing)
    assert [one.usage for one in outcomes] == [Usage(11, 3)]


@pytest.mark.parametrize(
    "said", ["Fri, 31 Dec 9999 23:59:59 -2300", "Fri, 31 Feb 2026 99:99:99 +9999", "-5", "soon", "9" * 400, "1e3", ""]
)
def test_a_time_to_wait_that_is_none_is_as_good_as_none(path: Path, said: str) -> None:
    refused = 0

    async def busy_once(request: web.Request) -> web.StreamResponse:
        nonlocal refused
        if request.method == "POST" and not refused:
            refused += 1
            return web.json_response({}, status=429, headers={"Retry-After": said})
        return completion("1", request.headers.get("X-OpenHands-ServerConversation-ID"))

    _, outcomes, _ = asked(path, busy_once, native_api=False)
    assert [one.answer for one in outcomes] == ["1"]


def test_events_without_end_are_not_gone_through_for_ever(path: Path) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(status=504)
        if "events" in request.path:
            return web.json_response({"items": [{"kind": "PauseEvent"}], "next_page_id": "again & again"})
        return web.json_response({"execution_status": "idle"})

    ended, outcomes, begun = asked(path, endless, settings=replace(QUICK, patience=0.5))
    assert ended is not None
    assert "the events of a conversation have no end" in ended
    assert (outcomes, begun) == ([], 1)


def test_a_finished_run_whose_answer_cannot_be_had_is_an_error_and_not_open_for_ever(path: Path) -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.json_response({"detail": "timed out"}, status=504)
        if request.path.endswith("/agent_final_response"):
            return web.json_response({"response": None})
        return web.json_response({"execution_status": "finished"})

    ended, (outcome,), still_open = asked(path, handler, settings=replace(QUICK, patience=1))
    assert (ended, still_open) == (None, 0)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.AGENT
    assert outcome.failure.message.startswith(
        "its run is finished, and its answer can't be had: 200 for its final response"
    )
