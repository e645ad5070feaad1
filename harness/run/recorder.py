"""Recording the wire: what the official client's transport really sent and received.

The recorder sits in the transport's event hooks, which both of the client's transports have (`httpx` under openai 2.x,
`httpx2` under 3.x). It reads each response itself, up to a limit, so that a server that never stops sending ends in a
finding and not in a full memory.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness import __version__
from harness.targets.connection import Connection, is_loopback
from harness.trace import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

MAXIMUM_BODY = 1024 * 1024
"""Bytes of a response that are read. An agent's final text is some kilobytes; 8 MiB of `data:{}` keep the official
client busy for 40 s, deaf to timeouts and Ctrl-C."""


@dataclass(slots=True)
class Recording:
    """What the one exchange under way in this task is to send exactly, and what has been seen of it so far.

    Attributes:
        headers: the lines of a header, in place of all that the client has of that name; none takes it out.
        query: names and values that are added to the URL.
        gave_up: the client waited for an answer until its own time was over.
        on_request: is told of the request just before it goes out.
    """

    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    request: Request | None = None
    response: Response | None = None
    gave_up: bool = False
    on_request: Callable[[Request], None] = lambda _: None


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


def record(headers: Mapping[str, tuple[str, ...]], query: tuple[tuple[str, str], ...] = ()) -> Recording:
    """Begin to record the next exchange of the running task, and of a thread that has its context."""
    recording = Recording(headers, query)
    _current.set(recording)
    return recording


_IDLE_SECONDS = 2.0
"""How long an idle connection is kept. uvicorn hangs up after 5 s, and a request sent at that moment gets no answer."""


def recording_transport(
    base_url: str, *, timeout: float, connections: int, connection: Connection | None = None
) -> DefaultAsyncHttpxClient:
    """The transport to give to the official client.

    Redirects are not followed: the transport would send the session header on to wherever a redirect points. Encoded
    bodies are not asked for, and not decoded when they come: 1 MiB on the wire can be a gigabyte.

    Args:
        base_url: of the target. One on this machine is asked directly, whatever proxy the environment names.
        timeout: seconds for each of connecting, sending and waiting for the next bytes.
        connections: how many are kept open for the next request; any number may be open at once.
        connection: how to get there; None for the usual way.
    """
    from openai import DefaultAsyncHttpxClient

    async def on_request(request: Any) -> None:
        _on_request(request)

    async def on_response(response: Any) -> None:
        body = _Body(response)
        try:
            async for chunk in response.stream:
                if body.is_enough_with(chunk):
                    break
        finally:
            await response.stream.aclose()
        body.keep()

    return DefaultAsyncHttpxClient(
        **_options(base_url, timeout, connections, connection or Connection()),
        event_hooks={"request": [on_request], "response": [on_response]},
    )


def recording_sync_transport(
    base_url: str, *, timeout: float, connections: int, connection: Connection | None = None
) -> DefaultHttpxClient:
    """The same for the client's other class, which blocks."""
    from openai import DefaultHttpxClient

    def on_response(response: Any) -> None:
        body = _Body(response)
        try:
            for chunk in response.stream:
                if body.is_enough_with(chunk):
                    break
        finally:
            response.stream.close()
        body.keep()

    return DefaultHttpxClient(
        **_options(base_url, timeout, connections, connection or Connection()),
        event_hooks={"request": [_on_request], "response": [on_response]},
    )


def _options(base_url: str, timeout: float, connections: int, connection: Connection) -> dict[str, Any]:
    return {
        "timeout": timeout,
        "follow_redirects": False,
        # A cookie would let the next request in without the key that it is about.
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
        "headers": {
            **dict(connection.headers),
            "Accept-Encoding": "identity",
            "User-Agent": f"openhands-gateway-harness/{__version__}",
        },
        "proxy": connection.proxy,
        "trust_env": not is_loopback(base_url),
        # Without TLS, and since no redirect leads to any, the machine's certificates need not be loaded: 20 ms.
        "verify": connection.tls() or base_url.startswith("https:"),
        # A request that waited for a connection would not be sent side by side with the others.
        "limits": _library().Limits(
            max_connections=None, max_keepalive_connections=connections, keepalive_expiry=_IDLE_SECONDS
        ),
    }


def _on_request(request: Any) -> None:
    """Put in what is sent exactly as written, and record what goes out.

    The client's own way to give headers has one value for each name and mixes up spellings: openai 2.x sends a header
    of its own beside one that is spelled otherwise.
    """
    recording = _current.get()
    if recording is None:
        return
    replaced = {name.lower().encode() for name in recording.headers}
    kept = [(name, value) for name, value in request.headers.raw if name.lower() not in replaced]
    given = [(name.encode(), line.encode("ascii")) for name, lines in recording.headers.items() for line in lines]
    library = _library()
    request.headers = library.Headers([*kept, *given])
    if recording.query:
        url = str(request.url)
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in recording.query)
        request.url = library.URL(f"{url}{'&' if '?' in url else '?'}{query}")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    recording.request = Request(request.method, str(request.url), headers, request.content)
    recording.on_request(recording.request)


class _Body:
    """The body of a response, as far as it is read."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._content = bytearray()
        self._enough = _enough(response)

    def is_enough_with(self, chunk: bytes) -> bool:
        """Take a piece of the body; whether nothing more needs to be read."""
        self._content += chunk
        return len(self._content) > MAXIMUM_BODY or (self._enough is not None and len(self._content) >= self._enough)

    def keep(self) -> None:
        """Record the response, and let the client read the body from memory."""
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._response.headers.raw)
        body = bytes(self._content[:MAXIMUM_BODY])
        if recording := _current.get():
            truncated = len(self._content) > MAXIMUM_BODY
            recording.response = Response(self._response.status_code, headers, body, truncated)
        self._response.headers.pop("content-encoding", None)
        self._response.stream = _library().ByteStream(body)


def transport_errors() -> tuple[type[Exception], ...]:
    """What the transport raises when a raw request brings no answer."""
    library = _library()
    return (library.TransportError, library.StreamError)


def gives_up(error: BaseException) -> bool:
    """Whether an exception, or its cause, says that no answer came in the time that one was waited for."""
    return any(isinstance(each, _library().ReadTimeout) for each in (error, error.__cause__))


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
