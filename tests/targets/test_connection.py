from __future__ import annotations

import re
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from harness.targets.access import Access
from harness.targets.connection import connection
from harness.targets.errors import TargetError, TargetUsageError
from harness.targets.parse import parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def ignore(_: str) -> None:
    """Discards progress."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `server.pem` and `client.pem`, each its own authority, key included; and `client.key` alone."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("server", "client"):
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.crt"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
        pem = (folder / f"{name}.key").read_text() + (folder / f"{name}.crt").read_text()
        (folder / f"{name}.pem").write_text(pem)
    return folder


@contextmanager
def https(folder: Path) -> Iterator[str]:
    """A server that shows its certificate and wants to see the client's; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"version": "1.58.0"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Ignores refused clients, which some tests provoke."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "client.crt")
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with Server(("127.0.0.1", 0), Handler) as httpd:
        port = httpd.server_port
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        try:
            yield f"https://127.0.0.1:{port}"
        finally:
            httpd.shutdown()


def test_a_server_that_asks_who_we_are_is_shown_our_certificate(certificates: Path) -> None:
    with https(certificates) as url:
        for key in ({"client_cert": certificates / "client.pem"}, None):
            files = key or {"client_cert": certificates / "client.crt", "client_key": certificates / "client.key"}
            access = Access(ca_file=certificates / "server.crt", **files)  # type: ignore[arg-type]  # of Path alone
            endpoint = parse_target(url, environment={}, access=access).start(ignore)
            assert endpoint.server_info == {"version": "1.58.0"}


def test_a_certificate_that_nobody_we_trust_signed_says_which_flag_helps(certificates: Path) -> None:
    with https(certificates) as url, pytest.raises(TargetError, match="not trusted: self-signed") as raised:
        parse_target(url, environment={}).start(ignore)
    assert "--ca-file" in raised.value.advice
    assert raised.value.exit_status == 3


@pytest.mark.parametrize("access", [Access(client_cert=None), Access()])
def test_a_server_at_https_that_speaks_http_says_so(access: Access) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            client.recv(1000)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(TargetError, match="no TLS connection") as raised:
            parse_target(f"https://127.0.0.1:{listener.getsockname()[1]}", environment={}, access=access).start(ignore)
        thread.join()
    assert "https against http" in raised.value.advice


@pytest.mark.parametrize("name", ["ca_file", "client_cert"])
def test_a_file_that_is_missing_or_no_certificate_is_a_mistake(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("no certificate")
    for file, why in ("text", "no usable certificate"), ("missing", "No such file"):
        with pytest.raises(TargetUsageError, match=why) as raised:
            parse_target("https://localhost", environment={}, access=Access(**{name: tmp_path / file}))  # type: ignore[arg-type]  # of Path alone
        assert raised.value.where == str(tmp_path / file)


@pytest.mark.parametrize(
    ("url", "access", "complaint"),
    [
        ("http://localhost", {"ca_file": "x"}, "would change nothing"),
        ("https://localhost", {"client_key": "x"}, "a key without its certificate"),
        ("http://localhost", {"proxy": "proxy:3128"}, "no URL"),
        ("http://localhost", {"proxy": "http://user:planted@proxy"}, "password is given in the clear"),
        ("http://localhost", {"headers": ("X-Team",)}, "NAME=VALUE"),
        ("http://localhost", {"headers": ("X Team=1",)}, "NAME=VALUE"),
        ("http://localhost", {"headers": ("Authorization=env:X",)}, "sets itself"),
        ("http://localhost", {"headers": ("x-openhands-serverconversation-id=1",)}, "sets itself"),
        ("http://localhost", {"headers": ("X-Gate-Token=planted",)}, "given in the clear"),
        ("http://localhost", {"headers": ("X-Gate-Token=env:MISSING",)}, "MISSING is empty or not set"),
        ("http://localhost", {"headers": ("X-Team=é",)}, "no header can carry"),
        ("http://localhost", {"key": "planted"}, "by reference only"),
    ],
)
def test_a_way_that_makes_no_sense_is_refused_and_no_secret_repeated(
    url: str, access: dict[str, str], complaint: str
) -> None:
    with pytest.raises(TargetUsageError, match=re.escape(complaint)) as raised:
        parse_target(url, environment={}, access=Access(**access))  # type: ignore[arg-type]  # as tests need it
    assert "planted" not in str(raised.value)


def test_secrets_of_the_way_are_known_by_what_stands_for_them(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-file\n")
    environment = {"GATE": "of-environment", "PROXY": "http://user:of-proxy@proxy:3128"}
    headers = ("X-Gate-Token=env:GATE", f"X-Other-Token=file:{tmp_path / 'token'}", "X-Team=qa")
    made = connection("http://localhost", environment=environment, proxy="env:PROXY", headers=headers)
    assert made.headers == (("X-Gate-Token", "of-environment"), ("X-Other-Token", "of-file"), ("X-Team", "qa"))
    assert dict(made.secrets) == {
        "$GATE": "of-environment",
        f"$(cat {tmp_path / 'token'})": "of-file",
        "$PROXY": environment["PROXY"],
        "$PROXY_PASSWORD": "of-proxy",
    }
    assert "of-" not in repr(made)


def test_what_a_flag_says_beats_what_goes_with_a_name_and_headers_of_both_are_sent() -> None:
    of_name = Access(model="of name", proxy="http://name", headers=("X-Team=name", "X-Run=1"))
    flags = Access(model="of flag", native_api=False, headers=("x-team=flag",))
    assert flags.over(of_name) == Access(
        model="of flag", native_api=False, proxy="http://name", headers=("X-Run=1", "x-team=flag")
    )
    assert flags.options == ("--model", "of flag", "--no-native-api", "--header", "x-team=flag")
