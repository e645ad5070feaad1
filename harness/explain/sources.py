"""The suite's sources: the statements that a requirement follows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # 7 ms for all of them, not 150


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in our words, and its origin: a section, a range of releases, clients."""

    id: str
    says: str
    origin: str


def statements(folder: Path, source: str, requirement: str) -> tuple[Statement, ...]:
    """The statements that lead to a requirement.

    Args:
        folder: of the suite; one without `sources/` has no statements.
        source: `documentation`, `observed` or `decisions`.
        requirement: its id.
    """
    file = folder / "sources" / f"{source}.yaml"
    if not file.exists():
        return ()
    entries = yaml.load(file.read_text("utf-8"), _LOADER)["statements"]  # noqa: S506 - a safe one
    return tuple(
        Statement(entry["id"], entry["says"], _origin(entry))
        for entry in entries
        if requirement in entry.get("requirements", ())
    )


def _origin(entry: dict[str, str]) -> str:
    named = {"section": "{}", "releases": "releases {}", "clients": "{}"}
    return "; ".join(words.format(entry[key]) for key, words in named.items() if key in entry)
