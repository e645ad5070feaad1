"""Secrets by reference: `env:NAME` or `file:PATH` stands for one, so that none is in a command line or a file."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.targets.errors import TargetUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

REFERENCE = re.compile(r"(env|file):(.+)")


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must appear nowhere, and what stands in its place: an expression of the shell that gives it."""

    value: str = field(repr=False)
    placeholder: str


def secret(reference: str, environment: Mapping[str, str], *, where: str) -> Secret:
    """The secret that `env:NAME` or `file:PATH` refers to.

    Args:
        reference: to an environment variable, or to a file that holds the secret alone.
        environment: of the process.
        where: who wants it, for the message.

    Raises:
        TargetUsageError: it is no reference, or there is nothing there that a header can carry.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:  # it may be the secret itself, so it isn't repeated
        raise TargetUsageError(
            "a secret is given by reference only", where=where, advice="write env:NAME or file:PATH in its place"
        )
    kind, name = match.groups()
    if kind == "env":
        if not environment.get(name):
            raise TargetUsageError(f"the variable {name} is empty or not set", where=where, advice=f"set {name}")
        return Secret(sendable(environment[name], where=f"{where}, {name}"), f"${name}")
    path = Path(name).expanduser()
    return Secret(secret_of_file(path), f"$(cat {shlex.quote(name)})")


def secret_of_file(file: Path) -> str:
    """The secret that a file holds, and nothing else. Raises TargetUsageError."""
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise TargetUsageError(
            f"the key can't be read: {reason}", where=str(file), advice="name a file that holds the key alone"
        ) from None
    if not text:
        raise TargetUsageError("the file is empty", where=str(file), advice="put the key into it")
    return sendable(text, where=str(file))


def sendable(text: str, *, where: str) -> str:
    """The text, if it can be the value of a header. Raises TargetUsageError, without repeating it."""
    if not re.fullmatch(r"[!-~]*", text):
        raise TargetUsageError(
            "the key holds a blank, a line break or a character outside ASCII, which no header can carry",
            where=where,
            advice="one key, without blanks",
        )
    return text
