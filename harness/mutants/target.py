"""A mutant as a target: in this process, on loopback, behind the scripted agent, ready in some ten milliseconds."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from harness.gateway import launch
from harness.gateway.app import make_app
from harness.gateway.gateway import make_gateway
from harness.gateway.lifecycle import Phase
from harness.gateway.settings import Settings
from harness.mutants.mutant import MODEL, Sound
from harness.scenarios.model import Capability
from harness.targets import Endpoint, ModelLog

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from harness.mutants.mutant import Mutant
    from harness.scenarios.model import Json
    from harness.targets import Progress


class MutantTarget:
    """A mutant, served for one run; `Mutant` itself is the gateway unspoiled."""

    def __init__(self, mutant: type[Mutant]) -> None:
        self._mutant = mutant
        self._undo = ExitStack()

    @property
    def name(self) -> str:
        return f"mutant-{self._mutant.__name__}"

    @property
    def argument(self) -> str:
        return self.name

    def start(self, progress: Progress) -> Endpoint:
        progress(f"starting {self.name}")
        key = secrets.token_urlsafe(24)
        state = Path(self._undo.enter_context(tempfile.TemporaryDirectory(prefix="gateway-harness-mutant-")))
        listener = self._undo.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
        # Accepted connections inherit it; without it an answer waits 40 ms for the client's delayed acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        settings = Settings(
            state=state, agent="scripted", dialect=self._mutant.dialect, session_keys=(key,), scripted_model=True
        )
        server = _Server(self._mutant, settings)
        thread = threading.Thread(target=server.serve, args=(listener,), name=self.name)
        thread.start()
        self._undo.callback(thread.join)
        self._undo.callback(server.stop)
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        info: dict[str, Json] = {"contract": self._mutant.dialect.value}
        log = ModelLog(f"{base_url}/scripted-model", key)
        return Endpoint(base_url, key, MODEL, frozenset(Capability), info, log)

    def stop(self) -> None:
        self._undo.close()


class _Server:
    """The mutant and the gateway behind it, on an event loop of their own."""

    def __init__(self, mutant: type[Mutant], settings: Settings) -> None:
        options = launch.AgentOptions(secret_key=secrets.token_urlsafe(24))
        runtime = launch.make_runtime(settings, options)
        launch.load(runtime, settings, options)
        self._gateway = make_gateway(settings, runtime, options.model_log)
        self._gateway.lifecycle.phase = Phase.READY
        gateway = make_app(self._gateway)
        app = _Tells(gateway, mutant(Sound(gateway, settings.session_keys[0])))
        self._server = uvicorn.Server(
            uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
        )

    def serve(self, listener: socket.socket) -> None:
        asyncio.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        await self._server.serve(sockets=[listener])
        await self._gateway.service.stop(0)

    def stop(self) -> None:
        self._server.should_exit = True


class _Tells:
    """Lets the gateway itself tell what its model was asked: the harness's own instrument is nothing to spoil."""

    def __init__(self, gateway: ASGIApp, mutant: ASGIApp) -> None:
        self._gateway = gateway
        self._mutant = mutant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._gateway if scope["path"].startswith("/scripted-model/") else self._mutant
        await app(scope, receive, send)
