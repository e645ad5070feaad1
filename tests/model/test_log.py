from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.model.log import CUT_CHARACTERS, KEPT_CHARACTERS, KEPT_REQUESTS, SHOWN_REQUESTS, RequestLog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json


def user(text: object) -> Mapping[str, object]:
    return {"role": "user", "content": text}


def asked(*messages: Mapping[str, object], tools: object = None) -> Any:
    """The log's entry for one request."""
    log = RequestLog()
    log.record(model="scripted", messages=messages, tools=tools)
    return requests(log.containing(""))[0]


def requests(found: dict[str, Json]) -> list[Any]:
    assert isinstance(found["requests"], list)
    return found["requests"]


def test_a_request_is_shown_as_model_messages_and_names_of_tools() -> None:
    terminal = {"type": "function", "function": {"name": "terminal", "parameters": {}}}
    call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "terminal"}}]}
    assert asked({"role": "system", "content": "Be brief."}, call, user("hello"), tools=[terminal]) == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "assistant", "content": None},
            {"role": "user", "content": "hello"},
        ],
        "tools": ["terminal"],
    }


def test_text_parts_are_joined_and_others_left_out() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {}}, {"type": "text", "text": "two"}]
    assert asked(user(parts))["messages"] == [user("one\ntwo")]


@pytest.mark.parametrize("tools", [None, "x", ["x"], [{}], [{"function": None}]])
def test_tools_of_another_shape_are_none(tools: object) -> None:
    assert asked(user("hello"), tools=tools)["tools"] == []


def test_requests_are_found_by_a_text_in_any_message_and_shown_in_their_order() -> None:
    log = RequestLog()
    for text in ("apple", "pear", "apple pie"):
        log.record(model="scripted", messages=[user(text), {"role": "assistant", "content": None}])
    found = log.containing("apple")
    assert found["count"] == 2
    assert [request["messages"][0]["content"] for request in requests(found)] == ["apple", "apple pie"]
    assert log.containing("plum") == {"count": 0, "requests": []}


def test_of_many_that_are_found_all_are_counted_and_the_newest_shown() -> None:
    log = RequestLog()
    for number in range(SHOWN_REQUESTS + 5):
        log.record(model=str(number), messages=[user("hello")])
    found = log.containing("hello")
    assert found["count"] == SHOWN_REQUESTS + 5
    assert [request["model"] for request in requests(found)] == [str(n) for n in range(5, SHOWN_REQUESTS + 5)]


def test_the_oldest_requests_leave_when_there_are_too_many() -> None:
    log = RequestLog()
    for number in range(KEPT_REQUESTS + 1):
        log.record(model="scripted", messages=[user(f"<{number}>")])
    assert log.containing("")["count"] == KEPT_REQUESTS
    assert log.containing("<0>")["count"] == 0
    assert log.containing(f"<{KEPT_REQUESTS}>")["count"] == 1


def test_the_oldest_requests_leave_when_their_texts_are_too_long_together() -> None:
    log = RequestLog()
    length = 60_000
    for number in range(KEPT_CHARACTERS // length + 1):
        log.record(model="scripted", messages=[user(f"<{number}>" + "x" * length)])
    assert log.containing("<0>")["count"] == 0
    assert log.containing("<20>")["count"] == 1


def test_what_the_system_says_and_the_newest_user_message_are_whole_where_older_ones_are_cut() -> None:
    text = "start " + "x" * 50_000 + " end"
    shown = asked({"role": "system", "content": text}, user(text), {"role": "assistant", "content": "ok"}, user(text))
    system, old, _, newest = [message["content"] for message in shown["messages"]]
    assert system == newest == text
    assert len(old) < CUT_CHARACTERS + 50
    assert old.startswith("start ")
    assert old.endswith(" end")
    assert " characters left out]" in old
