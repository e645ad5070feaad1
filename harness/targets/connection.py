"""The connection to a user's server: trusted certificates, client certificate, proxy and extra headers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.targets.errors import TargetUsageError
from harness.targets.secret import REFERENCE, secret

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# Headers that the suite tests or the transport sets; users can't override them.
_TAKEN = {
    *("authorization", "x-session-api-key", "x-openhands-serverconversation-id", "host", "content-type"),
    *("content-length", "transfer-encoding", "connection", "accept-encoding", "user-agent"),
}
_SOUNDS_SECRET = re.compile(r"auth|cookie|key|pass|secret|token|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a server; defaults to a direct connection or the environment's proxy.

    Attributes:
        ca_file: the certificates to trust, PEM, instead of the machine's.
        client_certificate: the client's certificate, PEM.
        client_key: its private key, PEM; None if the certificate's file holds it too.
        proxy: for all requests, instead of the environment's.
        headers: sent with every request that doesn't set a header of that name itself.
        secrets: values to redact, by placeholder.
    """

    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def tls(self) -> ssl.SSLContext | None:
        """The context for HTTPS; None for the default one.

        Raises:
            TargetUsageError: a file is missing or invalid.
        """
        if self.ca_file is None and self.client_certificate is None:
            return None
        import ssl

        file = self.ca_file or self.client_certificate
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.client_certificate is not None:
                file = self.client_certificate
                # Without a callback, OpenSSL would prompt for a passphrase on the terminal, and hang in CI.
                context.load_cert_chain(self.client_certificate, self.client_key, password=lambda: "")
        except OSError as problem:  # ssl.SSLError is one
            reason = "it holds no usable certificate or key" if isinstance(problem, ssl.SSLError) else problem.strerror
            raise TargetUsageError(
                f"the files for TLS can't be used: {reason}",
                where=str(file),
                advice="give PEM files: --ca-file, --client-cert, --client-key (a key without passphrase)",
            ) from None
        return context


def connection(
    url: str,
    *,
    environment: Mapping[str, str],
    ca_file: Path | None = None,
    client_certificate: Path | None = None,
    client_key: Path | None = None,
    proxy: str | None = None,
    headers: Sequence[str] = (),
) -> Connection:
    """The connection to the server at a URL, from the user's options.

    Args:
        url: of the server.
        environment: of the process, for references.
        ca_file: see Connection, as for the next two.
        client_certificate: PEM.
        client_key: PEM.
        proxy: `http://host:port`, or a reference to it if it holds a password.
        headers: `NAME=VALUE` each; a value may be a reference, and has to be one if the name sounds secret.

    Raises:
        TargetUsageError: an option is invalid, or would have no effect.
    """
    secrets: dict[str, str] = {}

    def resolved(text: str, where: str) -> str:
        if not REFERENCE.fullmatch(text):
            return text
        found = secret(text, environment, where=where)
        secrets[found.placeholder] = found.value
        return found.value

    if client_key is not None and client_certificate is None:
        raise TargetUsageError(
            "a key without its certificate", where="--client-key", advice="name the certificate with --client-cert"
        )
    if not url.startswith("https:") and (ca_file or client_certificate):
        raise TargetUsageError(
            "the options for TLS would change nothing", where=url, advice="give a URL that begins with https"
        )
    if proxy is not None:
        literal, proxy = proxy, resolved(proxy, "--proxy")
        parts = urlsplit(proxy)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise TargetUsageError(
                "the proxy is no URL of one", where="--proxy", advice="give an address such as http://proxy:3128"
            )
        if parts.password is not None:
            if literal == proxy:
                raise TargetUsageError(
                    "the proxy's password is given in the clear", where="--proxy", advice="write env:NAME or file:PATH"
                )
            secrets["$PROXY_PASSWORD"] = parts.password
    sent = tuple(_header(text, resolved) for text in headers)
    made = Connection(ca_file, client_certificate, client_key, proxy, sent, tuple(secrets.items()))
    made.tls()
    return made


def environment_proxy(url: str) -> str | None:
    """The environment's proxy for a server; None for one on this machine.

    For aiohttp, whose own look-up of the proxy would also read `~/.netrc`.
    """
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.netloc):
        return None
    return getproxies().get(parts.scheme)


def _header(text: str, resolved: Callable[[str, str], str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name = name.strip()
    where = f"--header {name}"
    if not equals or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        raise TargetUsageError(
            "a header is given as NAME=VALUE", where="--header", advice="write X-Team=qa, or X-Gate-Token=env:NAME"
        )
    if name.lower() in _TAKEN:
        raise TargetUsageError(
            f"{name} is a header that the suite or its client sets itself",
            where=where,
            advice="leave it out; the session key is given with SESSION_API_KEY or --key-file",
        )
    if not REFERENCE.fullmatch(value) and _SOUNDS_SECRET.search(name):
        raise TargetUsageError(
            f"the value of {name} is given in the clear", where=where, advice="write env:NAME or file:PATH"
        )
    value = resolved(value, where)
    if not re.fullmatch(r"[ -~]*", value):
        raise TargetUsageError(
            "the value holds a character that no header can carry", where=where, advice="printable ASCII alone"
        )
    return name, value


def is_loopback(base_url: str) -> bool:
    """Whether a URL is on this machine, which a proxy of the environment can't reach."""
    return urlsplit(base_url).hostname in {"127.0.0.1", "::1", "localhost"}
