"""A package index of tiny releases, as a folder of wheels: each is as small a server as a test needs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GOOD = """
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, document = self.reply(body)
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-OpenHands-ServerConversation-ID", "00000000-0000-4000-8000-000000000001")
        self.end_headers()
        self.wfile.write(content)
    do_GET = do_POST = do_DELETE = answer
    def reply(self, body):
        if self.path in {"/ready", "/server_info"}:
            return 200, {"title": "OpenHands Agent Server", "version": "1.58.0"}
        if self.headers.get("X-Session-API-Key") != os.environ["OH_SESSION_API_KEYS_0"]:
            return 401, {"detail": "Unauthorized"}
        if self.path == "/v1/models":
            return 200, {"object": "list", "data": [{"id": "openhands_scripted"}]}
        if self.path == "/v1/chat/completions":
            return self.chat(json.loads(body))
        return (201, {}) if self.path.startswith("/api/profiles/") else (404, {})
    def chat(self, document):
        message = {"role": "assistant", "content": document["messages"][-1]["content"].partition("exactly: ")[2]}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": "openhands_scripted"}
        return 200, {**body, "choices": [choice]}
"""
"""One that is ready at once, takes every profile and repeats what it is told to."""

SERVE = """
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def publish(index: Path, name: str, version: str, *, requires: Sequence[str] = (), code: str = "") -> None:
    """Put a wheel into the index; `code` becomes `python -m openhands.agent_server`."""
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    files = {
        f"{stem}.dist-info/METADATA": "\n".join(metadata) + "\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **({"openhands/agent_server/__main__.py": code} if code else {}),
    }
    with ZipFile(index / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{stem}.dist-info/RECORD", "".join(f"{path},,\n" for path in files))


def release(index: Path, version: str, code: str = GOOD + SERVE, *, requires: Sequence[str] = ()) -> None:
    """Publish a release: the server and its siblings."""
    publish(index, "openhands-agent-server", version, requires=requires, code=code)
    for sibling in ("openhands-sdk", "openhands-tools", "openhands-workspace"):
        publish(index, sibling, version)
