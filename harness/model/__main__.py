"""`python -m harness.model`: serves the scripted model in its own process."""

from __future__ import annotations

import argparse
import os
import sys


def main() -> int:
    """Serve until SIGINT or SIGTERM. The first line on stdout is `listening on URL`."""
    parser = argparse.ArgumentParser(prog="python -m harness.model", description="Serve the scripted model.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) picks a free one")
    parser.add_argument("--api-key-env", metavar="NAME", help="accept only the key in this environment variable")
    arguments = parser.parse_args()
    key = os.environ.get(arguments.api_key_env) if arguments.api_key_env else None
    if arguments.api_key_env and not key:
        parser.error(f"the environment variable {arguments.api_key_env} is not set")
    try:
        from harness.model.server import bind, create_app, uvicorn_server
    except ModuleNotFoundError as missing:
        parser.error(f"{missing}: pip install 'openhands-gateway-harness[server]'")
    listener = bind(arguments.host, arguments.port)
    print(f"listening on http://{arguments.host}:{listener.getsockname()[1]}", flush=True)
    uvicorn_server(create_app(key)).run([listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
