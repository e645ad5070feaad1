"""The requests of a target's start-up, made with the standard library; the run's own go through the client."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from harness.targets.connection import is_loopback
from harness.targets.errors import TargetError, TargetUnreachableError, TargetUsageError

if TYPE_CHECKING:
    from harness.json_value import Json
    from harness.targets.connection import Connection

MAXIMUM_BODY = 1024 * 1024
"""Bytes read of an answer; `/server_info` has some hundred."""

TIMEOUT = 20.0
"""Seconds for connecting, for the start of an answer, and for the whole answer."""


@cache
def _opener(base_url: str, connection: Connection | None = None) -> urllib.request.OpenerDirector:
    """An opener of the server's URLs, which follows no redirects.

    For a server on this machine it ignores the environment's proxy, but not one that the user configured. The library's
    default opener would load the machine's certificates for plain HTTP too, which takes 25 ms.
    """
    opener = urllib.request.OpenerDirector()
    proxy = connection and connection.proxy
    proxies = {"http": proxy, "https": proxy} if proxy else {} if is_loopback(base_url) else None
    opener.add_handler(urllib.request.ProxyHandler(proxies))
    opener.add_handler(urllib.request.HTTPHandler())
    if base_url.startswith("https:"):
        opener.add_handler(urllib.request.HTTPSHandler(context=connection.tls() if connection else None))
    opener.addheaders += connection.headers if connection else ()
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    return opener


def server_info(base_url: str, connection: Connection | None = None) -> dict[str, Json]:
    """The answer of `GET /server_info`; empty if the server has no such path.

    Args:
        base_url: the server's address without `/v1`.
        connection: how to reach it; None for the defaults.

    Raises:
        TargetUnreachableError: no HTTP server answers.
    """
    try:
        with _opener(base_url, connection).open(f"{base_url}/server_info", timeout=TIMEOUT) as response:
            body = _read(response)
    except urllib.error.HTTPError:
        return {}
    except (OSError, http.client.HTTPException, UnicodeError) as problem:  # UnicodeError: a host name such as `a..b`
        raise unreachable(base_url, problem, connection) from None
    try:
        info = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}


def _read(response: http.client.HTTPResponse) -> bytes:
    """The body, up to the limits of size and of time, in case a server trickles bytes."""
    body = b""
    deadline = time.monotonic() + TIMEOUT
    while len(body) < MAXIMUM_BODY and time.monotonic() < deadline and (piece := response.read1(MAXIMUM_BODY)):
        body += piece
    return body


def unreachable(base_url: str, problem: Exception, connection: Connection | None = None) -> TargetUnreachableError:
    """The error for an address without an HTTP answer."""
    reason = getattr(problem, "reason", problem)
    if isinstance(problem, http.client.HTTPException):
        what, advice = "what answers there speaks no HTTP", "check the port, and http against https"
    else:
        text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        what, advice = f"no answer: {text}", "check host and port, and that the server runs"
        if connection is not None and connection.proxy:
            advice = f"check --proxy; {advice}"
        if isinstance(reason, ssl.SSLCertVerificationError):
            what = f"the server's certificate is not trusted: {reason.verify_message}"
            advice = "name the file of the authority that signed it with --ca-file"
        elif isinstance(reason, ssl.SSLError):
            what = f"no TLS connection: {text}"
            advice = "check https against http; a server that asks who you are takes --client-cert and --client-key"
    return TargetUnreachableError(what, where=base_url, advice=advice)


def models(base_url: str, key: str | None, connection: Connection | None = None) -> tuple[str, ...]:
    """The names that `GET /v1/models` lists, in its order.

    Raises:
        TargetError: the server can't be reached, refuses the key, or answers with anything but a list of models.
    """
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(f"{base_url}/v1/models", headers=headers)  # noqa: S310 - http or https, checked
    try:
        with _opener(base_url, connection).open(request, timeout=TIMEOUT) as response:
            body = _read(response)
    except urllib.error.HTTPError as refusal:
        advice = "check that it is an agent server, of release 1.28.0 or newer"
        if refusal.code in {401, 403}:
            advice = "check the session key: SESSION_API_KEY or --key-file"
        raise TargetUsageError(
            f"the server answers {refusal.code} to a request for its models", where=request.full_url, advice=advice
        ) from None
    except (OSError, http.client.HTTPException, UnicodeError) as problem:
        raise unreachable(base_url, problem, connection) from None
    try:
        return tuple(str(each["id"]) for each in json.loads(body)["data"])
    except (ValueError, RecursionError, KeyError, TypeError):
        raise TargetError(
            "the answer to a request for its models is no list of models",
            where=request.full_url,
            advice="check host, port and path: a proxy or another service may answer there",
        ) from None


def is_ready(base_url: str, key: str | None = None, *, timeout: float = TIMEOUT) -> bool:
    """Whether `GET /ready` of a server that the harness started answers 200.

    Args:
        base_url: the server's address without `/v1`.
        key: the server must accept it too; another program on the same port wouldn't.
        timeout: seconds.
    """
    try:
        with _opener(base_url).open(f"{base_url}/ready", timeout=timeout) as response:
            ready = response.status == 200
        return ready and (key is None or _accepts(base_url, key, timeout))
    except (OSError, http.client.HTTPException):
        return False


def _accepts(base_url: str, key: str, timeout: float) -> bool:
    request = urllib.request.Request(f"{base_url}/v1/models", headers={"X-Session-API-Key": key})  # noqa: S310 - ours
    try:
        _opener(base_url).open(request, timeout=timeout).close()
    except urllib.error.HTTPError as refusal:
        return refusal.code != HTTPStatus.UNAUTHORIZED
    return True


def create_profile(
    base_url: str, key: str | None, name: str, llm: dict[str, Json], connection: Connection | None = None
) -> None:
    """`POST /api/profiles/NAME`. Raises TargetError."""
    body = json.dumps({"llm": llm, "include_secrets": True}).encode()
    request = _profile_request(base_url, key, name, "POST", body)
    try:
        _opener(base_url, connection).open(request, timeout=TIMEOUT).close()
    except urllib.error.HTTPError as refusal:
        answer = refusal.read(500).decode("utf-8", "replace")
        raise TargetError(
            f"the server refused the profile `{name}` with {refusal.code}: {answer}",
            where=request.full_url,
            advice="check the session key; name one of its models with --model; try another version of the server",
        ) from None
    except (OSError, http.client.HTTPException) as problem:
        raise unreachable(base_url, problem, connection) from None


def delete_profile(base_url: str, key: str | None, name: str, connection: Connection | None = None) -> None:
    """`DELETE /api/profiles/NAME`; ignores a server that no longer answers."""
    with suppress(OSError, http.client.HTTPException):
        request = _profile_request(base_url, key, name, "DELETE", None)
        _opener(base_url, connection).open(request, timeout=TIMEOUT).close()


def _profile_request(
    base_url: str, key: str | None, name: str, method: str, body: bytes | None
) -> urllib.request.Request:
    headers = {"Content-Type": "application/json"} if body else {}
    headers |= {"X-Session-API-Key": key} if key else {}
    url = f"{base_url}/api/profiles/{name}"
    return urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310 - http or https, checked
