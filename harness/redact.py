"""Keeping secrets out: done once, where an exchange is recorded, so that no later stage can leak what it never had.

A known secret is replaced wherever it turns up, in whatever encoding is usual on the wire, by a placeholder that reads
as a shell variable: a `curl` line made of a redacted request works as it stands. What is not known to us but looks like
a secret (a credential header, a value under a key such as `api_key`) is masked.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from harness.run.credentials import WRONG_KEY, basic_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.trace import Exchange

MASK = "[redacted]"
SESSION_PLACEHOLDER = "$SESSION_API_KEY"

SHORTEST = 4
"""Characters. A shorter key is no secret, and replacing it everywhere would make a report unreadable."""

_CREDENTIAL_HEADERS = {
    "authorization",
    "proxy-authorization",
    "x-session-api-key",
    "api-key",
    "x-api-key",
    "cookie",
    "set-cookie",
}

_SECRET_FIELD = re.compile(
    r"""("(?:\w*[_-])?(?:api_?key|password|passwd|secret|secret_key|access_key|private_key|authorization|(?:access_|refresh_|auth_|id_|session_)token)"\s*:\s*)"(?:[^"\\]|\\.)+\"""",
    re.IGNORECASE,
)
"""A JSON member whose name says that its text is a secret. Counts such as `prompt_tokens` are no such names."""


class Redactor:
    """Replaces known secrets and masks what looks like one.

    Args:
        session_key: the target's session key, if any.
        others: further secrets, such as a model's key, by placeholder.
    """

    def __init__(self, session_key: str | None, others: Mapping[str, str] | None = None) -> None:
        self._replacements: dict[str, str] = {}
        if session_key:
            self._add(basic_token(session_key), SESSION_PLACEHOLDER)
            self._add(session_key, SESSION_PLACEHOLDER)
        for placeholder, secret in (others or {}).items():
            self._add(secret, placeholder)
        longest_first = sorted(self._replacements, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def _add(self, secret: str, placeholder: str) -> None:
        if len(secret) < SHORTEST:
            return
        encoded = b64encode(secret.encode()).decode().rstrip("=")
        for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), encoded):
            self._replacements.setdefault(form, placeholder)

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._replacements[found[0]], text)
        return _SECRET_FIELD.sub(rf'\1"{MASK}"', text)

    def content(self, content: bytes) -> bytes:
        """A body without secrets. It is looked at byte by byte, so that it need not be text."""
        return self.text(content.decode("latin-1")).encode("latin-1") if content else content

    def headers(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Headers without secrets, in the same order."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        redacted = self.text(value)
        if name.lower() not in _CREDENTIAL_HEADERS:
            return redacted
        scheme, _, token = redacted.rpartition(" ")
        known = not token or SESSION_PLACEHOLDER in token or token == WRONG_KEY
        return redacted if known else f"{scheme} {MASK}".strip()

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without secrets: request, response, failure and the client's view."""
        request, response, client = exchange.request, exchange.response, exchange.client
        return replace(
            exchange,
            request=replace(
                request,
                url=self.text(request.url),
                headers=self.headers(request.headers),
                body=self.content(request.body),
            ),
            response=response
            and replace(response, headers=self.headers(response.headers), body=self.content(response.body)),
            failure=exchange.failure and self.text(exchange.failure),
            client=client
            and replace(
                client,
                message=client.message and self.text(client.message),
                problems=tuple(map(self.text, client.problems)),
            ),
        )
