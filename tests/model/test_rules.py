from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.rules import NUDGE, Failure, Reply, ToolCall, Usage, respond

type Messages = list[dict[str, object]]

RESULT: dict[str, object] = {"role": "tool", "tool_call_id": "c", "content": "done"}


def said(*texts: str, system: str | None = None) -> Messages:
    """A conversation with these user messages, each answered with `ok`."""
    messages: Messages = [{"role": "system", "content": system}] if system else []
    for text in texts:
        messages += [
            {"role": "user", "content": [{"type": "text", "text": text}]},
            {"role": "assistant", "content": "ok"},
        ]
    return messages[:-1]


def answer(*texts: str, system: str | None = None) -> str:
    return respond(said(*texts, system=system)).text


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["The code word is Zebra.", "Anything else.", "What is the code word?"], "Zebra"),
        (["The code word is old.", "The code word is new.", "What is the code word?"], "new"),
        (["The code word is one-liner. WHAT IS THE CODE WORD?"], "one-liner"),
        (["What is the code word?"], "I have not been told a code word."),
        (["What is the code word?", "The code word is late. Reply with exactly: ok"], "ok"),
        (["a", "b", "How many messages have I sent?"], "3"),
        (["Hello, you.", "b", "What was my first message?"], "Hello, you."),
        (["one two three four five six", "In five words or fewer: what did I ask about?"], "one two three four five"),
        (["what did I ask about?"], "I do not know."),
        (["Reply with exactly:  two words \nand more"], "two words"),
        (["Reply with exactly: first\nReply with exactly: second"], "second"),
        (["Reply with exactly: What is the code word?"], "I have not been told a code word."),
        (["x" * 300], "You said: " + "x" * 200),
        ([""], "You said: "),
    ],
)
def test_a_plain_sentence_is_obeyed(texts: list[str], expected: str) -> None:
    assert answer(*texts) == expected


def test_the_instruction_word_comes_from_the_system_and_from_nobody_else() -> None:
    assert answer("What is the instruction word?", system="Be kind.\nThe instruction word is plum.") == "plum"
    assert answer("The instruction word is plum.", "What is the instruction word?") == "I have no instruction word."


def test_the_model_tells_its_name() -> None:
    assert respond(said("Hello.", "Which language model are you?"), "scripted").text == "scripted"
    assert respond(said("WHICH language model ARE you?"), "other").text == "other"
    assert answer("Which language model are you?") == ""


@pytest.mark.parametrize(
    ("texts", "system", "expected"),
    [
        (["Tell all that you know."], None, "scripted | - | - | Tell all that you know."),
        (
            ["The code word is plum. It is a fruit.", "Two.", "Tell all that you know. Please."],
            "The instruction word is fig.",
            "scripted | fig | plum | The code word is plum. | Two. | Tell all that you know.",
        ),
        (
            ["One.", "", "tell ALL that you know. [[finish]]"],
            None,
            "scripted | - | - | One. |  | tell ALL that you know.",
        ),
        (["What is the code word? Tell all that you know."], None, "I have not been told a code word."),
        (["Tell all that you know. Reply with exactly: ok"], None, "scripted | - | - | Tell all that you know."),
    ],
)
def test_the_model_tells_all_that_it_knows(texts: list[str], system: str | None, expected: str) -> None:
    assert respond(said(*texts, system=system), "scripted").text == expected


def test_the_code_word_is_not_taken_from_an_assistant() -> None:
    messages: Messages = [{"role": "assistant", "content": "The code word is fake."}, *said("What is the code word?")]
    assert respond(messages).text == "I have not been told a code word."


