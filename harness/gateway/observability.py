"""`X-OpenHands-Observability-*`: headers that control the tracing of a turn.

The gateway does no tracing. It validates the headers as released servers do (1.30.0 and later), so that a client's
mistake shows here too, and then ignores them.
"""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Header
from pydantic import AfterValidator


def _flat(metadata: str) -> str:
    """Validate a JSON object of scalars or of lists of one type of scalar: the attributes a span can have."""
    if not metadata:
        return metadata
    try:
        value = json.loads(metadata)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(value, dict) or not all(_is_attribute(item) for item in value.values()):
        raise ValueError("it is no flat JSON object of texts, numbers and booleans")
    return metadata


def _is_attribute(value: object) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, str | bool | int | float) for item in items) and len({type(i) for i in items}) <= 1


def check_observability(
    _span_name: Annotated[
        str,
        Header(alias="X-OpenHands-Observability-Span-Name", max_length=128, pattern=r"^[A-Za-z0-9._:/-]*$"),
    ] = "",
    _metadata: Annotated[
        str,
        AfterValidator(_flat),
        Header(alias="X-OpenHands-Observability-Metadata", description="A flat JSON object."),
    ] = "",
    _tags: Annotated[str, Header(alias="X-OpenHands-Observability-Tags", description="Any, divided by commas.")] = "",
    _parent_span_context: Annotated[str, Header(alias="X-OpenHands-Observability-Parent-Span-Context")] = "",
) -> None:
    """Refuse malformed headers with 422; an empty one counts as absent."""
