"""The session keys of a server that the harness starts: several, all valid, with all that a key may be made of."""

from __future__ import annotations

import secrets

from harness.targets.secret import Secret

PUNCTUATION = "+/=%2B:;&\"'\\<>,?#~"
"""What a gateway may take for a part of something else: base64, a query, JSON, HTML, a list, a pair of names."""


OTHER_PLACEHOLDERS = ("$OTHER_SESSION_API_KEY", "$LAST_SESSION_API_KEY")
"""What reports show in place of the keys beside the first."""


def make_key() -> str:
    """A random key of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(24)


def make_other_keys() -> tuple[Secret, ...]:
    """Two more keys, one with punctuation and one with a blank. Released server 1.58.0 takes both, in either form."""
    return (
        Secret(make_key() + PUNCTUATION + make_key(), OTHER_PLACEHOLDERS[0]),
        Secret(f"{make_key()} {make_key()}", OTHER_PLACEHOLDERS[1]),
    )
