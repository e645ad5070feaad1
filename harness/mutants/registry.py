"""Collects all mutants from the modules of their areas, and all honest gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.gateway.settings import Dialect
from harness.mutants import (
    as_it_comes,
    auth,
    cells,
    characters,
    chat,
    clients,
    concurrency,
    conversation,
    conversation_ids,
    credentials,
    doors,
    errors,
    events,
    failed_turns,
    faults,
    fields,
    honest,
    http,
    instructions,
    limits,
    memory,
    models,
    native,
    observability,
    outages,
    profiles,
    proxies,
    responses,
    streaming,
    text,
    transport,
    unasked,
    values,
    workspace,
)
from harness.mutants.honest import Honest
from harness.mutants.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_AREAS = (
    auth,
    credentials,
    doors,
    models,
    profiles,
    chat,
    instructions,
    clients,
    text,
    conversation,
    conversation_ids,
    workspace,
    memory,
    concurrency,
    native,
    streaming,
    events,
    responses,
    fields,
    errors,
    limits,
    failed_turns,
    http,
    observability,
    unasked,
    as_it_comes,
    proxies,
    outages,
    cells,
    characters,
    values,
    faults,
)


_LOOKS = (transport, honest)
"""The modules of honest gateways, those with the slowest first."""


def every_mutant() -> tuple[type[Mutant], ...]:
    """Every mutant, by area, in source order, each followed by its gross twin if it has one."""
    mutants = (mutant for area in _AREAS for mutant in _of(area, Mutant) if hasattr(mutant, "breaks"))
    return tuple(each for mutant in mutants for each in _in_each_strength(mutant))


def every_honest() -> tuple[type[Honest], ...]:
    """Every honest gateway in both contracts."""
    looks = (look for module in _LOOKS for look in _of(module, Honest) if look not in {Honest, honest.Rewrites})
    return tuple(_speaking(look, dialect) for look in looks for dialect in Dialect)


def _of[Gateway](module: ModuleType, kind: type[Gateway]) -> list[type[Gateway]]:
    """The gateways of one kind that a module defines."""
    members = (member for member in vars(module).values() if isinstance(member, type))
    return [member for member in members if issubclass(member, kind) and member.__module__ == module.__name__]


def _speaking(look: type[Honest], dialect: Dialect) -> type[Honest]:
    return type(f"{look.__name__}-{dialect.value}", (look,), {"dialect": dialect, "__doc__": look.__doc__})


def _in_each_strength(mutant: type[Mutant]) -> Iterator[type[Mutant]]:
    yield mutant
    if sentence := vars(mutant).get("always"):
        members = {"__doc__": sentence, "gross": True, "also": frozenset(), "concerns": Mutant.concerns}
        yield type(f"{mutant.__name__}Always", (mutant,), members)
