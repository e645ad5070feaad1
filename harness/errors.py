"""The base of the errors that end a command with a sentence for its user, not with a traceback."""

from __future__ import annotations


class HarnessError(Exception):
    """Something that the user can do something about: what happened, where, and what to do.

    `exit_status` is that of a command that it ends, unless the command says otherwise.
    """

    exit_status = 2
