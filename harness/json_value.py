"""The type of a JSON value, and its one-line form."""

from __future__ import annotations

import json
from typing import Any

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


type Schema = dict[str, Any]


DIALECT = "https://json-schema.org/draft/2020-12/schema"


_SHOWN = 300
"""Characters of a value that a finding shows; the report has the whole exchange."""


def shorten(value: Json) -> str:
    """A value as JSON, cut to fit in a line of a report; null becomes `nothing`."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return cut(text, _SHOWN, f"… ({len(text)} characters)")


def cut(text: str, most: int, end: str = "…") -> str:
    """The first characters of a text that is too long, and an end that says so."""
    return text if len(text) <= most else f"{text[:most]}{end}"
