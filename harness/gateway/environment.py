"""The secrets of `serve`, taken out of the environment: behind the gateway an agent runs commands."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.json_value import Json


def take(name: str) -> str | None:
    """Take a variable out of the environment, and wipe its value where the process was given it.

    Every process of the same user, a command of the agent's too, can read the latter as /proc/PID/environ.
    """
    value = os.environ.get(name)
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_void_p
    if address := getenv(name.encode()):
        ctypes.memset(address, 0, len(ctypes.string_at(address)))
    os.environ.pop(name, None)
    return value


def take_model() -> dict[str, Json] | None:
    """`LLM_MODEL` and what goes with it, by the agent SDK's names; None when there is no such model."""
    found = {name: take(f"LLM_{name.upper()}") for name in ("model", "api_key", "base_url")}
    return {name: value for name, value in found.items() if value} if found["model"] else None
