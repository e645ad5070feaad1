"""`check` as a guest on someone else's server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.check.conftest import KEY
from tests.run.servers import Gateway, Server

if TYPE_CHECKING:
    from tests.check.suite import Runner


def test_without_leave_the_native_api_is_used_only_to_delete_what_was_made(check: Runner) -> None:
    gateway = Gateway(KEY)
    with Server(gateway) as server:
        assert check(server.url, "--no-native-api") == 0
    native = [request for request in server.received if request.path.startswith("/api/")]
    assert {request.method for request in native} == {"DELETE"}
    assert check.states()["chat/profile"] == "not assessed"
    (reason,) = (each["reason"] for each in check.report()["scenarios"] if each["id"] == "chat/profile")
    assert "takes --native-api" in reason
    assert gateway.existing == set()
    assert check.report()["cleanup"]["left"] == []


def test_a_proxy_that_is_named_is_used_for_every_request_on_this_machine_too(check: Runner) -> None:
    gateway = Gateway(KEY)
    with Server(lambda request: gateway(request.at_origin)) as proxy:
        assert check("http://agents.invalid:8000", "--proxy", proxy.url, "--native-api") == 0
    assert {request.header("Host") for request in proxy.received} == {"agents.invalid:8000"}
    assert gateway.existing == set()
