"""A server that someone else runs, known by its URL."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.scenarios.model import Capability
from harness.targets import Endpoint, ModelLog, TargetUnreachableError, TargetUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.scenarios.model import Json
    from harness.targets import Progress


# What a server can know about itself; who can restart it isn't among that.
_TELLABLE = frozenset(Capability) - {Capability.RESTART}


class UrlTarget:
    """A server at a URL, which is neither started nor stopped.

    Args:
        url: the server's address, with or without `/v1` or a slash at its end.
        key: its session key, None for an open server.
        model: the model to ask, None leaves the choice to the run.
        wait: seconds that a server which is still starting is given.

    Raises:
        TargetUsageError: the URL can't be the address of a server.
    """

    def __init__(self, url: str, *, key: str | None = None, model: str | None = None, wait: float = 0) -> None:
        self.base_url = normalise(url)
        self._key, self._model, self._wait = key, model, wait

    @property
    def name(self) -> str:
        return re.sub(r"[^A-Za-z0-9.]+", "-", self.base_url.partition("://")[2]).strip("-.")

    @property
    def argument(self) -> str:
        return self.base_url

    def start(self, progress: Progress) -> Endpoint:
        progress(f"asking {self.base_url}")
        info = self._server_info()
        # A released server lists capabilities too, in words of its own; only a reference gateway names its contract.
        offered = info.get("capabilities") if "contract" in info else None
        known = frozenset(item for item in _TELLABLE if item in offered) if isinstance(offered, list) else None
        has_log = known is not None and Capability.MODEL_LOG in known
        log = ModelLog(f"{self.base_url}/scripted-model", self._key) if has_log else None
        return Endpoint(self.base_url, self._key, self._model, known, info, log)

    def restart(self) -> None:
        raise TargetUsageError(
            "the server is someone else's to restart", where=self.base_url, advice="take `reference` or `agent-server`"
        )

    def stop(self) -> None:
        pass

    def _server_info(self) -> dict[str, Json]:
        from harness.targets.native import server_info

        deadline = time.monotonic() + self._wait
        while True:
            try:
                return server_info(self.base_url)
            except TargetUnreachableError:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(min(0.25, self._wait))


def normalise(url: str) -> str:
    """The address without `/v1` and slashes at its end. Raises TargetUsageError."""

    def refused(what: str, advice: str = "give an address such as http://localhost:8000") -> TargetUsageError:
        return TargetUsageError(what, where="TARGET", advice=advice)

    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as problem:
        raise refused(f"`{url}` is no URL: {problem}") from None
    # The credential of a URL would stand in every report, so it isn't repeated here either.
    if parts.username is not None or parts.password is not None:
        raise refused("the URL holds a user name or password", "put the session key into SESSION_API_KEY")
    if parts.scheme not in {"http", "https"}:
        raise refused(f"`{url}` is neither http nor https")
    if not parts.hostname or re.search(r"\s", parts.netloc):
        raise refused(f"`{url}` names no host")
    if parts.query or parts.fragment:
        raise refused("the URL has a query or a fragment", "leave out what follows the path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "") + path


def session_key(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """The session key of `--session-key-file`, else of SESSION_API_KEY, else None. Raises TargetUsageError."""
    where, text = "SESSION_API_KEY", environment.get("SESSION_API_KEY", "")
    if file is not None:
        where = str(file)
        try:
            text = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it is no text"
            raise TargetUsageError(
                f"the session key can't be read: {reason}", where=where, advice="name a file that holds the key alone"
            ) from None
        if not text:
            raise TargetUsageError("the file is empty", where=where, advice="put the session key into it")
    if not re.fullmatch(r"[!-~]*", text):
        raise TargetUsageError(
            "the session key holds a blank, a line break or a character outside ASCII, which no header can carry",
            where=where,
            advice="one key, without blanks",
        )
    return text or None
