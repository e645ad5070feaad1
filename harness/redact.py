"""Keeping secrets out: done once, when all is played and judged, so that no writer can leak what it never had.

A known secret is replaced wherever it turns up, in whatever spelling is usual on the wire, by a placeholder that reads
as a shell variable: a `curl` line made of a redacted request works as it stands. What is not known to us but looks like
a secret (a credential header, a value under a key such as `api_key`) is masked.

It is not done any earlier: with a session key such as `openhands` the judge would then miss `owned_by: openhands`.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from html.entities import codepoint2name
from typing import TYPE_CHECKING
from urllib.parse import quote

from harness.run.credentials import WRONG_KEY, basic_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.scenarios.model import Json
    from harness.trace import Exchange, Trace
    from harness.verdict import ScenarioVerdict

MASK = "[redacted]"
SESSION_PLACEHOLDER = "$SESSION_API_KEY"

BASIC_PLACEHOLDER = f"base64(session:{SESSION_PLACEHOLDER})"

SHORTEST = 4
"""Characters. A shorter key is no secret, and replacing it everywhere would make a report unreadable."""

_AUTHORIZATION_HEADERS = {"authorization", "proxy-authorization", "x-session-api-key", "api-key", "x-api-key"}
_COOKIE_HEADERS = {"cookie", "set-cookie"}
_NO_SECRETS = {"", "bearer", "basic", SESSION_PLACEHOLDER, BASIC_PLACEHOLDER, WRONG_KEY}

_SECRET_FIELD = re.compile(
    r"""("(?:\w*[_-])?(?:api_?key|password|passwd|secret|secret_key|access_key|private_key|authorization|(?:access_|refresh_|auth_|id_|session_)token)"\s*:\s*)"(?:[^"\\]++|\\.)++\"""",
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
        secrets = {**({SESSION_PLACEHOLDER: session_key} if session_key else {}), **(others or {})}
        self._secrets = {name: secret for name, secret in secrets.items() if len(secret) >= SHORTEST}
        self._literals: dict[str, str] = {}
        if SESSION_PLACEHOLDER in self._secrets:
            self._literals[basic_token(self._secrets[SESSION_PLACEHOLDER])] = BASIC_PLACEHOLDER
        longest_first = sorted(self._secrets.items(), key=lambda item: len(item[1]), reverse=True)
        for name, secret in longest_first:
            self._literals |= dict.fromkeys(_literals(secret), name)
        self._escaped = [(re.compile("".join(map(_character, secret))), name) for name, secret in longest_first]

    def text(self, text: str) -> str:
        r"""The text without secrets, and fit for a file: half a surrogate pair, which JSON can say, stays `\ud800`."""
        text = text.encode("utf-8", "backslashreplace").decode()
        for literal, placeholder in self._literals.items():
            text = text.replace(literal, placeholder)
        if "\\" in text or "%" in text or "&" in text:
            for pattern, placeholder in self._escaped:
                text = pattern.sub(placeholder, text)
        return _SECRET_FIELD.sub(rf'\1"{MASK}"', text)

    def excerpt(self, text: str) -> str:
        """Likewise for a text that was cut, where an ellipsis stands: it may end in the beginning of a secret."""
        *cut, end = self.text(text).split("…")
        return "…".join([*map(self._without_beginning, cut), end])

    def _without_beginning(self, text: str) -> str:
        for placeholder, secret in self._secrets.items():
            for spelling in (secret, json.dumps(secret)[1:-1]):
                for length in range(len(spelling) - 1, SHORTEST - 1, -1):
                    if text.endswith(spelling[:length]):
                        return text[:-length] + placeholder
        return text

    def json(self, value: Json) -> Json:
        """A JSON value without secrets, names of members included."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.json(item) for item in value]
            case dict():
                return {self.text(name): self.json(item) for name, item in value.items()}
            case _:
                return value

    def content(self, content: bytes) -> bytes:
        """A body without secrets. It is looked at byte by byte, so that it need not be text."""
        return self.text(content.decode("latin-1")).encode("latin-1") if content else content

    def headers(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Headers without secrets, in the same order."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        name, redacted = name.lower(), self.text(value)
        if name in _COOKIE_HEADERS:
            return MASK
        scheme, _, token = redacted.rpartition(" ")
        if name not in _AUTHORIZATION_HEADERS or token in _NO_SECRETS or token.lower() in _NO_SECRETS:
            return redacted
        return f"{scheme} {MASK}".strip()

    def verdict(self, verdict: ScenarioVerdict) -> ScenarioVerdict:
        """The verdict without secrets."""
        return replace(
            verdict,
            reason=verdict.reason and self.excerpt(verdict.reason),
            findings=tuple(
                replace(
                    finding,
                    check=self.excerpt(finding.check),
                    expected=self.excerpt(finding.expected),
                    actual=self.excerpt(finding.actual),
                )
                for finding in verdict.findings
            ),
        )

    def trace(self, trace: Trace) -> Trace:
        """The trace without secrets."""
        return replace(
            trace,
            variables={name: self.json(value) for name, value in trace.variables.items()},
            exchanges=tuple(map(self.exchange, trace.exchanges)),
            stopped=trace.stopped and self.excerpt(trace.stopped),
            lost=trace.lost and self.excerpt(trace.lost),
            harness_error=trace.harness_error and self.excerpt(trace.harness_error),
        )

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


def _literals(secret: str) -> Iterator[str]:
    """A secret as it is, as its bytes look one by one, and in base64 with whatever stands before and after it."""
    content = secret.encode()
    yield secret
    yield content.decode("latin-1")
    for before in range(3):  # bytes in front, modulo 3: they shift all the letters
        known = slice((before * 8 + 5) // 6, (before + len(content)) * 8 // 6)  # the letters that nothing else is in
        yield b64encode(bytes(before) + content).decode()[known]
        yield urlsafe_b64encode(bytes(before) + content).decode()[known]


def _character(character: str) -> str:
    """A pattern of one character of a secret, which may be escaped for JSON (twice, too), a URL or HTML."""
    plain = re.escape(character)
    if not character.isascii():  # the last form: its bytes, as a body is looked at
        forms = (json.dumps(character)[1:-1], quote(character, safe=""), character.encode().decode("latin-1"))
        return f"(?:{plain}|(?i:{'|'.join(map(re.escape, forms))}))"
    code = ord(character)
    escaped = rf"\\{{1,3}}u00{code:02x}|%(?:25)?{code:02x}|&#0*{code};|&#x0*{code:x};"
    if code in codepoint2name:
        escaped += f"|&{codepoint2name[code]};"
    backslashes = "" if character.isalnum() else r"\\{0,3}"
    return f"(?:{backslashes}{plain}|(?i:{escaped}))"
