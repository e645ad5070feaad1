"""Collects all mutants from the modules of their areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    outages,
    profiles,
    responses,
    streaming,
    text,
    unasked,
)
from harness.mutants.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    outages,
)


def every_mutant() -> tuple[type[Mutant], ...]:
    """Every mutant, by area, in source order, each followed by its gross twin if it has one."""
    return tuple(
        mutant
        for area in _AREAS
        for member in vars(area).values()
        if isinstance(member, type) and issubclass(member, Mutant) and member.__module__ == area.__name__
        if hasattr(member, "breaks")
        for mutant in _in_each_strength(member)
    )


def _in_each_strength(mutant: type[Mutant]) -> Iterator[type[Mutant]]:
    yield mutant
    if sentence := vars(mutant).get("always"):
        members = {"__doc__": sentence, "gross": True, "also": frozenset(), "concerns": Mutant.concerns}
        yield type(f"{mutant.__name__}Always", (mutant,), members)
