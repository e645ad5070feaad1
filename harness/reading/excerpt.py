"""An entry of a scenario file as its author wrote it, comments included."""

from __future__ import annotations

from itertools import takewhile
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.reading.problems import Location


def excerpt(location: Location) -> str:
    """The lines of the entry that begins at a place, without the indentation that they share.

    Args:
        location: where the entry's first key stands, behind the dash of the list.
    """
    lines = location.file.read_text(encoding="utf-8-sig").splitlines()[location.line - 1 :]
    indent = location.column - 1
    rest = takewhile(lambda line: not line[:indent].strip(), lines[1:])
    return dedent("\n".join([" " * indent + lines[0][indent:], *rest])).rstrip()
