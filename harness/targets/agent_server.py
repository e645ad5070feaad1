"""The real agent server, a release of it started for the run, with the scripted model behind a profile."""

from __future__ import annotations

import secrets
import socket
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.scenarios.model import Capability
from harness.targets import Endpoint, TargetError, TargetUsageError
from harness.targets.installation import PACKAGE, check_version, installed_server, not_ready_advice, packages
from harness.targets.reference import require
from harness.targets.scripted import llm, make_home, start_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.targets import Progress
    from harness.targets.process import ServerProcess

PROFILE = "scripted"


class AgentServerTarget:
    """`python -m openhands.agent_server` on loopback, with a random key and a home that goes with it.

    Args:
        version: of the release, such as `1.58.0`; None for the newest.
        interpreter: one that has the server installed, which then is not installed anew.
        wait: seconds that the server is given to get ready; 0 for the usual.

    Raises:
        TargetUsageError: there is no such release.
    """

    def __init__(self, version: str | None, *, interpreter: str | None = None, wait: float = 0) -> None:
        if version is not None:
            check_version(version)
        self._version, self._interpreter, self._wait = version, interpreter, wait
        self._server: ServerProcess | None = None
        self._undo = ExitStack()

    @property
    def name(self) -> str:
        return f"agent-server-{self._version}" if self._version else "agent-server"

    @property
    def argument(self) -> str:
        return f"agent-server=={self._version}" if self._version else "agent-server"

    def start(self, progress: Progress) -> Endpoint:
        require("starlette", "agent-server")  # for the scripted model
        try:
            return self._start(self._python(progress), progress)
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        assert self._server is not None, "a target is started before it is started again"
        self._server.stop()
        self._serve(lambda _: None)

    def stop(self) -> None:
        self._undo.close()

    def _python(self, progress: Progress) -> Path:
        if self._interpreter is None:
            return installed_server(self._version, progress)
        python = Path(self._interpreter)
        found = packages(python)[PACKAGE]
        if self._version not in {None, found}:
            raise TargetUsageError(
                f"AGENT_SERVER_PYTHON has agent server {found}, and {self._version} is asked for",
                where=self._interpreter,
                advice="unset AGENT_SERVER_PYTHON, or ask for `agent-server`",
            )
        return python

    def _start(self, python: Path, progress: Progress) -> Endpoint:
        from harness.targets.native import create_profile, server_info
        from harness.targets.process import environment

        home = make_home("agent-server", self._undo)
        model = start_model(home, self._undo)
        key, port = secrets.token_urlsafe(24), free_port()
        base_url = f"http://127.0.0.1:{port}"
        self._serve = partial(
            self._launch,
            # Without --host a server that has a key binds every interface.
            [str(python), "-m", "openhands.agent_server", "--host", "127.0.0.1", "--port", str(port)],
            environment(home, **_settings(home, key)),
            home,
            base_url,
        )
        self._serve(progress)
        create_profile(base_url, key, PROFILE, llm(model))
        info = server_info(base_url)
        return Endpoint(
            base_url,
            key,
            f"openhands_{PROFILE}",
            frozenset({Capability.SCRIPTED_MODEL, Capability.MODEL_LOG, Capability.RESTART}),
            info,
            model,
            packages=packages(python),
        )

    def _launch(
        self, command: Sequence[str], settings: Mapping[str, str], home: Path, base_url: str, progress: Progress
    ) -> None:
        """Run the server until it is ready."""
        from harness.targets.native import is_ready
        from harness.targets.process import READY_TIMEOUT, ServerProcess

        self._server = server = ServerProcess("agent server", command, environment=settings, folder=home)
        self._undo.callback(server.stop)
        began = time.monotonic()

        def look() -> bool:
            waited = time.monotonic() - began
            progress(f"starting the agent server; it takes 7 to 60 s, and {waited:.0f} s are over")
            return is_ready(base_url)

        try:
            server.wait("ready", look, deadline=began + (self._wait or READY_TIMEOUT), interval=0.2)
        except TargetError as failure:
            advice = not_ready_advice(packages(Path(command[0])))
            raise TargetError(failure.what, where=failure.where, advice=advice) from None


def free_port() -> int:
    """A port of loopback that is free now. The server takes no port 0 whose choice could be read from it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _settings(home: Path, key: str) -> dict[str, str]:
    """Everything that the server keeps goes into its home; nothing that takes long and no scenario looks at is on."""
    return {
        "OH_SESSION_API_KEYS_0": key,
        "OH_SECRET_KEY": secrets.token_urlsafe(32),
        "OH_PERSISTENCE_DIR": str(home / "persist"),
        "OH_CONVERSATIONS_PATH": str(home / "persist" / "conversations"),
        "OH_WORKSPACE_PATH": str(home / "workspace"),
        "OH_BASH_EVENTS_DIR": str(home / "bash_events"),
        "OH_ENABLE_VNC": "0",
        "OH_ENABLE_VSCODE": "0",
        "OH_PRELOAD_TOOLS": "0",
        "OH_WEBHOOKS": "[]",
        # Otherwise litellm fetches its price list while it is imported, and without a network fails now and then.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
