"""A server that answers at once, so that a run's time is the client's and the harness's.

`python instant_server.py` prints `listening on http://127.0.0.1:PORT`. It parses just enough HTTP/1.1 to find where a
request ends, and answers from bytes made in advance; its CPU is its own process's, so it isn't counted.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from http import HTTPStatus

KEY = "bench-session-key"
MODEL = "openhands_bench"
CONVERSATION = "6f1a3c1e-4f0f-4c35-9c4e-0d2a8d1f2b3c"

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_KEY = re.compile(rb"\r\n(authorization: *bearer|x-session-api-key:) *" + KEY.encode() + rb"\r\n", re.IGNORECASE)


def _answer(status: int, body: object, headers: str = "") -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(content)}\r\n{headers}\r\n"
    )
    return head.encode() + content


_MODEL = {"id": MODEL, "object": "model", "created": 1, "owned_by": "openhands"}
_COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": MODEL,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ready"}}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 13},
}
_HEADER = f"x-openhands-serverconversation-id: {CONVERSATION}\r\n"

UNAUTHORIZED = _answer(401, {"error": {"message": "Unauthorized", "type": "authentication_error"}})
NOT_FOUND = _answer(404, {"error": {"message": "Not found", "type": "not_found_error"}})
OPEN = {
    (b"GET", b"/alive"): _answer(200, {"status": "ok"}),
    (b"GET", b"/ready"): _answer(200, {"status": "ready"}),
    (b"GET", b"/server_info"): _answer(200, {"title": "instant", "version": "0"}),
}
LOCKED = {
    (b"GET", b"/v1/models"): _answer(200, {"object": "list", "data": [_MODEL]}),
    (b"POST", b"/v1/chat/completions"): _answer(200, _COMPLETION, _HEADER),
}


def answer_to(head: bytes) -> bytes:
    """The answer to a request, by its request line and its key."""
    method, path, _ = head.split(b" ", 2)
    if instant := OPEN.get((method, path)):
        return instant
    return LOCKED.get((method, path), NOT_FOUND) if _KEY.search(head) else UNAUTHORIZED


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests may come in pieces, or several at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n") + 4) > 3:
            head = self.received[:end]
            length = _LENGTH.search(head)
            end += int(length[1]) if length else 0
            if len(self.received) < end:
                return
            self.received = self.received[end:]
            self.transport.write(answer_to(head))


async def serve() -> None:
    """Until killed."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=512)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"listening on http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
