"""A model provider for Inspect: `inspect eval task.py --model openhands/PROFILE`. The extra `inspect` installs Inspect.

Inspect imports this module by its entry point at every start, for any model, so the provider itself is imported on use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspect_ai.model import modelapi

from harness.targets.extras import require

if TYPE_CHECKING:
    from inspect_ai.model import ModelAPI


@modelapi(name="openhands")
def openhands() -> type[ModelAPI]:
    """The provider behind `openhands/PROFILE`. Raises TargetUsageError when the extra is not installed."""
    require("aiohttp", "inspect")
    from harness.inspect_provider.provider import OpenHandsAPI

    return OpenHandsAPI
