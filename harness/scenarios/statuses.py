"""Which statuses an expectation admits, as far as that can be said without a request."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.scenarios.model import Json

_ALL = range(100, 600)

# The keywords that say something about a number, and what they ask of it. Others are taken to admit everything.
_ADMITS: Mapping[str, Callable[[int, Any], bool]] = {
    "const": operator.eq,
    "enum": lambda status, options: status in options,
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
    "exclusiveMaximum": operator.lt,
}


def admitted(status: Json) -> frozenset[int]:
    """The statuses from 100 to 599 that an expected status may turn out to be.

    Args:
        status: an integer, a JSON Schema, or text: a variable that nothing is known of.
    """
    match status:
        case bool() | None | float() | list():
            return frozenset()
        case int():
            return frozenset({status})
        case str():
            return frozenset(_ALL)
        case dict():
            known = [(_ADMITS[key], wanted) for key, wanted in status.items() if key in _ADMITS and _is_fixed(wanted)]
            return frozenset(code for code in _ALL if all(admits(code, wanted) for admits, wanted in known))


def _is_fixed(wanted: Json) -> bool:
    """Whether no variable stands in it, so that it can be compared now."""
    return not any(isinstance(part, str) for part in (wanted if isinstance(wanted, list) else [wanted]))
