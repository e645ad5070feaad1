"""All mutants, found in the modules of their areas."""

from __future__ import annotations

from harness.mutants import auth, chat, conversation, errors, fields, models, profiles, streaming
from harness.mutants.mutant import Mutant

_AREAS = (auth, models, profiles, chat, conversation, streaming, fields, errors)


def every_mutant() -> tuple[type[Mutant], ...]:
    """Every mutant, area by area, in the order in which they are written."""
    return tuple(
        member
        for area in _AREAS
        for member in vars(area).values()
        if isinstance(member, type) and issubclass(member, Mutant) and member.__module__ == area.__name__
        if hasattr(member, "breaks")
    )
