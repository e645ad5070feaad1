"""`python -m tests.bench.gateway_server STATE disk|memory HELD`: the gateway on a free port, for the benchmark.

Two profiles: `in-process` is the SDK's own test model, so that a turn costs what SDK and gateway cost, and `scripted`
is the model at MODEL_URL, if there is one. Each line on stdin is answered with the CPU seconds of the process so far.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.gateway import server
from harness.gateway.agents.openhands import OpenHandsRuntime
from harness.gateway.gateway import make_gateway
from harness.gateway.settings import Limits, Settings
from harness.model.log import RequestLog

if TYPE_CHECKING:
    from harness.json_value import Json

KEY = "sk-bench"
SECRET_KEY = "s" * 32


def main() -> int:
    """Serve until SIGTERM. `listening on URL` and `ready` come on stdout."""
    state, store, held = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    state.mkdir(parents=True)
    settings = Settings(state, session_keys=(KEY,), limits=Limits(held_conversations=held))
    runtime = OpenHandsRuntime(
        state, tools="none", workspace="per-conversation", secret_key=SECRET_KEY, durable=store == "disk"
    )

    def load() -> None:
        runtime.load()
        if url := os.environ.get("MODEL_URL"):
            llm: dict[str, Json] = {"model": "openai/scripted", "base_url": url, "api_key": "none", "num_retries": 0}
            runtime.profiles.save("scripted", llm, include_secrets=True)
        runtime.profiles.save("in-process", {"model": "test-model"}, include_secrets=False)

        from openhands.sdk.utils.cipher import Cipher

        from tests.bench.instant_model import WithInstantModel

        runtime.profiles = WithInstantModel(state / "profiles", Cipher(SECRET_KEY))

    threading.Thread(target=_tell_cpu, daemon=True).start()
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    gateway = make_gateway(settings, runtime, RequestLog())
    return server.serve(gateway, listener, load, lambda: print("ready", flush=True)).status


def _tell_cpu() -> None:
    for _ in sys.stdin:
        print(time.process_time(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
