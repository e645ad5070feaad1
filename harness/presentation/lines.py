"""Terminal output: coloured on a terminal, plain when piped."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from harness.presentation.plain import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

type Line = tuple[str, str | None]
"""A line and its style, None for plain."""


def print_lines(stream: TextIO, lines: Iterable[Line]) -> None:
    """Print a command's last lines, in colour on a terminal; an error doesn't change the exit status."""
    try:
        if stream.isatty():
            from rich.console import Console
            from rich.text import Text

            console = Console(file=stream, soft_wrap=True, highlight=False)
            for text, style in lines:
                console.print(Text(printable(text), style=style or ""))
        else:
            stream.writelines(f"{printable(text)}\n" for text, _ in lines)
        stream.flush()
    except OSError:
        # The reader has gone (`| head -1`), or the disk is full: the exit status still gives the verdict. The buffer
        # must not fail again when the interpreter exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
