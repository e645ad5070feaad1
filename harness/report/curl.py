"""A recorded request as a `curl` line that can be pasted into a shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from harness.redact import BASIC_PLACEHOLDER, SESSION_PLACEHOLDER

if TYPE_CHECKING:
    from harness.report.record import RequestRecord

# What curl sends by itself, and what only describes the client that sent the request.
_LEFT_OUT = {"host", "content-length", "accept-encoding", "connection", "user-agent", "accept"}


def curl_line(request: RequestRecord) -> str:
    """The request as `curl -i …`; the session key stands as `$SESSION_API_KEY`, for the shell to fill in."""
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words.append("--head")  # with -X HEAD, curl waits for a body
    elif request.method != ("POST" if request.body else "GET"):
        words += ["-X", request.method]
    if set(request.url) & set("[]{}"):
        words.append("--globoff")
    words.append(_quoted(request.url))
    for name, value in request.headers:
        if name.lower() in _LEFT_OUT or name.lower().startswith("x-stainless-"):
            continue
        if value == f"Basic {BASIC_PLACEHOLDER}":
            words += ["-u", _quoted(f"session:{SESSION_PLACEHOLDER}")]
        else:
            # `Name;` is how curl sends a header without a value.
            words += ["-H", _quoted(f"{name}: {value}" if value else f"{name};")]
    if request.body:
        if not any(name.lower() == "content-type" for name, _ in request.headers):
            words += ["-H", "Content-Type:"]  # or curl says that it is a form
        words += ["--data-raw", _quoted(request.body)]
    return " ".join(words)


def _quoted(text: str) -> str:
    """Quoted for a POSIX shell; only the placeholder of the session key is left for the shell to expand."""
    if SESSION_PLACEHOLDER not in text:
        return shlex.quote(text)
    parts = text.split(SESSION_PLACEHOLDER)
    return f'"{SESSION_PLACEHOLDER}"'.join(shlex.quote(part) if part else "" for part in parts)
