"""`check` as a guest on someone else's server."""

from __future__ import annotations

import signal
import threading
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from tests.check.conftest import KEY
from tests.check.suite import SCENARIOS, Runner, write_suite
from tests.run.servers import Answer, Gateway, Received, Server, http

if TYPE_CHECKING:
    from pathlib import Path

CHAT = "POST /v1/chat/completions"


class Busy:
    """A gateway that answers every other turn with 429."""

    def __init__(self, retry_after: str | None) -> None:
        self.refusals = threading.Event()
        self._gateway = Gateway(KEY)
        self._odd = False
        self._headers = {} if retry_after is None else {"Retry-After": retry_after}

    def __call__(self, request: Received) -> Answer:
        self._odd ^= request.path == "/v1/chat/completions"
        if self._odd and request.header("Authorization") == f"Bearer {KEY}":
            return self.refuse()
        return self._gateway(request)

    def refuse(self) -> Answer:
        self.refusals.set()
        return http(429, {"detail": "retry later"}, self._headers)


def test_without_leave_the_native_api_is_used_only_to_delete_what_was_made(
    check: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = Gateway(KEY)
    with Server(gateway) as server:
        assert check(server.url, "--no-native-api") == 0
    native = [request for request in server.received if request.path.startswith("/api/")]
    assert {request.method for request in native} == {"DELETE"}
    assert check.states()["chat/profile"] == "not assessed"
    (reason,) = (each["reason"] for each in check.report()["scenarios"] if each["id"] == "chat/profile")
    assert "takes --native-api" in reason
    (page,) = check.reports.glob("*/*/report.md")
    assert "| 3 of 3 MUST, 0 of 1 SHOULD " in page.read_text("utf-8")
    assert "  assessed: 3 of 3 MUST, 0 of 1 SHOULD\n" in capsys.readouterr().out
    assert gateway.existing == set()
    assert check.report()["cleanup"]["left"] == []


def test_a_proxy_that_is_named_is_used_for_every_request_on_this_machine_too(check: Runner) -> None:
    gateway = Gateway(KEY)
    with Server(lambda request: gateway(request.at_origin)) as proxy:
        assert check("http://agents.invalid:8000", "--proxy", proxy.url, "--native-api") == 0
    assert {request.header("Host") for request in proxy.received} == {"agents.invalid:8000"}
    assert gateway.existing == set()


@pytest.mark.parametrize(
    ("retry_after", "waited"), [("0", 0.0), (formatdate(0, usegmt=True), 0.0), ("soon", 1.0), (None, 1.0)]
)
def test_a_busy_server_is_waited_for_and_the_request_sent_again(
    check: Runner, retry_after: str | None, waited: float
) -> None:
    with Server(Busy(retry_after)) as server:
        assert check(server.url, "--jobs", "1", "--scenario", "chat/answers", "--scenario", "chat/continues") == 0
    exchanges = [exchange for each in check.report()["scenarios"] for exchange in each["exchanges"]]
    refusals = [refusal for exchange in exchanges for refusal in exchange["refusals"]]
    assert len(refusals) == 3
    assert {refusal["waited"] for refusal in refusals} == (
        {0.0} if retry_after in {"0", formatdate(0, usegmt=True)} else {1.0}
    )
    assert check.report()["run"]["requests"] == len([each for each in server.received if each.path != "/server_info"])


def test_a_server_that_wants_more_patience_than_there_is_could_not_be_assessed(check: Runner) -> None:
    gateway = Gateway(KEY)
    turns = iter([True])
    busy = http(429, {}, {"Retry-After": "3600"})
    gateway.overrides[CHAT] = lambda request: gateway.chat(request) if next(turns, False) else busy
    with Server(gateway) as server:
        assert check(server.url, "--scenario", "chat/answers") == 3
    assert len([each for each in server.received if each.path == "/v1/chat/completions"]) == 2
    assert check.states() == {"chat/answers": "could not run"}


def test_a_scenario_that_is_about_the_refusal_gets_it(check: Runner, tmp_path: Path) -> None:
    write_suite(
        tmp_path, SCENARIOS.replace("expect: {status: 401, raises: AuthenticationError}", "expect: {status: 429}")
    )
    gateway = Gateway(KEY)
    gateway.overrides[CHAT] = lambda request: (
        gateway.chat(request)
        if request.header("Authorization") == f"Bearer {KEY}"
        else http(429, {}, {"Retry-After": "0"})
    )
    with Server(gateway) as server:
        assert check(server.url, "--scenario", "chat/refuses[wrong]") == 0
    assert len([each for each in server.received if each.path == "/v1/chat/completions"]) == 3


@pytest.mark.parametrize("status", ["{minimum: 400, maximum: 499}", "{type: integer}"])
def test_a_busy_server_is_waited_for_where_429_is_only_one_of_many(check: Runner, tmp_path: Path, status: str) -> None:
    expectation = "expect: {status: 401, raises: AuthenticationError}"
    write_suite(tmp_path, SCENARIOS.replace(expectation, f"expect: {{status: {status}}}"))
    gateway = Gateway(KEY)
    strangers = iter([http(429, {}, {"Retry-After": "0"}), http(401, {})])
    gateway.overrides[CHAT] = lambda request: (
        gateway.chat(request) if request.header("Authorization") == f"Bearer {KEY}" else next(strangers)
    )
    with Server(gateway) as server:
        assert check(server.url, "--scenario", "chat/refuses[wrong]") == 0
    assert list(strangers) == []


def test_a_signal_ends_the_patience(check: Runner) -> None:
    busy = Busy("50")
    turns = iter([True])
    gateway = Gateway(KEY, {CHAT: lambda request: gateway.chat(request) if next(turns, False) else busy.refuse()})
    with Server(gateway) as server, check.start(server.url, "--scenario", "chat/answers") as process:
        assert busy.refusals.wait(60)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=40)
    assert process.returncode == 3
    assert check.report()["run"]["ended_early"] == "interrupted"
    assert gateway.existing == set()


def test_a_run_in_which_no_must_could_be_assessed_is_incomplete(check: Runner, tmp_path: Path) -> None:
    write_suite(tmp_path, SCENARIOS.replace("requirement: CHAT-1", "requirement: CHAT-1\n    needs: [profiles]"))
    with Server(Gateway(KEY)) as server:
        assert check(server.url, "--no-native-api", "--requirement", "CHAT-1") == 3
    assert check.states() == {"chat/answers": "not assessed"}