def test_content_may_be_a_string_or_parts_of_which_the_text_counts() -> None:
    parts: list[object] = [
        {"type": "text", "text": "Reply with exactly: seen"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
    ]
    assert respond([{"role": "user", "content": "Reply with exactly: seen"}]).text == "seen"
    assert respond([{"role": "user", "content": parts}]).text == "seen"


def test_usage_counts_words() -> None:
    assert respond(said("Reply with exactly: two words [[finish]]")).usage == Usage(16, 2)
    assert respond(said("[[empty]]")).usage == Usage(11, 1)


def test_tools_run_one_after_the_other_and_then_the_sentence_is_obeyed() -> None:
    messages = said('Reply with exactly: ran [[tool: think {"thought": "x"}]] [[tool: terminal {"command": "ls"}]]')
    calls = []
    for _ in range(2):
        reply = respond(messages)
        calls.append(reply.tool_call)
        assert not reply.text
        messages += [{"role": "assistant", "content": None}, RESULT]
    assert calls == [ToolCall("think", '{"thought": "x"}'), ToolCall("terminal", '{"command": "ls"}')]
    assert respond(messages) == Reply("ran", Usage(22, 1))


def test_a_tool_result_of_an_earlier_turn_does_not_count() -> None:
    earlier: Messages = [*said("[[tool: think]]"), RESULT, {"role": "assistant", "content": "ok"}]
    assert respond([*earlier, *said("[[tool: think]]")]).tool_call == ToolCall("think", "{}")


def test_a_loop_calls_the_tool_whatever_came_back() -> None:
    messages = [*said('[[loop: think {"thought": "x"}]]'), RESULT, RESULT, RESULT]
    assert respond(messages).tool_call == ToolCall("think", '{"thought": "x"}')


def test_the_arguments_of_a_call_may_hold_closing_brackets() -> None:
    arguments = {"code": "a[[1]] ]] }"}
    reply = respond(said(f"Reply with exactly: hi [[tool: terminal {json.dumps(arguments)}]] [[finish]]"))
    assert reply.tool_call is not None
    assert json.loads(reply.tool_call.arguments) == arguments


def test_finish_gives_the_answer_through_the_finish_tool() -> None:
    reply = respond(said("Reply with exactly: done [[finish]]"))
    assert (reply.text, reply.finish, reply.tool_call) == ("done", True, ToolCall("finish", '{"message": "done"}'))


@pytest.mark.parametrize(
    ("directive", "failure", "status"),
    [
        ("[[error: 429]]", Failure.ERROR, 429),
        ("[[empty]]", Failure.EMPTY, None),
        ("[[garbage]]", Failure.GARBAGE, None),
        ("[[garbage: once]]", Failure.GARBAGE, None),
        ("[[drop]]", Failure.DROP, None),
    ],
)
def test_a_failure_replaces_the_answer(directive: str, failure: Failure, status: int | None) -> None:
    reply = respond(said(f"Reply with exactly: never {directive}"))
    assert (reply.text, reply.failure, reply.error_status) == ("", failure, status)


def test_an_answer_that_is_cut_is_known_whole() -> None:
    reply = respond(said("Reply with exactly: lifeboat [[cut]]"))
    assert (reply.text, reply.failure) == ("lifeboat", Failure.CUT)


def test_what_fails_once_answers_when_it_is_asked_again() -> None:
    nudge = {"role": "user", "content": f"{NUDGE} Please use a tool to proceed with the task."}
    asked = said("Reply with exactly: here [[empty: once]]")
    assert respond(asked).failure is Failure.EMPTY
    again = respond([*asked, {"role": "assistant", "content": ""}, nudge])
    assert (again.text, again.failure) == ("here", None)
    assert respond([*asked, nudge, *said("Reply with exactly: later [[empty: once]]")]).failure is Failure.EMPTY


def test_a_failure_waits_until_the_tools_have_run() -> None:
    messages = said("[[tool: think]] [[error: 500]]")
    assert respond(messages).tool_call == ToolCall("think", "{}")
    assert respond([*messages, RESULT]).failure is Failure.ERROR


def test_the_wait_is_before_the_answer_only_and_has_a_limit() -> None:
    messages = said("hello [[delay: 2.5]] [[tool: think]]")
    assert respond(messages).delay == 0
    assert respond([*messages, RESULT]).delay == 2.5
    assert respond(said("hello [[delay: 9999]]")).delay == 300


def test_an_answer_is_given_many_times_over() -> None:
    assert respond(said("Reply with exactly: ab [[times: 3]]")).text == "ababab"
    assert respond(said("Reply with exactly: ab [[times: 3]] [[finish]]")).text == "ababab"
    assert len(respond(said("Reply with exactly: ab [[times: 9999999]]")).text) == 4_000_000


def test_reasoning_stands_beside_the_answer() -> None:
    reply = respond(said("Reply with exactly: yes [[reasoning: because of x]]"))
    assert (reply.text, reply.reasoning) == ("yes", "because of x")


def test_only_the_last_line_of_a_merged_message_steers() -> None:
    reply = respond(said("Reply with exactly: one [[error: 500]]\nReply with exactly: two"))
    assert (reply.text, reply.failure) == ("two", None)


def test_a_nudge_of_the_sdk_is_no_message_of_the_user() -> None:
    nudge = {"role": "user", "content": f"{NUDGE} Please use a tool to proceed with the task."}
    assert respond([*said("[[empty]]"), nudge]).failure is Failure.EMPTY
    merged = said(f"first [[empty]]\n{NUDGE} Please use a tool.\nHow many messages have I sent?")
    assert respond(merged) == Reply("1", Usage(18, 1))


@pytest.mark.parametrize(
    "text", ["[[delay: soon]]", "[[error: 200]]", "[[error: 99]]", "[[tool: x {broken]]", "[[wiki link]]", "[[", "]]"]
)
def test_brackets_that_are_no_directive_are_text(text: str) -> None:
    assert respond(said(text)) == Reply(f"You said: {text}", Usage(len(text.split()) + 10, len(text.split()) + 2))


ODD = st.sampled_from(
    [None, True, 7, "", "Reply with exactly: x", [], [None], ["x"], {}, {"text": None}, {"text": "x"}]
)
MESSAGE = st.fixed_dictionaries(
    {}, optional={"role": st.sampled_from(["user", "assistant", "system", "tool"]) | ODD, "content": ODD}
)


@given(st.lists(MESSAGE, max_size=4))
def test_whatever_the_messages_are_there_is_an_answer(messages: list[dict[str, object]]) -> None:
    reply = respond(messages)
    assert reply.usage.completion_tokens >= 1
    assert reply == respond(messages)


@given(st.text(alphabet='[]:{}" tolerndaym0123456789.\n\\-', max_size=60))
def test_whatever_stands_in_brackets_there_is_an_answer(text: str) -> None:
    assert respond(said(f"[[{text}")).usage.prompt_tokens >= 11
