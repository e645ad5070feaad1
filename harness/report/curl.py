"""A recorded request as a `curl` line that can be pasted into a shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from harness.redact import SESSION_PLACEHOLDER

if TYPE_CHECKING:
    from harness.report.record import RequestRecord

# What curl sends by itself, and what only describes the client that sent the request.
_LEFT_OUT = ("host", "content-length", "accept-encoding", "connection", "user-agent", "accept", "x-stainless-")


def curl_line(request: RequestRecord) -> str:
    """The request as `curl -i …`; the session key stands as `$SESSION_API_KEY`, for the shell to fill in."""
    words = ["curl", "-i"]
    if request.method != ("POST" if request.body else "GET"):
        words += ["-X", request.method]
    words.append(_quoted(request.url))
    for name, value in request.headers:
        if not name.lower().startswith(_LEFT_OUT):
            # `Name;` is how curl sends a header without a value.
            words += ["-H", _quoted(f"{name}: {value}" if value else f"{name};")]
    if request.body:
        words += ["--data-raw", _quoted(request.body)]
    return " ".join(words)


def _quoted(text: str) -> str:
    """Quoted for a POSIX shell; only the placeholder of the session key is left for the shell to expand."""
    if SESSION_PLACEHOLDER not in text:
        return shlex.quote(text)
    parts = text.split(SESSION_PLACEHOLDER)
    return f'"{SESSION_PLACEHOLDER}"'.join(shlex.quote(part) if part else "" for part in parts)
