from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway.serving import chat_body, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.serving import Gateway

PAGE = "https://chat.example"
ASKED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-openhands-serverconversation-id",
}


@pytest.fixture(scope="module")
def open_to_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serve(tmp_path_factory.mktemp("cors"), "--cors-origin", PAGE) as running:
        yield running


@pytest.mark.parametrize(
    "origin", [PAGE, "null", "http://localhost.example", "http://localhost:3000.example", "http://example/localhost"]
)
def test_without_the_option_no_page_of_the_web_may_read_or_send(gateway: Gateway, origin: str) -> None:
    preflight = gateway.request("OPTIONS", "/v1/chat/completions", headers={"Origin": origin, **ASKED}, key=None)
    answer = gateway.request("GET", "/v1/models", headers={"Origin": origin})
    assert (preflight.status, answer.status) == (400, 200)
    for reply in (preflight, answer):
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("page", [PAGE, "http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443"])
def test_a_page_that_is_let_in_can_send_without_a_key_in_the_preflight_and_read_the_conversation_header(
    open_to_page: Gateway, page: str
) -> None:
    origin = {"Origin": page}
    preflight = open_to_page.request("OPTIONS", "/v1/chat/completions", headers=origin | ASKED, key=None)
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, page)
    assert "x-openhands-serverconversation-id" in preflight.headers["access-control-allow-headers"].lower()
    reply = open_to_page.request("POST", "/v1/chat/completions", body=chat_body("hello"), headers=origin)
    assert reply.headers["access-control-allow-origin"] == page
    assert "X-OpenHands-ServerConversation-ID" in reply.headers["access-control-expose-headers"]


def test_errors_too_can_be_read_by_the_page(open_to_page: Gateway) -> None:
    origin = {"Origin": PAGE}
    for reply in (
        open_to_page.request("GET", "/v1/models", headers=origin, key="wrong"),
        open_to_page.request("POST", "/v1/chat/completions", body={}, headers=origin),
        open_to_page.request("POST", "/v1/chat/completions", body=chat_body("[[error: 500]]"), headers=origin),
    ):
        assert reply.status >= 400
        assert reply.headers["access-control-allow-origin"] == PAGE


def test_another_page_is_not_let_in(open_to_page: Gateway) -> None:
    stranger = {"Origin": "https://evil.example"}
    assert open_to_page.request("OPTIONS", "/v1/models", headers=stranger | ASKED, key=None).status == 400
    assert "access-control-allow-origin" not in open_to_page.request("GET", "/v1/models", headers=stranger).headers
