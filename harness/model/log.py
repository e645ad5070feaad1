"""What the scripted model was asked: the only way to see from outside what of a request reached an agent's model."""

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

# What an entry weighs beside its texts, roughly: a request or message without a text takes memory too.
_WEIGHT = 200


class RequestLog:
    """The newest requests, for any number of threads.

    At most 2,000 of them, and together 32 Mi characters: that is 32 MB of memory for ASCII, up to four times as much
    for other scripts. The newest user message and what the system says (15,300 characters of the agent SDK's own, and
    a client's instructions behind them) are kept up to 64 Ki characters each, other texts up to 2,000; of a longer one
    the middle is left out.
    """

    def __init__(self) -> None:
        self._requests: deque[_Asked] = deque()
        self._weight = 0
        self._lock = threading.Lock()

    def record(self, *, model: str, messages: Sequence[Mapping[str, object]], tools: object = None) -> None:
        """Keep a request, given as OpenAI has its fields; before it is answered, however that ends."""
        asked = _Asked.of(model, messages, tools)
        with self._lock:
            self._requests.append(asked)
            self._weight += asked.weight
            while len(self._requests) > KEPT_REQUESTS or self._weight > KEPT_CHARACTERS:
                self._weight -= self._requests.popleft().weight

    def containing(self, text: str) -> dict[str, Json]:
        """`{"count": N, "requests": [...]}`: of the requests with a message that contains the text the newest 20.

        They come in the order in which they were made, each as `{"model": str, "messages": [{"role": str, "content":
        str | null}], "tools": [names]}`; `count` counts all that are kept. Text parts of a message are joined by line
        breaks; its other parts and its tool calls are not shown.
        """
        with self._lock:
            requests = tuple(self._requests)
        found = [asked for asked in requests if any(text in (said or "") for _, said in asked.messages)]
        return {"count": len(found), "requests": [asked.shown() for asked in found[-SHOWN_REQUESTS:]]}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request; messages as role and text."""

    model: str
    messages: tuple[tuple[str, str | None], ...]
    tools: tuple[str, ...]

    @classmethod
    def of(cls, model: str, messages: Sequence[Mapping[str, object]], tools: object) -> _Asked:
        newest = max((index for index, message in enumerate(messages) if message.get("role") == "user"), default=None)
        kept = tuple(_kept(message, newest=index == newest) for index, message in enumerate(messages))
        offered = [tool.get("function") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
        return cls(model, kept, tuple(str(tool.get("name")) for tool in offered if isinstance(tool, dict)))

    @property
    def weight(self) -> int:
        return _WEIGHT + sum(_WEIGHT + len(said or "") for _, said in self.messages)

    def shown(self) -> dict[str, Json]:
        messages: list[Json] = [{"role": role, "content": said} for role, said in self.messages]
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
