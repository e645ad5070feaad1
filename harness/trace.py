"""The trace: what was sent and what came back, and nothing about what it means.

The runner writes it, the judge reads it. Every value is frozen; times are seconds since the run began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it went out on the wire."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """A response as it came in; `body` is whole, or cut at the runner's limit when `truncated`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header, by its case-insensitive name; None when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class ClientView:
    """What the official client made of the answer.

    Attributes:
        returned: the class name of what a typed method returned, such as `ChatCompletion`; None when it raised.
        raised: the class name of the exception, such as `BadRequestError`; None when it returned.
        message: the exception's text, as a person would read it.
        problems: what the client's own strict type holds against the body, `location: problem` each.
    """

    returned: str | None = None
    raised: str | None = None
    message: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 429 after which the request was sent again: when that one was sent, and the seconds waited after it."""

    started: float
    waited: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of one step and its outcome: `response`, or `failure` when the transport had none to give.

    `gave_up` says that there is none because the client waited as long as the step's `timeout` lets it. `refusals` came
    before: the server was busy.
    """

    step: int
    """Counts from 0 over the scenario's setup and then its steps."""
    started: float
    elapsed: float
    request: Request
    response: Response | None = None
    failure: str | None = None
    client: ClientView | None = None
    gave_up: bool = False
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What one scenario did.

    Attributes:
        variables: the scenario's variables before its first step.
        stopped: why the runner did not play the remaining steps, if it did not.
        lost: why an exchange on which the client did not give up has no answer, through no fault of its own: the target
            stopped answering anybody, or the run ended while it waited.
        harness_error: what the harness, or the scenario, did wrong.
    """

    scenario: str
    variables: Mapping[str, Json]
    exchanges: tuple[Exchange, ...] = ()
    stopped: str | None = None
    lost: str | None = None
    harness_error: str | None = None


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What was deleted and what was left behind, as paths of the native API."""

    deleted: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
