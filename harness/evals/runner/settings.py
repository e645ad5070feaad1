"""What a run is told: which servers there are, and how they are asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json
    from harness.targets.connection import Connection


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the pool.

    Attributes:
        base_url: its address without `/v1`; the journal knows it by that.
        key: its session key, if it takes one.
        model: the model to ask for, such as `openhands_default`.
        connection: the way to it; None for the usual one.
        native_api: whether `/api/conversations` may be asked, which is what recovery takes.
        argument: the TARGET of the command line that names it.
        info: what `GET /server_info` says; empty when there is no such thing.
        packages: the versions of what a server of ours is made of, by name.
        lasting: whether it outlives the run; one that the run started does not, and what it knew ends with it.
    """

    base_url: str
    key: str | None = field(repr=False)
    model: str
    connection: Connection | None = None
    native_api: bool = True
    argument: str = ""
    info: Mapping[str, Json] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """How the samples are asked; which of them, and how often, the journal's header says.

    Attributes:
        concurrency: samples at work at once, over all servers.
        sample_timeout: seconds until a sample is given up, waiting for 429 and for its agent included; after a break
            they count anew.
        request_timeout: seconds until a request is given up and its agent is looked for. Released servers answer with
            504 after 120.
        grace: seconds during which a server that knows nothing of a request is asked again before the request is sent
            once more. A conversation can be looked up 1 s to 3 s after its request has come in.
        patience: seconds after which a server that can't be reached is not waited for any longer: what it has at work
            is left open for the next run, and if there is no other server the run ends early.
        directories: whether each sample is told a directory of its own to work in, since all conversations of a server
            share one workspace.
        retry_errors: whether samples without an answer are asked again, in new conversations, those too that are with a
            server that is none of the run's any more, and whether scorers that failed try again.
        max_seconds: until the run ends early; None for never.
    """

    concurrency: int = 8
    sample_timeout: float = 3600.0
    request_timeout: float = 150.0
    grace: float = 20.0
    patience: float = 300.0
    directories: bool = False
    retry_errors: bool = False
    max_seconds: float | None = None
