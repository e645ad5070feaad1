"""Gateways that break nothing and look different: what the suite must not accuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.gateway.settings import Dialect
from harness.mutants.mutant import Front

if TYPE_CHECKING:
    from collections.abc import Mapping


class Honest(Front):
    """A gateway that fulfils every requirement of its contract; the docstring of each says how it is different.

    Attributes:
        lacks: the requirements that it doesn't fulfil all the same, none of them a MUST, and why.
    """

    lacks: ClassVar[Mapping[str, str]] = {}


class Plain(Honest):
    """The reference gateway as it is."""


_LOOKS: tuple[type[Honest], ...] = (Plain,)


def every_honest() -> tuple[type[Honest], ...]:
    """Every honest gateway, each in both dialects."""
    return tuple(_speaking(look, dialect) for dialect in Dialect for look in _LOOKS)


def _speaking(look: type[Honest], dialect: Dialect) -> type[Honest]:
    name = f"{look.__name__}-{dialect.value}"
    return type(name, (look,), {"dialect": dialect, "__doc__": look.__doc__})
