"""Collects all mutants from the modules of their areas."""

from __future__ import annotations

from harness.mutants import (
    auth,
    chat,
    clients,
    concurrency,
    conversation,
    credentials,
    errors,
    events,
    fields,
    http,
    memory,
    models,
    observability,
    profiles,
    responses,
    streaming,
    text,
    unasked,
)
from harness.mutants.mutant import Mutant

_AREAS = (
    auth,
    credentials,
    models,
    profiles,
    chat,
    clients,
    text,
    conversation,
    memory,
    concurrency,
    streaming,
    events,
    responses,
    fields,
    errors,
    http,
    observability,
    unasked,
)


def every_mutant() -> tuple[type[Mutant], ...]:
    """Every mutant, by area, in source order."""
    return tuple(
        member
        for area in _AREAS
        for member in vars(area).values()
        if isinstance(member, type) and issubclass(member, Mutant) and member.__module__ == area.__name__
        if hasattr(member, "breaks")
    )
