"""The built-in variables of a scenario, made afresh for each one from the run's seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from harness.scenarios.model import Json

MODEL_PREFIX = "openhands_"
SCRATCH_PREFIX = "harness-"
"""Profiles that the harness creates start with this, so that a guest's leftovers are recognisable."""


def built_in(seed: str, scenario: str, model: str) -> dict[str, Json]:
    """The values of `harness.scenarios.substitute.BUILT_IN` for one scenario; the same seed gives the same values."""
    source = random.Random(f"{seed}/{scenario}")  # noqa: S311 - names, not secrets; a seed makes a run repeatable
    word = _word(source)
    return {
        "model": model,
        "profile": model.removeprefix(MODEL_PREFIX),
        "word": word,
        "other_word": _word(source),
        "uuid": str(UUID(int=source.getrandbits(128), version=4)),
        "other_uuid": str(UUID(int=source.getrandbits(128), version=4)),
        "scratch": f"{SCRATCH_PREFIX}{word}",
    }


def _word(source: random.Random) -> str:
    """Eight letters that can be spoken, so that a language model repeats them as they are: 72 million words."""
    return "".join(source.choice("bdfgklmnprstvz") + source.choice("aeiou") for _ in range(4))
