"""Decodes a response's body: JSON, or the payloads of an event stream as a JSON array."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.json_value import shorten

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.json_value import Json
    from harness.trace import Response

MAXIMUM_DEPTH = 100
"""Levels of nesting accepted; OpenAI's own answers have six. Deeper ones would exhaust the stack later."""


class BodyError(ValueError):
    """The body doesn't match its content type, or can't be decoded; the text says why."""


class UnreadError(BodyError):
    """The body may be what its content type says, and we don't look into it: it is cut, encoded, or too deep."""


def decode(response: Response, members: Callable[[list[tuple[str, Json]]], Json] | None = None) -> Json:
    """The body as a JSON value.

    A `text/event-stream` becomes the list of its events' `data`: decoded if it is JSON, else as text (such as
    `[DONE]`).

    Args:
        response: that has the body.
        members: makes an object of its members, if not the last of each name is to count.

    Raises:
        BodyError: the body is truncated, encoded without being asked to, not UTF-8, not JSON, or nested deeper than
            MAXIMUM_DEPTH.
    """
    if response.truncated:
        raise UnreadError(f"a body that goes on after {len(response.body)} bytes")
    encoding = (response.header("content-encoding") or "identity").strip().lower()
    if encoding != "identity" and not response.unpacked:
        raise UnreadError(f"a body encoded as {encoding}, which was not asked for or is something else")
    try:
        text = response.body.decode()
    except UnicodeDecodeError as error:
        raise BodyError(f"a body that is not UTF-8 (byte {error.start})") from None
    content_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
    if content_type == "text/event-stream":
        return [_parse(data, members, or_text=True) for data in _event_data(text)]
    if not text.strip():
        raise BodyError("an empty body")
    return _parse(text, members)


def _parse(
    text: str, members: Callable[[list[tuple[str, Json]]], Json] | None = None, *, or_text: bool = False
) -> Json:
    try:
        value: Json = json.loads(text, object_pairs_hook=members)
    except RecursionError:
        raise UnreadError("JSON nested too deeply to look at") from None
    except ValueError as error:
        if or_text:
            return text
        raise BodyError(f"a body that is not JSON ({error}): {shorten(text)}") from None
    _check_depth(value)
    return value


def _check_depth(value: Json) -> None:
    level: list[Json] = [value]
    for _ in range(MAXIMUM_DEPTH):
        if not level:
            return
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    raise UnreadError(f"JSON nested more than {MAXIMUM_DEPTH} levels deep")


def _event_data(text: str) -> list[str]:
    """The `data` of each event, by the HTML standard (section 9.2.6)."""
    events: list[str] = []
    data: list[str] = []
    for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if data:
                events.append("\n".join(data))
                data = []
        elif line == "data" or line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    return events
