"""A reply as OpenAI's chat completion, whole or as an event stream.

Everything is ASCII JSON: a lone surrogate that came in with a message goes out as it came.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.rules import Reply, ToolCall

GARBAGE = b"<html>this is not JSON</html>"
BROKEN_STREAM = b'data: {"id": "chatcmpl-broken", "object": "chat.completion.chunk", "choi\n\n'


def completion(reply: Reply, *, model: str, identifier: str, created: int) -> bytes:
    """The body of a plain answer. `created` is in seconds since 1970."""
    message = {"role": "assistant", **_said(reply)}
    if reply.tool_call is not None:
        message["tool_calls"] = [_call(reply.tool_call, identifier)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(reply)}
    return _json(
        {
            "id": identifier,
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": [choice],
            "usage": _usage(reply),
        }
    )


def event_stream(reply: Reply, *, model: str, identifier: str, created: int, include_usage: bool) -> bytes:
    """The whole body of a streamed answer: role, what there is to say, the finish reason, usage when asked for."""
    head = {"id": identifier, "object": "chat.completion.chunk", "created": created, "model": model}
    said = _said(reply)
    if reply.tool_call is not None:
        said["tool_calls"] = [{"index": 0, **_call(reply.tool_call, identifier)}]
    deltas: list[tuple[dict[str, object], str | None]] = [
        ({"role": "assistant", "content": ""}, None),
        (said, None),
        ({}, _finish_reason(reply)),
    ]
    chunks: list[dict[str, object]] = [
        {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]}
        for delta, reason in deltas
    ]
    if include_usage:
        chunks.append({**head, "choices": [], "usage": _usage(reply)})
    return b"".join(b"data: %s\n\n" % _json(chunk) for chunk in chunks) + b"data: [DONE]\n\n"


def models(created: int) -> bytes:
    """The body of `GET /v1/models`: the one model, whose name is up to the caller of a completion."""
    model = {"id": "scripted", "object": "model", "created": created, "owned_by": "openhands-gateway-harness"}
    return _json({"object": "list", "data": [model]})


def error(status: int, message: str) -> bytes:
    """OpenAI's error body."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return _json({"error": {"message": message, "type": kind, "param": None, "code": None}})


def _said(reply: Reply) -> dict[str, object]:
    said: dict[str, object] = {"content": None if reply.tool_call else reply.text}
    if reply.reasoning is not None:
        said["reasoning_content"] = reply.reasoning
    return said


def _call(call: ToolCall, identifier: str) -> dict[str, object]:
    """A tool call. There is one an answer, so the answer's identifier, which no other has, identifies the call too."""
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": f"call-{identifier}", "type": "function", "function": function}


def _finish_reason(reply: Reply) -> str:
    return "tool_calls" if reply.tool_call else "stop"


def _usage(reply: Reply) -> dict[str, int]:
    prompt, answer = reply.usage.prompt_tokens, reply.usage.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def _json(value: object) -> bytes:
    return json.dumps(value).encode("ascii")
