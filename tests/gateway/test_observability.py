"""`X-OpenHands-Observability-*`: ignored when well-formed; released servers refuse ill-formed ones."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.gateway.serving import CONVERSATION, MODEL, chat_body

if TYPE_CHECKING:
    from tests.gateway.serving import Gateway

NAMES = "X-OpenHands-Observability-"
WELL_FORMED = [
    ("Span-Name", "run.7:/a_b-c"),
    ("Span-Name", "x" * 128),
    ("Span-Name", ""),
    ("Tags", "one, two words,,"),
    ("Tags", "x" * 5000),
    ("Metadata", "{}"),
    ("Metadata", '{"run": "7", "try": 1, "part": 0.5, "last": true, "of": ["a", "b"], "none": []}'),
    ("Metadata", ""),
    ("Parent-Span-Context", "anything at all"),
]
ILL_FORMED = [
    ("Span-Name", "two words"),
    ("Span-Name", "x" * 129),
    ("Span-Name", "caf\xe9"),
    ("Metadata", "{broken"),
    ("Metadata", "[" * 5000),
    ("Metadata", "[]"),
    ("Metadata", '"text"'),
    ("Metadata", '{"run": {"id": 7}}'),
    ("Metadata", '{"run": null}'),
    ("Metadata", '{"run": [1, "a"]}'),
]


@pytest.mark.parametrize(("name", "value"), WELL_FORMED)
def test_well_formed_ones_change_nothing(gateway: Gateway, streaming_gateway: Gateway, name: str, value: str) -> None:
    for running in (gateway, streaming_gateway):
        assert running.chat("Reply with exactly: ok", **{NAMES + name: value}).text == "ok"


@pytest.mark.parametrize(("name", "value"), ILL_FORMED)
def test_ill_formed_ones_are_refused_before_anything_starts(streaming_gateway: Gateway, name: str, value: str) -> None:
    conversation = str(uuid.uuid4())
    headers = {NAMES + name: value, CONVERSATION: conversation}
    for path, body in (
        ("/v1/chat/completions", chat_body("hello")),
        ("/v1/responses", {"model": MODEL, "input": "hello"}),
    ):
        reply = streaming_gateway.request("POST", path, body=body, headers=headers)
        assert (reply.status, reply.json()["error"]["param"]) == (422, NAMES + name)
    assert streaming_gateway.status_of(conversation) is None


@pytest.mark.parametrize(("name", "value"), ILL_FORMED)
def test_the_documentation_does_not_name_them_so_there_they_are_ignored(
    gateway: Gateway, name: str, value: str
) -> None:
    assert gateway.chat("Reply with exactly: ok", **{NAMES + name: value}).text == "ok"


def test_they_are_not_looked_at_before_the_key_and_not_on_other_paths(streaming_gateway: Gateway) -> None:
    headers = {NAMES + "Span-Name": "two words"}
    body = chat_body("hello")
    assert streaming_gateway.request("POST", "/v1/chat/completions", body=body, headers=headers, key="x").status == 401
    assert streaming_gateway.request("GET", "/v1/models", headers=headers).status == 200
