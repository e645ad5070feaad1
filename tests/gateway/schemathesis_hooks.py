"""Values that Schemathesis can't read from the OpenAPI document: an existing model and conversation.

Without it nearly every request for a completion ends with 404.
"""

from __future__ import annotations

import os
import uuid
from typing import Any

import schemathesis

CONVERSATION = os.environ["KNOWN_CONVERSATION"]


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    if (
        context.operation.path in {"/v1/chat/completions", "/v1/responses"}
        and isinstance(body, dict)
        and isinstance(body.get("model"), str)
    ):
        return {**body, "model": "openhands_scripted"}
    return body


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
    if context.operation.method == "get" and _is_uuid((path_parameters or {}).get("conversation")):
        return {**path_parameters, "conversation": CONVERSATION}
    return path_parameters


def _is_uuid(value: Any) -> bool:
    try:
        return bool(uuid.UUID(value).hex)
    except (ValueError, TypeError, AttributeError):
        return False
