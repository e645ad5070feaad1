"""An entry of a scenario file as its author wrote it, comments included."""

from __future__ import annotations

from itertools import takewhile
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.reading.problems import Location


def excerpt(location: Location) -> str:
    """The lines of the entry at a location, dedented.

    Args:
        location: of the entry's first key, after the dash of the list item.
    """
    lines = location.file.read_text(encoding="utf-8-sig").splitlines()[location.line - 1 :]
    indent = location.column - 1
    rest = takewhile(lambda line: not line[:indent].strip(), lines[1:])
    return dedent("\n".join([" " * indent + lines[0][indent:], *rest])).rstrip()
