from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.gateway.serving import CONVERSATION, chat_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.serving import Gateway

# What may stand in a header: printable Latin-1; the client's own library refuses the rest.
header_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=60)
quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def models(gateway: Gateway, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return gateway.request("GET", "/v1/models", headers=named, key=None).status


@quickly
@given(scheme=st.sampled_from(["Bearer", "bearer", "BEARER", "bEaReR"]), padding=st.sampled_from(["", " ", "  "]))
def test_the_bearer_scheme_is_known_in_any_case_and_with_any_spaces(
    gateway: Gateway, scheme: str, padding: str
) -> None:
    assert models(gateway, Authorization=f"{scheme} {padding}{gateway.key}{padding}") == 200


@quickly
@given(wrong=header_text)
@example("")
@example("\xfc\xe9")
def test_any_other_key_is_refused_in_either_form(gateway: Gateway, wrong: str) -> None:
    assume(wrong.strip() != gateway.key)
    assert models(gateway, X_Session_API_Key=wrong) == 401
    assert models(gateway, Authorization=f"Bearer {wrong}") == 401
    assert models(gateway, Authorization=wrong) == 401


@quickly
@given(wrong=header_text)
def test_one_right_key_is_enough_whatever_the_other_form_says(gateway: Gateway, wrong: str) -> None:
    assert models(gateway, X_Session_API_Key=gateway.key, Authorization=f"Bearer {wrong}") == 200
    assert models(gateway, X_Session_API_Key=wrong, Authorization=f"Bearer {gateway.key}") == 200


@quickly
@given(cut=st.integers(min_value=0, max_value=31), more=st.text("abc", min_size=1, max_size=3))
def test_a_part_of_a_key_or_more_than_a_key_is_no_key(gateway: Gateway, cut: int, more: str) -> None:
    assert models(gateway, X_Session_API_Key=gateway.key[:cut]) == 401
    assert models(gateway, X_Session_API_Key=gateway.key + more) == 401


def test_the_refusal_names_the_scheme_and_neither_path_nor_body_changes_it(gateway: Gateway) -> None:
    basic = base64.b64encode(f"user:{gateway.key}".encode()).decode()
    for path in ("/v1/models", "/v1/chat/completions", "/api/profiles", "/nowhere"):
        reply = gateway.request("POST", path, content=b"{broken", key=None, headers={"Authorization": f"Basic {basic}"})
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert reply.json()["error"]["code"] == "invalid_api_key"


def test_the_native_api_takes_a_bearer_key_too(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}"}
    assert gateway.request("GET", "/api/profiles", key=None, headers=headers).status == 200


@quickly
@given(
    conversation=st.uuids(),
    form=st.sampled_from(["{}", "urn:uuid:{}", "{{{}}}"]),
    change=st.sampled_from([str.lower, str.upper]),
)
def test_a_uuid_in_any_of_its_forms_names_one_conversation_and_is_echoed_in_the_canonical_one(
    gateway: Gateway, conversation: uuid.UUID, form: str, change: Callable[[str], str]
) -> None:
    given_form = form.format(change(str(conversation)))
    assume("URN" not in given_form)
    assert gateway.chat("hello", conversation=given_form).conversation == str(conversation)
    assert gateway.chat("hello", conversation=conversation.hex).conversation == str(conversation)


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text.strip())
    except ValueError:
        return False
    return True


@quickly
@given(malformed=header_text)
@example("nope")
@example("00000000-0000-0000-0000-00000000000")
@example("1_2345678-1234-1234-1234-123456789ab")
@example("00000000-0000-0000-0000-000000000000,00000000-0000-0000-0000-000000000000")
def test_a_malformed_conversation_header_is_refused_and_not_echoed(gateway: Gateway, malformed: str) -> None:
    assume(malformed.strip() and not is_uuid(malformed))
    reply = gateway.request("POST", "/v1/chat/completions", body=chat_body("hello"), headers={CONVERSATION: malformed})
    assert reply.status == 422
    assert reply.json()["error"]["param"] == CONVERSATION
    assert CONVERSATION.lower() not in reply.headers


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_conversation_header_counts_as_none(gateway: Gateway, empty: str) -> None:
    reply = gateway.chat("hello", conversation=empty)
    assert (reply.status, reply.conversation) == (200, str(uuid.UUID(reply.conversation)))


def test_two_requests_without_the_header_are_two_conversations(gateway: Gateway) -> None:
    assert gateway.chat("hello").conversation != gateway.chat("hello").conversation
