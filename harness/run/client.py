"""One step on the wire: through a typed method of the official client, or raw over the same transport."""

from __future__ import annotations

import asyncio
import json as jsonlib
import time
from operator import attrgetter
from typing import TYPE_CHECKING

from harness.run.credentials import SESSION_HEADER, WRONG_KEY, credential
from harness.run.recorder import record, recording_transport, transport_errors, unsendable
from harness.run.view import view_error, view_result
from harness.scenarios.model import Auth, Call, Http
from harness.trace import Exchange, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from openai import AsyncOpenAI

    from harness.run.recorder import Recording
    from harness.trace import ClientView


class StepError(ValueError):
    """The step cannot be played as it is written: the client has no such argument, a header holds a line break."""


class Client:
    """The official client, recorded: one connection pool, no retries, one client per credential.

    Args:
        base_url: of the target, without `/v1`.
        key: the session key; None for an open server.
        timeout: seconds that one request may take in all.
        connections: how many requests may be under way at once.
    """

    def __init__(self, base_url: str, key: str | None, *, timeout: float, connections: int) -> None:
        from openai import AsyncOpenAI

        self.base_url = base_url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._started = time.monotonic()
        self.requests = 0
        """How many were sent, all told."""
        self._transport = recording_transport(self.base_url, timeout=timeout, connections=connections)
        # The client insists on some key; what is sent is decided per request.
        self._right: AsyncOpenAI = AsyncOpenAI(
            api_key=key or "no-key",
            base_url=f"{self.base_url}/v1",
            http_client=self._transport,
            max_retries=0,
            timeout=timeout,
        )
        self._wrong = self._right.with_options(api_key=WRONG_KEY)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    def clock(self) -> float:
        """Seconds since this client was made: the clock of every exchange."""
        return time.monotonic() - self._started

    def play(
        self, step: int, action: Call | Http, auth: Auth, headers: Mapping[str, str | None]
    ) -> asyncio.Task[Exchange]:
        """Send one request and record what happens; a cancelled task gives what was recorded until then.

        The task raises StepError when nothing could be sent.
        """
        # Started at once: who looks at the budget next sees it counted, and it can't be cancelled before it records.
        playing = self._play(step, action, auth, headers)
        return asyncio.Task(playing, loop=asyncio.get_running_loop(), eager_start=True)

    async def _play(self, step: int, action: Call | Http, auth: Auth, headers: Mapping[str, str | None]) -> Exchange:
        self.requests += 1
        recording = record()
        begin = self.clock()
        view: ClientView | None = None
        failure: str | None = None
        try:
            async with asyncio.timeout(self._timeout):
                if isinstance(action, Call):
                    view = await self._call(action, auth, headers, recording)
                else:
                    await self._http(action, auth, headers)
        except TimeoutError:
            failure = f"no answer within {self._timeout:g} s"
        except asyncio.CancelledError:
            # Whoever cancels this wants to keep what was sent: the target may be working on it.
            failure = "interrupted"
        except transport_errors() as error:
            failure = _describe(error)
        if recording.response is None and view is not None and view.raised is not None:
            failure = view.message
        elapsed = self.clock() - begin
        return Exchange(
            step=step,
            started=begin,
            elapsed=elapsed,
            request=recording.request or self._unsent(action),
            response=recording.response if failure is None else None,
            failure=failure,
            client=view,
        )

    async def _call(
        self, call: Call, auth: Auth, headers: Mapping[str, str | None], recording: Recording
    ) -> ClientView:
        from openai import Omit

        sent = credential(auth, self._key)
        wire = _merged({"Authorization": sent.authorization, SESSION_HEADER: sent.session}, headers)
        client = self._wrong if auth in {Auth.WRONG_BEARER, Auth.WRONG_BEARER_RIGHT_SESSION_HEADER} else self._right
        *resource, name = call.method.split(".")
        method = getattr(attrgetter(".".join(resource))(client).with_raw_response, name)
        try:
            raw = await method(
                **call.arguments,
                extra_headers={name: Omit() if value is None else value for name, value in wire.items()},
            )
        except Exception as error:
            # Before an answer: the client or its transport refuses the arguments. After one: that is how it reads it,
            # and a hostile answer can make it raise anything (`charset=hex` a TypeError).
            if recording.response is None and isinstance(error.__cause__ or error, unsendable()):
                raise StepError(f"{call.method}: {error.__cause__ or error}") from error
            return view_error(error)
        return await view_result(call.method, raw)

    async def _http(self, http: Http, auth: Auth, headers: Mapping[str, str | None]) -> None:
        sent = credential(auth, self._key)
        content: bytes | None = None
        if http.content is not None:
            content = http.content.encode("utf-8", "surrogatepass")
        elif http.json is not None:
            content = jsonlib.dumps(http.json).encode()
        # A server that chokes on a raw request may drop the connection a second later (agent server 1.58.0 does, after
        # a 500), when the pool has given it to another request. So this one's is closed.
        own = {"Authorization": sent.authorization, SESSION_HEADER: sent.session, "Connection": "close"}
        own["Content-Type"] = None if content is None else "application/json"
        wire = _merged(own, headers)
        try:
            request = self._transport.build_request(
                http.method,
                f"{self.base_url}{http.path}",
                headers={name: value for name, value in wire.items() if value is not None},
                content=content,
            )
            for name, value in wire.items():
                if value is None:
                    request.headers.pop(name, None)  # one that the transport adds itself
            response = await self._transport.send(request)
        except unsendable() as error:
            raise StepError(f"{http.method} {http.path}: {error}") from error
        await response.aclose()

    def _unsent(self, action: Call | Http) -> Request:
        path = action.path if isinstance(action, Http) else f"/v1/{action.method}"
        return Request(action.method if isinstance(action, Http) else "POST", f"{self.base_url}{path}", (), b"")


def _merged(own: Mapping[str, str | None], given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Our headers, with the given ones in place of those of the same name; None takes one out.

    Openai 2.x would send a header of its own beside one that is spelled otherwise, hence its spelling.
    """
    spelled = {name.lower(): name for name in (*own, "Accept", "Content-Type", "User-Agent")}
    return {**own, **{spelled.get(name.lower(), name): value for name, value in given.items()}}


def _describe(error: BaseException) -> str:
    cause = error.__cause__ or error
    text = str(cause) or str(error)
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__
