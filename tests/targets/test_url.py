from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from harness.scenarios.model import Capability
from harness.targets.access import Access
from harness.targets.errors import TargetUnreachableError, TargetUsageError
from harness.targets.parse import parse_target
from harness.targets.url import UrlTarget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def ignore(_: str) -> None:
    """Discards progress."""


@contextmanager
def server(status: int, body: bytes, port: int = 0) -> Iterator[str]:
    """A server that gives every GET this answer; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}"
        finally:
            httpd.shutdown()


@pytest.mark.parametrize(
    ("url", "base_url", "name"),
    [
        ("http://localhost:8000", "http://localhost:8000", "localhost-8000"),
        ("http://localhost:8000/", "http://localhost:8000", "localhost-8000"),
        ("http://localhost:8000/v1", "http://localhost:8000", "localhost-8000"),
        ("HTTP://LocalHost:8000/v1/ ", "http://localhost:8000", "localhost-8000"),
        ("https://agents.example.com", "https://agents.example.com", "agents.example.com"),
        ("https://example.com/team/a/v1/", "https://example.com/team/a", "example.com-team-a"),
        ("http://[::1]:8000/v1", "http://[::1]:8000", "1-8000"),
    ],
)
def test_a_url_is_taken_with_or_without_v1_and_slash(url: str, base_url: str, name: str) -> None:
    target = UrlTarget(url)
    assert (target.base_url, target.name) == (base_url, name)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("ftp://localhost", "neither http nor https"),
        ("http://", "names no host"),
        ("http://local host", "names no host"),
        ("http://localhost:http", "is no URL"),
        ("http://localhost:99999", "is no URL"),
        ("http://localhost?key=1", "query or a fragment"),
        ("http://localhost/#x", "query or a fragment"),
    ],
)
def test_what_is_no_address_of_a_server_is_refused(url: str, complaint: str) -> None:
    with pytest.raises(TargetUsageError, match=complaint) as raised:
        UrlTarget(url)
    assert raised.value.exit_status == 2


def test_a_credential_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(TargetUsageError, match="SESSION_API_KEY") as raised:
        UrlTarget("http://user:planted-secret@localhost")
    assert "planted-secret" not in str(raised.value)


def test_key_and_model_come_from_the_environment_and_a_flag_beats_it(tmp_path: Path) -> None:
    environment = {"SESSION_API_KEY": "of-environment", "OPENHANDS_MODEL": "openhands_environment"}
    file = tmp_path / "key"
    file.write_text("of-file\n")
    with server(404, b"") as url:
        endpoint = parse_target(url, environment=environment).start(ignore)
        assert (endpoint.key, endpoint.model) == ("of-environment", "openhands_environment")
        access = Access(key=f"file:{file}", model="openhands_flag")
        flagged = parse_target(url, environment=environment, access=access)
        endpoint = flagged.start(ignore)
        assert (endpoint.key, endpoint.model) == ("of-file", "openhands_flag")
        endpoint = parse_target(url, environment={"SESSION_API_KEY": ""}).start(ignore)
        assert (endpoint.key, endpoint.model) == (None, None)
    assert "of-file" not in repr(endpoint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"two words", "blank"),
        (b"two\nlines", "line break"),
        ("schlüssel".encode(), "ASCII"),
        (b"\xff", "no text"),
    ],
)
def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(TargetUsageError, match=complaint):
        parse_target("http://localhost", environment={}, access=Access(key=f"file:{file}"))


def test_a_key_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetUsageError, match="No such file"):
        parse_target("http://localhost", environment={}, access=Access(key=f"file:{tmp_path / 'key'}"))


@pytest.mark.parametrize(
    ("status", "body", "info"),
    [
        (200, b'{"version": "1.58.0"}', {"version": "1.58.0"}),
        (200, b"<html>", {}),
        (200, b"[1]", {}),
        (200, b"[" * 100_000, {}),
        (404, b'{"version": "1.58.0"}', {}),
        (500, b"", {}),
    ],
)
def test_server_info_is_known_when_there_is_one(status: int, body: bytes, info: dict[str, str]) -> None:
    with server(status, body) as url:
        assert UrlTarget(url).start(ignore).server_info == info


def test_only_a_reference_gateway_is_believed_whose_its_model_is() -> None:
    words = {"capabilities": ["profiles", "scripted-model", "something-new"]}
    with server(200, json.dumps({"contract": "documented", **words}).encode()) as url:
        assert UrlTarget(url).start(ignore).capabilities == {Capability.SCRIPTED_MODEL}
    with server(200, json.dumps(words).encode()) as url:
        assert UrlTarget(url).start(ignore).capabilities == frozenset()


def test_a_host_that_refuses_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TargetUnreachableError, match="Connection refused") as raised:
        UrlTarget(f"http://127.0.0.1:{port}").start(ignore)
    assert raised.value.exit_status == 3


def test_a_host_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises(TargetUnreachableError, match="check host and port"):
        UrlTarget("http://no-such-host.invalid").start(ignore)


@pytest.mark.parametrize("greeting", [b"220 mail.example.org ESMTP\r\n", b""])
def test_a_host_that_speaks_no_http_is_unreachable(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(greeting)
            connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(TargetUnreachableError, match="no HTTP"):
            UrlTarget(f"http://127.0.0.1:{listener.getsockname()[1]}").start(ignore)
        thread.join()


def test_a_server_that_is_still_starting_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    started = threading.Event()
    done = threading.Event()

    def start_late() -> None:
        started.wait()
        with server(200, b'{"version": "late"}', port):
            done.wait()

    thread = threading.Thread(target=start_late)
    thread.start()
    endpoint = UrlTarget(f"http://127.0.0.1:{port}", wait=60).start(lambda _: started.set())
    done.set()
    thread.join()
    assert endpoint.server_info == {"version": "late"}
