"""Redacts secrets once, after the verdicts and before any writer, so that no writer can leak them.

A known secret is replaced everywhere, in every spelling usual on the wire, by a placeholder that is a shell variable,
so that the `curl` line of a redacted request works. An unknown value that looks like a secret (a credential header, a
value under a key such as `api_key`) is masked.

Redacting earlier would mislead the judge: with the session key `openhands` it would miss `owned_by: openhands`.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from html.entities import codepoint2name
from typing import TYPE_CHECKING
from urllib.parse import quote

from harness.credentials import EXTRA, WRONG_KEY, basic_token, key_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.json_value import Json
    from harness.trace import Attempt, Exchange, Request, Response, Trace
    from harness.verdict import ScenarioVerdict

MASK = "[redacted]"
SESSION_PLACEHOLDER = "$SESSION_API_KEY"

BASIC_PLACEHOLDER = f"base64(session:{SESSION_PLACEHOLDER})"

LONGER_PLACEHOLDER = f"${{SESSION_API_KEY}}{EXTRA}"
DERIVED_PLACEHOLDERS = {
    "key_prefix": "${SESSION_API_KEY%?}",
    "key_suffix": "${SESSION_API_KEY#?}",
    "swapped_key": "${SESSION_API_KEY~~}",  # needs bash 4
}
"""Shell expressions of the variants of the key, by variable of `auth`."""

SHORTEST = 4
"""Characters. A shorter key is not secret, and replacing it everywhere would make a report unreadable."""

_SHORTEST_RECOGNISABLE = 8

_AUTHORIZATION_HEADERS = {"authorization", "proxy-authorization", "x-session-api-key", "api-key", "x-api-key"}
_NO_SECRETS = {"", "bearer", "basic", SESSION_PLACEHOLDER, BASIC_PLACEHOLDER, LONGER_PLACEHOLDER, WRONG_KEY}.union(
    DERIVED_PLACEHOLDERS.values()
)

_SECRET_FIELD = re.compile(
    r"""("(?:\w*[_-])?(?:api_?key|password|passwd|secret|secret_key|access_key|private_key|authorization|(?:access_|refresh_|auth_|id_|session_)token)"\s*:\s*)"(?:[^"\\]++|\\.)++\"""",
    re.IGNORECASE,
)
"""A JSON member whose name marks its text as secret, unlike counts such as `prompt_tokens`."""


class Redactor:
    """Replaces known secrets and masks values that look like secrets.

    Args:
        session_key: the target's session key, if any.
        others: other secrets, such as a model's key, by placeholder.
    """

    def __init__(self, session_key: str | None, others: Mapping[str, str] | None = None) -> None:
        key = session_key if session_key and len(session_key) >= SHORTEST else None
        known = {**({SESSION_PLACEHOLDER: key} if key else {}), **_long_enough(others or {})}
        derived = _long_enough(_derived(key)) if key else {}
        self._secrets = known | derived
        whole = {basic_token(key): BASIC_PLACEHOLDER, key + EXTRA: LONGER_PLACEHOLDER} if key else {}
        # Derived secrets contain most of the key, so the key is replaced first.
        self._passes = [_Replacement(known, whole), *([_Replacement(derived, {}, _cores(key))] if key else [])]

    def text(self, text: str) -> str:
        r"""The text without secrets, as valid UTF-8: half a surrogate pair becomes `\ud800`."""
        text = text.encode("utf-8", "backslashreplace").decode()
        for replacement in self._passes:
            text = replacement.made_in(text)
        return _SECRET_FIELD.sub(rf'\1"{MASK}"', text)

    def excerpt(self, text: str) -> str:
        """The same for a text cut at ellipses, where the beginning of a secret may be left."""
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
        """A JSON value without secrets, also in member names."""
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
        """A body without secrets, processed as bytes, since it need not be text."""
        return self.text(content.decode("latin-1")).encode("latin-1") if content else content

    def headers(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Headers without secrets, in the same order."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        name, redacted = name.lower(), self.text(value)
        if name == "set-cookie":
            return MASK
        if name == "cookie":
            return "; ".join(map(_cookie, redacted.split(";")))
        if name not in _AUTHORIZATION_HEADERS or not self._secrets.keys().isdisjoint(
            {redacted, redacted.partition(" ")[2]}
        ):
            return redacted
        scheme, _, token = redacted.rpartition(" ")
        if token in _NO_SECRETS or token.lower() in _NO_SECRETS:
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
        """The exchange without secrets: requests, responses, failure and the client's view."""
        client = exchange.client
        return replace(
            exchange,
            request=self._request(exchange.request),
            response=exchange.response and self._response(exchange.response),
            failure=exchange.failure and self.text(exchange.failure),
            refusals=tuple(
                replace(each, response=each.response and self._response(each.response)) for each in exchange.refusals
            ),
            attempts=tuple(
                replace(
                    each, request=self._request(each.request), response=each.response and self._response(each.response)
                )
                for each in exchange.attempts
            ),
            client=client
            and replace(
                client,
                message=client.message and self.text(client.message),
                problems=tuple(map(self.text, client.problems)),
            ),
        )

    def _attempt(self, attempt: Attempt) -> Attempt:
        response = attempt.response and self._response(attempt.response)
        return replace(attempt, request=self._request(attempt.request), response=response)

    def _request(self, request: Request) -> Request:
        return replace(
            request,
            url=self.text(request.url),
            headers=self.headers(request.headers),
            body=self.content(request.body),
        )

    def _response(self, response: Response) -> Response:
        return replace(response, headers=self.headers(response.headers), body=self.content(response.body))


