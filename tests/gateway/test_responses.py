"""`POST /v1/responses`, which exists only in the dialect of released servers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai.types.responses import Response

from tests.gateway.serving import CONVERSATION, MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.serving import Gateway, Reply


@pytest.fixture
def client(streaming_gateway: Gateway) -> Iterator[openai.OpenAI]:
    base_url = f"{streaming_gateway.url}/v1"
    with openai.OpenAI(base_url=base_url, api_key=streaming_gateway.key, max_retries=0) as client:
        yield client


def ask(gateway: Gateway, asked: Any, *, headers: dict[str, str] | None = None, **fields: Any) -> Reply:
    body = {"model": MODEL, "input": asked, **fields}
    return gateway.request("POST", "/v1/responses", body=body, headers=headers)


def text_of(reply: Reply) -> str:
    return str(reply.json()["output"][0]["content"][0]["text"])


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def test_the_official_client_gets_a_response_that_is_valid_for_its_own_type(client: openai.OpenAI) -> None:
    raw = client.responses.with_raw_response.create(
        model=MODEL,
        input="What is the instruction word?",
        instructions="The instruction word is plum.",
        metadata={"run": "7"},
    )
    response = raw.parse()
    Response.model_validate_json(raw.text, strict=True)
    assert response.output_text == "plum"
    assert (response.object, response.status, response.model) == ("response", "completed", MODEL)
    assert (response.instructions, response.metadata) == ("The instruction word is plum.", {"run": "7"})
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens) == (15, 1, 16)


def test_its_conversation_goes_on_over_chat_completions(streaming_gateway: Gateway) -> None:
    begun = ask(streaming_gateway, "The code word is plum. Reply with exactly: ok")
    assert str(uuid.UUID(begun.conversation)) == begun.conversation
    assert streaming_gateway.chat("What is the code word?", conversation=begun.conversation).text == "plum"


@pytest.mark.parametrize("header", ["0c7fc9d2-b85a-4f8a-ba4d-f142f55382b3", "no id at all"])
def test_it_begins_a_conversation_whatever_the_header_says(streaming_gateway: Gateway, header: str) -> None:
    known = streaming_gateway.chat("The code word is plum.", conversation=str(uuid.uuid4())).conversation
    for sent in (header, known):
        reply = ask(streaming_gateway, "What is the code word?", headers={CONVERSATION: sent})
        assert reply.status == 200
        assert reply.conversation not in {header, known}
        assert text_of(reply) == "I have not been told a code word."


def test_input_text_parts_are_the_message_and_system_messages_instruct_with_the_instructions(
    streaming_gateway: Gateway,
) -> None:
    question = {"type": "input_text", "text": "What is the instruction word?"}
    instructed = [{"role": "developer", "content": "The instruction word is fig."}, *user(question)]
    assert text_of(ask(streaming_gateway, instructed)) == "fig"
    both = ask(streaming_gateway, instructed, instructions="Be brief.")
    events = streaming_gateway.request("GET", f"/api/conversations/{both.conversation}/events/search").json()["items"]
    assert events[0]["system_prompt"]["text"] == "Be brief.\n\nThe instruction word is fig."


def test_earlier_messages_of_the_input_are_told_to_the_agent(streaming_gateway: Gateway) -> None:
    first = ask(streaming_gateway, "The code word is plum. Reply with exactly: ok")
    replayed = [*user({"type": "input_text", "text": "The code word is plum."}), *first.json()["output"]]
    reply = ask(streaming_gateway, [*replayed, {"role": "user", "content": "What is the code word?"}])
    assert text_of(reply) == "plum"


def test_images_are_passed_on(streaming_gateway: Gateway) -> None:
    image = {"type": "input_image", "image_url": "https://pictures.example/cat.png"}
    reply = ask(streaming_gateway, user(image, {"type": "input_text", "text": "Reply with exactly: seen"}))
    path = f"/api/conversations/{reply.conversation}/events/search?kind=MessageEvent&source=user"
    [event] = streaming_gateway.request("GET", path).json()["items"]
    assert event["llm_message"]["content"][1]["image_urls"] == [image["image_url"]]
    assert text_of(reply) == "seen"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"stream": True}, "stream"),
        ({"store": True}, "store"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"role": "assistant", "content": "hello"}]}, "input"),
        ({"input": user({"type": "input_audio"})}, "input"),
        ({"input": user({"type": "text", "text": "hello"})}, "input"),
        ({"input": user({"type": "input_text"})}, "input"),
        ({"input": user({"type": "input_image"})}, "input"),
        ({"input": user({})}, "input"),
        (
            {
                "input": [
                    {"role": "system", "content": [{"type": "input_image", "image_url": "x"}]},
                    {"role": "user", "content": "hello"},
                ]
            },
            "input",
        ),
    ],
)
def test_what_is_not_offered_is_a_400_and_starts_nothing(
    streaming_gateway: Gateway, fields: dict[str, Any], param: str
) -> None:
    count = streaming_gateway.request("GET", "/api/conversations/count").json()
    reply = ask(streaming_gateway, fields.get("input", "hello"), **fields)
    assert (reply.status, reply.json()["error"]["param"]) == (400, param)
    assert CONVERSATION.lower() not in reply.headers
    assert streaming_gateway.request("GET", "/api/conversations/count").json() == count


@pytest.mark.parametrize(
    "fields",
    [{"input": None}, {"input": 7}, {"input": [{"role": "tool", "content": "x"}]}, {"stream": "yes"}, {"metadata": 1}],
)
def test_another_shape_is_a_422(streaming_gateway: Gateway, fields: dict[str, Any]) -> None:
    assert ask(streaming_gateway, fields.get("input", "hello"), **fields).status == 422


@pytest.mark.parametrize("name", ["stream", "store", "previous_response_id", "instructions", "metadata"])
def test_null_is_as_good_as_absent(streaming_gateway: Gateway, name: str) -> None:
    assert ask(streaming_gateway, "hello", **{name: None}).status == 200


def test_fields_that_are_not_needed_are_ignored(streaming_gateway: Gateway) -> None:
    reply = ask(streaming_gateway, "Reply with exactly: ok", temperature="hot", tools="x", reasoning=1, background=True)
    assert (reply.status, text_of(reply)) == (200, "ok")


def test_keys_and_models_are_those_of_chat_completions(streaming_gateway: Gateway) -> None:
    body = {"model": MODEL, "input": "hello"}
    assert streaming_gateway.request("POST", "/v1/responses", body=body, key="wrong").status == 401
    for model in ("openhands_missing", "scripted", "openhands_"):
        reply = streaming_gateway.request("POST", "/v1/responses", body={**body, "model": model})
        assert (reply.status, reply.json()["error"]["code"]) == (404, "model_not_found")


def test_a_failed_turn_names_its_conversation(streaming_gateway: Gateway) -> None:
    reply = ask(streaming_gateway, "hello [[error: 500]]")
    assert reply.status == 500
    assert reply.headers["x-should-retry"] == "false"
    assert streaming_gateway.status_of(reply.conversation) == "error"


def test_a_repeated_request_gets_the_first_answer_and_the_key_is_another_one_on_chat_completions(
    streaming_gateway: Gateway,
) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = (ask(streaming_gateway, "hello", headers=key) for _ in range(2))
    assert second.json() == first.json()
    assert (second.conversation, second.headers["idempotent-replayed"]) == (first.conversation, "true")
    assert streaming_gateway.chat("hello", **key).status == 200


def test_the_documentation_names_no_such_path(gateway: Gateway) -> None:
    for method in ("POST", "GET"):
        assert gateway.request(method, "/v1/responses", body={"model": MODEL, "input": "hello"}).status == 404
    assert "/v1/responses" not in gateway.request("GET", "/openapi.json").json()["paths"]
