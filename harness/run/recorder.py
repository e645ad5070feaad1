"""Recording the wire: what the official client's transport really sent and received.

The recorder sits in the transport's event hooks, which both of the client's transports have (`httpx` under openai 2.x,
`httpx2` under 3.x). It reads each response itself, up to a limit, so that a server that never stops sending ends in a
finding and not in a full memory.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.targets import is_loopback
from harness.trace import Request, Response

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient

MAXIMUM_BODY = 1024 * 1024
"""Bytes of a response that are read. An agent's final text is some kilobytes; 8 MiB of `data:{}` keep the official
client busy for 40 s, deaf to timeouts and Ctrl-C."""


@dataclass(slots=True)
class Recording:
    """What has been seen so far of the one exchange under way in this task."""

    request: Request | None = None
    response: Response | None = None


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


def record() -> Recording:
    """Begin to record the next exchange of the running task."""
    recording = Recording()
    _current.set(recording)
    return recording


_IDLE_SECONDS = 2.0
"""How long an idle connection is kept. uvicorn hangs up after 5 s, and a request sent at that moment gets no answer."""


def recording_transport(base_url: str, *, timeout: float, connections: int) -> DefaultAsyncHttpxClient:
    """The transport to give to the official client.

    Redirects are not followed: the transport would send the session header on to wherever a redirect points. Encoded
    bodies are not asked for, and not decoded when they come: 1 MiB on the wire can be a gigabyte.

    Args:
        base_url: of the target. One on this machine is asked directly, whatever proxy the environment names.
        timeout: seconds for each of connecting, sending and waiting for the next bytes.
        connections: how many may be open at once.
    """
    from openai import DefaultAsyncHttpxClient

    library = _library()
    # A cookie would let the next request in without the key that it is about.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))

    async def on_request(request: Any) -> None:
        if recording := _current.get():
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
            recording.request = Request(request.method, str(request.url), headers, request.content)

    async def on_response(response: Any) -> None:
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        body, truncated = await _read(response.stream, _enough(response))
        if recording := _current.get():
            recording.response = Response(response.status_code, headers, body, truncated)
        response.headers.pop("content-encoding", None)
        response.stream = library.ByteStream(body)

    return DefaultAsyncHttpxClient(
        timeout=timeout,
        follow_redirects=False,
        cookies=no_cookies,
        headers={"Accept-Encoding": "identity", "User-Agent": f"openhands-gateway-harness/{__version__}"},
        trust_env=not is_loopback(base_url),
        # Without TLS, and since no redirect leads to any, the machine's certificates need not be loaded: 20 ms.
        verify=base_url.startswith("https:"),
        limits=library.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_IDLE_SECONDS
        ),
        event_hooks={"request": [on_request], "response": [on_response]},
    )


def transport_errors() -> tuple[type[Exception], ...]:
    """What the transport raises when a raw request brings no answer."""
    library = _library()
    return (library.TransportError, library.StreamError)


def unsendable() -> tuple[type[Exception], ...]:
    """What client and transport raise for a request that can't be sent: its arguments, its URL, its headers."""
    from openai import OpenAIError

    library = _library()
    return (library.LocalProtocolError, library.InvalidURL, ValueError, TypeError, OpenAIError)


def _library() -> Any:
    """`httpx` or `httpx2`, whichever the installed client is built on."""
    from openai import DefaultAsyncHttpxClient

    return sys.modules[DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0]]


def _enough(response: Any) -> int | None:
    """The length of a server error's body; None for any other.

    A server on uvicorn closes the connection on which it failed, without saying so and seconds later: agent server
    1.58.0 after 2.5 s. Until then the next request on it, some other scenario's, would get no answer. A body whose end
    is not waited for makes the transport close the connection at once.
    """
    length = response.headers.get("content-length", "")
    return int(length) if response.status_code >= 500 and length.isdecimal() else None


async def _read(stream: Any, enough: int | None) -> tuple[bytes, bool]:
    body = bytearray()
    try:
        async for chunk in stream:
            body += chunk
            if len(body) > MAXIMUM_BODY:
                return bytes(body[:MAXIMUM_BODY]), True
            if enough is not None and len(body) >= enough:
                break
    finally:
        await stream.aclose()
    return bytes(body), False
