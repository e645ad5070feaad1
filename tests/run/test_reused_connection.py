"""One scenario's broken answer must not cost another scenario its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from harness.run.client import Client
from harness.scenarios.model import Auth, Call

if TYPE_CHECKING:
    from harness.trace import Exchange

FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
FINE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


async def play_two() -> list[Exchange]:
    """Two calls to a server that fails the first one and, like uvicorn, closes the connection on the next."""
    answers = iter([FAILED, FINE])

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))
        await reader.read(1000)
        writer.close()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, Client(url, None, timeout=20, connections=2) as client:
        return [await client.play(0, Call("models.list", {}), Auth.NONE, {}) for _ in range(2)]


def test_the_request_after_a_server_error_has_a_connection_of_its_own() -> None:
    broken, fine = asyncio.run(play_two())
    assert broken.response is not None
    assert (broken.response.status, broken.response.body) == (500, b"{}")
    assert fine.response is not None, fine.failure
    assert fine.response.status == 200
