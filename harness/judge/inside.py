"""What of a server's inside an error shows: where its code was, and what that said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.json_value import Json

_TRACES = (
    re.compile(r"Traceback \(most recent call last\)"),  # Python
    re.compile(r'File "[^"]+", line \d+|site-packages'),
    re.compile(r"\bat [\w.$<>]+\([\w]+\.(java|kt|scala):\d+\)"),
    re.compile(r"\bat .{0,200}[/\\][\w.-]+\.[cm]?[jt]s:\d+:\d+"),  # Node
    re.compile(r"\bgoroutine \d+ \[|\bpanicked at [^\s]+\.rs:\d+"),
)
_MEMBER = re.compile(r"exception|traceback|stack_?trace|stack", re.IGNORECASE)
"""The name of a member that holds an exception's text, as that of released servers' 500."""


def shown(body: Json) -> str | None:
    """What of a body shows the inside: the words of a trace, or the member that holds an exception; None if nothing.

    Args:
        body: JSON, or the text of a body that is none.
    """
    if isinstance(body, str):
        return next((match[0] for trace in _TRACES if (match := trace.search(body))), None)
    if isinstance(body, dict):
        named = next((f"a member `{name}`" for name, held in body.items() if held and _MEMBER.fullmatch(name)), None)
        return named or shown(list(body.values()))
    return next((found for each in body if (found := shown(each))), None) if isinstance(body, list) else None
