"""The built-in variables of a scenario, generated from the run's seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from harness.scenarios.substitute import MORE_UUIDS
from harness.targets import TIME_LIMIT
from harness.targets.names import CONVERSATION_PREFIX, MODEL_PREFIX, SCRATCH_PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection

    from harness.json_value import Json


def built_in(
    seed: str, scenario: str, model: str, run: str, time_limit: float = TIME_LIMIT, used: Collection[str] = ()
) -> dict[str, Json]:
    """The values of `harness.scenarios.substitute.BUILT_IN` for one scenario, and of the `MORE_UUIDS` that it uses.

    Args:
        seed: generates the words; the same seed gives the same ones.
        scenario: its id.
        model: the model under test.
        run: the run's id, eight hexadecimal digits; part of the names of what is created.
        time_limit: the seconds that the target lets a turn take.
        used: the names of the variables that the scenario refers to.
    """
    source = _source(f"{seed}/{scenario}")
    word = _word(source)
    return {
        "model": model,
        "profile": model.removeprefix(MODEL_PREFIX),
        "word": word,
        "other_word": _word(source),
        "uuid": _uuid(source, run),
        "other_uuid": _uuid(source, run),
        "too_long": round(time_limit + 4),
        "scratch": f"{SCRATCH_PREFIX}{run}-{word}",
        # Each has a source of its own, so that it is the same whatever else the scenario refers to.
        **{name: _uuid(_source(f"{seed}/{scenario}/{name}"), run) for name in MORE_UUIDS if name in used},
    }


def _source(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - names, not secrets; a seed makes a run repeatable


def _uuid(source: random.Random, run: str) -> str:
    """A UUID of version 4 whose random part contains the run's id; 42 bits remain random."""
    chance = (source.getrandbits(12), 0x8000 | source.getrandbits(14), source.getrandbits(16))
    return f"{CONVERSATION_PREFIX}{chance[0]:03x}-{chance[1]:04x}-{run}{chance[2]:04x}"


def _word(source: random.Random) -> str:
    """Eight pronounceable letters, which a language model repeats exactly: 72 million words."""
    return "".join(source.choice("bdfgklmnprstvz") + source.choice("aeiou") for _ in range(4))
