"""The log of requests to the scripted model: the only outside view of what reaches an agent's model."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model.rules import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.json_value import Json

KEPT_REQUESTS = 2000
KEPT_CHARACTERS = 32 * 2**20
WHOLE_CHARACTERS = 64 * 2**10
CUT_CHARACTERS = 2000
SHOWN_REQUESTS = 20

# Approximate size of a request or message beside its text.
_WEIGHT = 200


class RequestLog:
    """The newest requests; thread-safe.

    At most 2,000 of them, and together 32 Mi characters: that is 32 MB of memory for ASCII, up to four times as much
    for other scripts. The newest user message and system messages (15,300 characters of the agent SDK's own, then the
    client's instructions) are kept up to 64 Ki characters each, other texts up to 2,000; longer ones lose their middle.
    """

    def __init__(self) -> None:
        self._requests: deque[_Request] = deque()
        self._weight = 0
        self._lock = threading.Lock()

    def record(self, *, model: str, messages: Sequence[Mapping[str, object]], tools: object = None) -> None:
        """Record a request, with OpenAI's fields, before it is answered."""
        request = _Request.of(model, messages, tools)
        with self._lock:
            self._requests.append(request)
            self._weight += request.weight
            while len(self._requests) > KEPT_REQUESTS or self._weight > KEPT_CHARACTERS:
                self._weight -= self._requests.popleft().weight

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._requests.clear()
            self._weight = 0

    def containing(self, text: str) -> dict[str, Json]:
        """`{"count": N, "requests": [...]}`: the newest 20 requests with a message that contains the text.

        Oldest first, each as `{"model": str, "messages": [{"role": str, "content": str | null}], "tools": [names]}`;
        `count` is the number of all matches. Text parts of a message are joined by line breaks; its other parts and
        its tool calls are not shown.
        """
        with self._lock:
            requests = tuple(self._requests)
        found = [request for request in requests if any(text in (content or "") for _, content in request.messages)]
        return {"count": len(found), "requests": [request.shown() for request in found[-SHOWN_REQUESTS:]]}


@dataclass(frozen=True, slots=True)
class _Request:
    """One request; messages as role and text."""

    model: str
    messages: tuple[tuple[str, str | None], ...]
    tools: tuple[str, ...]

    @classmethod
    def of(cls, model: str, messages: Sequence[Mapping[str, object]], tools: object) -> _Request:
        newest = max((index for index, message in enumerate(messages) if message.get("role") == "user"), default=None)
        kept = tuple(_kept(message, newest=index == newest) for index, message in enumerate(messages))
        offered = [tool.get("function") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
        return cls(model, kept, tuple(str(tool.get("name")) for tool in offered if isinstance(tool, dict)))

    @property
    def weight(self) -> int:
        return _WEIGHT + sum(_WEIGHT + len(content or "") for _, content in self.messages)

    def shown(self) -> dict[str, Json]:
        messages: list[Json] = [{"role": role, "content": content} for role, content in self.messages]
        return {"model": self.model, "messages": messages, "tools": list(self.tools)}


def _kept(message: Mapping[str, object], *, newest: bool) -> tuple[str, str | None]:
    role = str(message.get("role"))
    if message.get("content") is None:
        return role, None
    text = text_of(message)
    limit = WHOLE_CHARACTERS if newest or role in {"system", "developer"} else CUT_CHARACTERS
    if len(text) <= limit:
        return role, text
    half = limit // 2
    return role, f"{text[:half]} [{len(text) - 2 * half} characters left out] {text[-half:]}"
