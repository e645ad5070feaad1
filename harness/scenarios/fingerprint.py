"""Whether two scenarios of one name are one scenario: fingerprints of what it sends and of what it expects.

Two runs can be compared where both played the same; a recorded trace can be judged by another scenario where that one
would have sent the same.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.scenarios.model import Scenario

_ELSEWHERE = {"location", "expect"}
"""Where a step stands changes nothing; what it expects has a fingerprint of its own."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Sixteen hexadecimal digits each: of all that decides what is sent, and of all that decides the verdict on it."""

    sends: str
    expects: str


def fingerprint(scenario: Scenario) -> Fingerprint:
    """Of a scenario as it was loaded; titles, tags and places don't matter."""
    parts = (scenario.setup, scenario.steps)
    expectations = [[step.expect for step in part] for part in parts]
    return Fingerprint(
        sends=digest([scenario.variables, parts]),
        expects=digest([scenario.requirement, scenario.control, scenario.needs, expectations]),
    )


def digest(value: object) -> str:
    """Sixteen hexadecimal digits of the canonical JSON of a value: plain ones, sets of texts, dataclasses."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> object:
    """A set in order; a dataclass as what is not its default, so that a new field changes no older scenario."""
    if isinstance(value, frozenset):
        return sorted(value)
    return {
        "": type(value).__name__,
        **{
            field.name: held
            for field in fields(value)
            if field.name not in _ELSEWHERE
            and (held := getattr(value, field.name))
            != (field.default if field.default_factory is MISSING else field.default_factory())
        },
    }
