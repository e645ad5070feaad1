"""The trace: the requests and responses of a scenario, without any verdict.

The runner writes it, the judge reads it. Every value is frozen; times are seconds since the run began.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.json_value import Json


@dataclass(frozen=True, slots=True)
class Request:
    """A request as sent on the wire."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """A response as received; `body` is complete, or cut at the runner's limit if `truncated`.

    `unpacked` means that the body came in the coding that `Content-Encoding` names, and is here without it. `lingered`
    is how many seconds after its last bytes the body ended.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool = False
    unpacked: bool = False
    lingered: float = field(default=0.0, compare=False)

    def header(self, name: str) -> str | None:
        """The first value of a header, by its case-insensitive name; None if absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class ClientView:
    """The official client's result of an exchange.

    Attributes:
        returned: the class name of the returned value, such as `ChatCompletion`; None if it raised.
        raised: the class name of the exception, such as `BadRequestError`; None if it returned.
        message: the exception's text.
        problems: the violations of the client's own type by the body, `location: problem` each.
    """

    returned: str | None = None
    raised: str | None = None
    message: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 429 after which the request was retried: when that was sent, the seconds waited after it, and the response."""

    started: float
    waited: float
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request after which the client sent another one by itself: it was redirected, or tried again."""

    request: Request
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a step and its outcome: `response`, or `failure` if the transport got none.

    `gave_up` means that the step's `timeout` passed without a response. `refusals` are earlier 429s of a busy server.
    `attempts` are earlier requests of a client that follows redirects and retries, in order; `request` is its last.
    `scenario` names the one that sent it, in the evidence of another.
    """

    step: int
    """Index from 0 over the scenario's setup and then its steps."""
    started: float
    elapsed: float
    request: Request
    response: Response | None = None
    failure: str | None = None
    client: ClientView | None = None
    gave_up: bool = False
    refusals: tuple[Refusal, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    scenario: str | None = None

    def single(self) -> Iterator[Exchange]:
        """Each request of the client as an exchange, the last as it is; the times are those of all of them."""
        for each in self.attempts:
            yield replace(self, request=each.request, response=each.response, refusals=(), attempts=())
        yield self


@dataclass(frozen=True, slots=True)
class Trace:
    """The exchanges of one scenario.

    Attributes:
        variables: the scenario's variables before its first step.
        stopped: why the runner did not play the remaining steps; None if it did.
        lost: why an exchange has no answer although its client did not time out: the target stopped answering all
            requests, or the run ended.
        harness_error: an error of the harness or of the scenario.
    """

    scenario: str
    variables: Mapping[str, Json]
    exchanges: tuple[Exchange, ...] = ()
    stopped: str | None = None
    lost: str | None = None
    harness_error: str | None = None


@dataclass(frozen=True, slots=True)
class Cleanup:
    """The deleted objects and those left behind, as paths of the native API."""

    deleted: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
