"""What can be checked: a URL, the reference gateway, the real agent server.

A *target* is started before a run and stopped after it; what a run needs to know of it is its *endpoint*. Importing
this package and `harness.targets.parse` costs the standard library alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.json_value import Json
    from harness.scenarios.model import Capability
    from harness.targets.connection import Connection

type Progress = Callable[[str], None]
"""Takes one line about what start-up is doing now, for a person who waits."""


@dataclass(frozen=True, slots=True)
class ModelLog:
    """Where the scripted model behind a target tells what it was asked: `GET {url}/requests?containing=TEXT`.

    Attributes:
        url: without a trailing slash.
        key: goes into `Authorization: Bearer KEY`; None when none is asked for.
    """

    url: str
    key: str | None = field(repr=False)


def no_trouble() -> None:
    """What has become of a server that nobody here could know of."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A target that is up.

    Attributes:
        base_url: without `/v1` and without a trailing slash.
        key: the session key; None for an open server.
        model: the model to ask, such as `openhands_scripted`; None leaves the choice to the run.
        capabilities: what it is known to offer; the rest is found out by asking.
        server_info: what `GET /server_info` says; empty when there is no such thing.
        model_log: the log of the scripted model, when that is what answers and its log can be read.
        connection: how to get there; None for the usual way.
        native_api: whether the harness may use `/api` there for more than to delete what it made itself.
        packages: the versions of what a server of ours is made of, by name.
        trouble: says what has become of a server of ours that is gone or hangs, with the end of its log; None while
            all is well. It asks the server, and blocks.
    """

    base_url: str
    key: str | None = field(repr=False)
    model: str | None
    capabilities: frozenset[Capability]
    server_info: Mapping[str, Json]
    model_log: ModelLog | None = None
    connection: Connection | None = None
    native_api: bool = True
    packages: Mapping[str, str] = field(default_factory=dict)
    trouble: Callable[[], str | None] = field(default=no_trouble, compare=False)


class Target(Protocol):
    """Something to check. Everything blocks."""

    @property
    def name(self) -> str:
        """Fit for a folder: `reference`, `agent-server-1.58.0`, `localhost-8000`."""

    @property
    def argument(self) -> str:
        """The TARGET of the command line that names it again."""

    def start(self, progress: Progress) -> Endpoint:
        """Bring the target up and say where it is; a failed start leaves nothing behind. Raises TargetError."""

    def restart(self) -> None:
        """Stop the server in good order and start it again: same address, key and stored state.

        What was asked of its scripted model before may be forgotten. Raises TargetError, and TargetUsageError when the
        server is someone else's.
        """

    def stop(self) -> None:
        """Stop what `start` started, and remove its files. May be called at any time, and again."""
