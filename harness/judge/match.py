"""Compares a value with an expected literal, or validates it by a JSON Schema."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.json_value import shorten

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

    from harness.json_value import Json


def literal_mismatch(expected: Json, actual: Json) -> tuple[str, str] | None:
    """None if both are the same JSON value, else the expected and the actual one, each as short text.

    1 equals 1.0, and neither equals true.
    """
    return None if _equal(expected, actual) else (shorten(expected), shorten(actual))


def schema_mismatch(expected: dict[str, Json], actual: Json) -> tuple[str, str] | None:
    """None if the value is valid by a JSON Schema (draft 2020-12, `format` asserted), else likewise."""
    try:
        error = next(_validator(json.dumps(expected)).iter_errors(actual), None)
    except RecursionError:
        return shorten(expected), "a value nested too deeply to look at"
    if error is None:
        return None
    where = f" at {error.json_path}" if error.absolute_path else ""
    wanted = expected if error.validator is None else {str(error.validator): error.validator_value}
    return f"{shorten(wanted)}{where}", shorten(error.instance)


def _equal(expected: Json, actual: Json) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(_equal, expected, actual))
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(_equal(expected[name], actual[name]) for name in expected)
    return expected == actual


@lru_cache(maxsize=1024)
def _validator(schema: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)
