"""The agent's text is found in every form of answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.answer_text import text_of

if TYPE_CHECKING:
    from harness.json_value import Json


def completion(content: Json) -> Json:
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}


def chunk(delta: Json, index: int = 0) -> Json:
    return {"choices": [{"index": index, "delta": delta}]}


def response(*items: Json) -> Json:
    return {"output": list(items)}


def message(*texts: str) -> Json:
    return {"type": "message", "content": [{"type": "output_text", "text": text} for text in texts]}


@given(st.text())
def test_the_text_of_a_completion_is_its_first_choices_content(said: str) -> None:
    assert text_of(completion(said)) == said


@given(st.lists(st.text(), min_size=1))
def test_the_text_of_a_stream_is_put_together_from_its_chunks(pieces: list[str]) -> None:
    chunks = [chunk({"role": "assistant"}), *(chunk({"content": piece}) for piece in pieces), chunk({}), "[DONE]"]
    assert text_of(chunks) == "".join(pieces)


def test_what_another_choice_says_in_a_stream_is_not_part_of_it() -> None:
    assert text_of([chunk({"content": "one"}), chunk({"content": "two"}, index=1), {"choices": []}]) == "one"


@given(st.lists(st.text(), min_size=1))
def test_the_text_of_a_response_is_put_together_from_its_messages(pieces: list[str]) -> None:
    call: Json = {"type": "function_call", "content": [{"type": "output_text", "text": "no"}]}
    assert text_of(response(message(pieces[0]), call, message(*pieces[1:]))) == "".join(pieces)


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "Unauthorized"},
        {"choices": []},
        completion(None),
        completion([{"type": "text", "text": "x"}]),
        [chunk({}), "[DONE]"],
        [],
        response(),
        response("x", {"type": "message"}, {"type": "message", "content": [{"type": "refusal", "refusal": "x"}]}),
        "text",
        None,
    ],
)
def test_an_answer_without_a_text_has_none(body: Json) -> None:
    assert text_of(body) is None
