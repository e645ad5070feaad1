"""The ways to present a credential, as headers on the wire."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from harness.scenarios.model import Auth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json

AUTHORIZATION = "Authorization"
SESSION_HEADER = "X-Session-API-Key"
WRONG_KEY = "wrong-key-of-the-conformance-harness"
"""Recognisable in the target's logs, and no secret."""


def credential(auth: Auth, key: str | None) -> dict[str, Json]:
    """The two headers that can carry a key, for one way to present it; None leaves one out.

    No key at all means an open server.
    """
    if key is None and auth in {Auth.BEARER, Auth.SESSION_HEADER, Auth.BOTH}:
        return {AUTHORIZATION: None, SESSION_HEADER: None}
    key = key or ""
    bearer, wrong = f"Bearer {key}", f"Bearer {WRONG_KEY}"
    authorization, session = {
        Auth.BEARER: (bearer, None),
        Auth.SESSION_HEADER: (None, key),
        Auth.BOTH: (bearer, key),
        Auth.NONE: (None, None),
        Auth.EMPTY_BEARER: ("Bearer", None),  # a blank at the end is not part of a header's value (RFC 9110)
        Auth.EMPTY_SESSION_HEADER: (None, ""),
        Auth.WRONG_BEARER: (wrong, None),
        Auth.WRONG_SESSION_HEADER: (None, WRONG_KEY),
        Auth.RIGHT_BEARER_WRONG_SESSION_HEADER: (bearer, WRONG_KEY),
        Auth.WRONG_BEARER_RIGHT_SESSION_HEADER: (wrong, key),
        Auth.LOWERCASE_BEARER: (f"bearer {key}", None),
        Auth.KEY_WITHOUT_SCHEME: (key, None),
        Auth.BASIC: (f"Basic {basic_token(key)}", None),
    }[auth]
    return {AUTHORIZATION: authorization, SESSION_HEADER: session}


def written(auth: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """The headers and the query parameters of an `auth` that is sent exactly as written."""
    headers = {name: value for name, value in auth.items() if not name.startswith("?")}
    query = {name[1:]: value for name, value in auth.items() if name.startswith("?")}
    return {AUTHORIZATION: None, SESSION_HEADER: None} | headers, query


def key_variables(key: str | None) -> dict[str, Json]:
    """The values of `harness.scenarios.substitute.KEY_VARIABLES`; all but the wrong key are to be redacted like it."""
    key = key or ""
    swapped = key.swapcase()
    return {
        "key": key,
        "wrong_key": WRONG_KEY,
        "key_prefix": key[:-1],
        "key_suffix": key[1:],
        "longer_key": f"{key}{EXTRA}",
        "swapped_key": swapped if swapped != key else WRONG_KEY,  # a key without letters is still the right one
        "basic_key": basic_token(key),
    }


EXTRA = "x"
"""What the longer key has at its end."""


def basic_token(key: str) -> str:
    """The key as the password of HTTP Basic; to be redacted like the key itself."""
    return b64encode(f"session:{key}".encode()).decode()
