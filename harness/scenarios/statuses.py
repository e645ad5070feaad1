"""The statuses that an expectation admits, as far as known before the request."""

from __future__ import annotations

import operator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.json_value import Json

_ALL = frozenset(range(100, 600))

_BOUNDS: Mapping[str, Callable[[int, Any], bool]] = {
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
    "exclusiveMaximum": operator.lt,
}


def admitted(status: Json) -> frozenset[int]:
    """The statuses from 100 to 599 that match an expected status.

    Keywords that don't constrain the number admit every status, and so do variables.

    Args:
        status: an integer, a JSON Schema, or an unknown `${name}`; None, no answer, admits none.
    """
    if isinstance(status, str):
        return _ALL
    if status is None:
        return frozenset()
    if not isinstance(status, dict):
        return _listed([status])
    codes = _listed(status.get("enum")) & _listed([status.get("const")])
    for bound in _BOUNDS:
        limit = status.get(bound)
        if isinstance(limit, int | float):
            codes &= _within(bound, limit)
    return codes


def is_named(code: int, status: Json) -> bool:
    """Whether an expected status lists a code by itself, rather than in a range or by saying nothing about it."""
    if not isinstance(status, dict):
        return status == code
    enum = status.get("enum")
    return status.get("const") == code or (isinstance(enum, list) and code in enum)


@cache  # a corpus has three or four bounds, hundreds of times
def _within(bound: str, limit: float) -> frozenset[int]:
    return frozenset(code for code in _ALL if _BOUNDS[bound](code, limit))


def _listed(options: Json) -> frozenset[int]:
    """The statuses in a list of values; all statuses if there is no list, or a variable in it."""
    if not isinstance(options, list) or any(isinstance(option, str) or option is None for option in options):
        return _ALL
    return _ALL.intersection(option for option in options if isinstance(option, int))
