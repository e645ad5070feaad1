"""From TARGETs to the servers of a pool: started where they are ours, asked what they are, and in the end stopped."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from harness.targets import TargetUsageError
from harness.targets.native import models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.scenarios.model import Json
    from harness.targets import Endpoint, Progress, Target
    from harness.targets.connection import Connection


@dataclass(frozen=True, slots=True)
class Server:
    """A server that samples are put to.

    Attributes:
        argument: the TARGET of the command line that names it.
        base_url: without `/v1` and without a trailing slash.
        key: the session key; None for an open server.
        model: the model to ask, such as `openhands_default`.
        native_api: whether conversations of ours may be asked after over `/api`.
        connection: how to get there; None for the usual way.
        info: what `GET /server_info` says; empty when there is no such thing.
        packages: the versions of what a server of ours is made of, by name.
    """

    argument: str
    base_url: str
    key: str | None = field(repr=False)
    model: str
    native_api: bool = True
    connection: Connection | None = None
    info: Mapping[str, Json] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)


class Servers:
    """The servers of several targets, up from `start` to the end of the `with` block.

    Args:
        targets: what was named.
        native_api: whether conversations may be asked after over `/api`. Those are our own, so unlike for the suite
            it need not be allowed outright elsewhere than on this machine; it can be forbidden.
    """

    def __init__(self, targets: Sequence[Target], *, native_api: bool = True) -> None:
        self._targets, self._native_api = targets, native_api
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.close()

    def start(self, progress: Progress) -> tuple[Server, ...]:
        """Bring all of them up.

        Raises:
            TargetError: one can't be had, refuses the key, or has no model; what was started is stopped by the block.
        """
        found = []
        for target in self._targets:
            self._undo.callback(target.stop)
            endpoint = target.start(progress)
            found.append(self._server(target, endpoint))
        if len({(each.base_url, each.model) for each in found}) < len(found):
            raise TargetUsageError(
                "two TARGETs are one server", where="TARGET", advice="name each once: a pool takes more than one server"
            )
        return tuple(found)

    def _server(self, target: Target, endpoint: Endpoint) -> Server:
        listed = models(endpoint.base_url, endpoint.key, endpoint.connection)
        model = endpoint.model or next(iter(listed), None)
        if model is None:
            raise TargetUsageError(
                "the server has no model: no profile is stored there",
                where=endpoint.base_url,
                advice="save a profile with POST /api/profiles/NAME, then its model is openhands_NAME",
            )
        if model not in listed:
            raise TargetUsageError(
                f"the server has no model `{model}`",
                where=endpoint.base_url,
                advice=f"take one of {', '.join(listed) or 'none that it lists'} with --model",
            )
        return Server(
            target.argument,
            endpoint.base_url,
            endpoint.key,
            model,
            self._native_api,
            endpoint.connection,
            endpoint.server_info,
            endpoint.packages,
        )
