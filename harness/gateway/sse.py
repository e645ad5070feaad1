"""A finished answer as server-sent events, as released servers send it (agent-server 1.28.0 to 1.58.2).

The stream starts when the agent is done: the role, the whole text, the finish reason, the usage if requested, and
`[DONE]`, without null fields.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.gateway.chat import ChatCompletion

MEDIA_TYPE = "text/event-stream"


def events(completion: ChatCompletion, *, include_usage: bool) -> str:
    """The body of the stream."""
    head: dict[str, Any] = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
    }
    text = completion.choices[0].message.content
    choices: list[list[dict[str, Any]]] = [
        [{"index": 0, "delta": {"role": "assistant"}}],
        [{"index": 0, "delta": {"content": text}}],
        [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    ]
    chunks = [{**head, "choices": choice} for choice in choices]
    if include_usage:
        chunks.append({**head, "choices": [], "usage": completion.usage.model_dump()})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
