"""A JSON value, as every stage passes it on, and how it is shown in a line."""

from __future__ import annotations

import json
from typing import Any

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


type Schema = dict[str, Any]


DIALECT = "https://json-schema.org/draft/2020-12/schema"


_SHOWN = 300
"""Characters of a value that a finding shows; the whole exchange stands in the report anyway."""


def shorten(value: Json) -> str:
    """A value as JSON, cut to what fits in a line of a report; null reads `nothing`."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
