"""Fingerprints of a scenario's requests and of its expectations, to tell whether a scenario changed.

Two runs are comparable if both fingerprints agree; a recorded trace can be judged by a changed scenario that sends the
same.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.scenarios.model import Scenario

_ELSEWHERE = {"location", "expect", "promises"}
"""A step's location and whose promise it relies on don't matter; its expectations have their own fingerprint."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Sixteen hexadecimal digits each: of everything that determines the requests, and the verdict on them."""

    sends: str
    expects: str


def fingerprint(scenario: Scenario) -> Fingerprint:
    """The fingerprint of a loaded scenario; titles, tags and locations don't matter."""
    parts = (scenario.setup, scenario.steps)
    expectations = [[step.expect for step in part] for part in parts]
    watched = [scenario.watch] if scenario.watch else []  # so that it changes no other fingerprint
    return Fingerprint(
        sends=digest([scenario.variables, parts]),
        expects=digest([scenario.requirement, scenario.control, scenario.needs, expectations, *watched]),
    )


def digest(value: object) -> str:
    """Sixteen hexadecimal digits of a value's canonical JSON: plain values, sets of texts, dataclasses."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> object:
    """A set, sorted; a dataclass without default values, so that a new field changes no older scenario."""
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