class _Replacement:
    """Puts placeholders where secrets are, however they are spelled.

    Args:
        secrets: by placeholder.
        literals: other texts to replace, exactly and first, by replacement.
        cores: each secret contains one of these, so a text without them is not searched for escaped secrets.
    """

    def __init__(self, secrets: Mapping[str, str], literals: Mapping[str, str], cores: Iterable[str] = ()) -> None:
        longest_first = sorted(secrets.items(), key=lambda item: len(item[1]), reverse=True)
        self._literals = dict(literals)
        for name, secret in longest_first:
            self._literals |= dict.fromkeys(_literals(secret), name)
        self._escaped = [("".join(map(_character, secret)), name) for name, secret in longest_first]
        self._cores = re.compile("|".join("".join(map(_character, core)) for core in cores))

    def made_in(self, text: str) -> str:
        for literal, placeholder in self._literals.items():
            text = text.replace(literal, placeholder)
        if ("\\" in text or "%" in text or "&" in text) and self._cores.search(text):
            for pattern, placeholder in self._escaped:
                text = re.sub(pattern, placeholder, text)  # `re` caches compiled patterns
        return text


def _derived(key: str) -> dict[str, str]:
    """The variants of the session key in `auth`, by placeholder."""
    variables = key_variables(key)
    derived = {placeholder: str(variables[name]) for name, placeholder in DERIVED_PLACEHOLDERS.items()}
    return {placeholder: secret for placeholder, secret in derived.items() if secret != WRONG_KEY}


def _cores(key: str) -> tuple[str, str]:
    """The common part of a key's prefix and suffix, in either case."""
    return key[1:-1], key[1:-1].swapcase()


def _long_enough(secrets: Mapping[str, str]) -> dict[str, str]:
    return {name: secret for name, secret in secrets.items() if len(secret) >= SHORTEST}


def _cookie(pair: str) -> str:
    name, _, value = pair.strip().partition("=")
    return f"{name}={value if value in _NO_SECRETS else MASK}"


def recognisable(keys: Iterable[str | None]) -> tuple[tuple[str, ...], ...]:
    """Every spelling of each key that a server says only when it gives it away: `openhands` it says for itself."""
    return tuple(
        tuple({*_literals(key), quote(key, safe=""), json.dumps(key)[1:-1], html.escape(key)})
        for key in keys
        if key and len(key) >= _SHORTEST_RECOGNISABLE and any(map(str.isdecimal, key)) and any(map(str.isalpha, key))
    )


def _literals(secret: str) -> Iterator[str]:
    """A secret, its UTF-8 bytes as Latin-1, and its base64 forms within any surrounding bytes."""
    content = secret.encode()
    yield secret
    yield content.decode("latin-1")
    for before in range(3):  # preceding bytes, modulo 3, shift all base64 letters
        known = slice((before * 8 + 5) // 6, (before + len(content)) * 8 // 6)  # letters that depend on the secret only
        yield b64encode(bytes(before) + content).decode()[known]
        yield urlsafe_b64encode(bytes(before) + content).decode()[known]


def _character(character: str) -> str:
    """A pattern of a character of a secret, which may be escaped for JSON (even twice), a URL or HTML."""
    plain = re.escape(character)
    if not character.isascii():  # the last form: its bytes in a body
        forms = (json.dumps(character)[1:-1], quote(character, safe=""), character.encode().decode("latin-1"))
        return f"(?:{plain}|(?i:{'|'.join(map(re.escape, forms))}))"
    code = ord(character)
    escaped = rf"\\{{1,3}}u00{code:02x}|%(?:25)?{code:02x}|&#0*{code};|&#x0*{code:x};"
    if code in codepoint2name:
        escaped += f"|&{codepoint2name[code]};"
    backslashes = "" if character.isalnum() else r"\\{0,3}"
    return f"(?:{backslashes}{plain}|(?i:{escaped}))"
