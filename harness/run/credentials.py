"""The ways to present a credential, as headers on the wire."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from harness.scenarios.model import Auth

SESSION_HEADER = "X-Session-API-Key"
WRONG_KEY = "wrong-key-of-the-conformance-harness"
"""Recognisable in the target's logs, and no secret."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The two headers that can carry a key; None leaves one out."""

    authorization: str | None
    session: str | None


def credential(auth: Auth, key: str | None) -> Credential:
    """The headers for one way to authenticate with the session key; no key at all means an open server."""
    if key is None and auth in {Auth.BEARER, Auth.SESSION_HEADER, Auth.BOTH}:
        return Credential(None, None)
    key = key or ""
    bearer, wrong = f"Bearer {key}", f"Bearer {WRONG_KEY}"
    return {
        Auth.BEARER: Credential(bearer, None),
        Auth.SESSION_HEADER: Credential(None, key),
        Auth.BOTH: Credential(bearer, key),
        Auth.NONE: Credential(None, None),
        Auth.EMPTY_BEARER: Credential("Bearer", None),  # a blank at the end is not part of a header's value (RFC 9110)
        Auth.EMPTY_SESSION_HEADER: Credential(None, ""),
        Auth.WRONG_BEARER: Credential(wrong, None),
        Auth.WRONG_SESSION_HEADER: Credential(None, WRONG_KEY),
        Auth.RIGHT_BEARER_WRONG_SESSION_HEADER: Credential(bearer, WRONG_KEY),
        Auth.WRONG_BEARER_RIGHT_SESSION_HEADER: Credential(wrong, key),
        Auth.LOWERCASE_BEARER: Credential(f"bearer {key}", None),
        Auth.KEY_WITHOUT_SCHEME: Credential(key, None),
        Auth.BASIC: Credential(f"Basic {basic_token(key)}", None),
    }[auth]


def basic_token(key: str) -> str:
    """The key as the password of HTTP Basic; to be redacted like the key itself."""
    return b64encode(f"session:{key}".encode()).decode()
