"""Compares the shapes of two bodies: their keys and JSON types, not their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scenarios.paths import render_location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.json_value import Json

_NOTHING = "nothing"


def shape_mismatches(
    example: Json, actual: Json, location: tuple[str | int, ...] = ()
) -> Iterator[tuple[str, str, str]]:
    """Each difference: its path, the type in the example, the actual type.

    Every item of a list is compared with the example's first; an empty example accepts any items. Both are decoded
    bodies, so at most a hundred levels deep.
    """
    if _type(example) != _type(actual):
        yield render_location(location), _type(example), _type(actual)
    elif isinstance(example, dict) and isinstance(actual, dict):
        for name, value in example.items():
            if name in actual:
                yield from shape_mismatches(value, actual[name], (*location, name))
            else:
                yield render_location((*location, name)), _type(value), _NOTHING
        for name, value in actual.items():
            if name not in example:
                yield render_location((*location, name)), _NOTHING, _type(value)
    elif isinstance(example, list) and isinstance(actual, list) and example:
        for index, item in enumerate(actual):
            yield from shape_mismatches(example[0], item, (*location, index))


def _type(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
