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


def test_without_the_option_no_page_of_another_origin_may_read_or_send(gateway: Gateway) -> None:
    preflight = gateway.request("OPTIONS", "/v1/chat/completions", headers={"Origin": PAGE, **ASKED}, key=None)
    answer = gateway.request("GET", "/v1/models", headers={"Origin": PAGE})
    assert preflight.status == 401
    assert not [name for reply in (preflight, answer) for name in reply.headers if name.startswith("access-control")]


def test_a_page_that_is_let_in_can_send_without_a_key_in_the_preflight_and_read_the_conversation_header(
    open_to_page: Gateway,
) -> None:
    origin = {"Origin": PAGE}
    preflight = open_to_page.request("OPTIONS", "/v1/chat/completions", headers=origin | ASKED, key=None)
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, PAGE)
    assert "x-openhands-serverconversation-id" in preflight.headers["access-control-allow-headers"].lower()
    reply = open_to_page.request("POST", "/v1/chat/completions", body=chat_body("hello"), headers=origin)
    assert reply.headers["access-control-allow-origin"] == PAGE
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
