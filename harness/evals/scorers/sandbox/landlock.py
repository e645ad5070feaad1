"""Landlock (Linux 5.13) limits the files that a process and its children can access, without privileges."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_EXECUTE, _WRITE, _READ, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_DEVICES = 1 << 6 | 1 << 11
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""The number of file rights in each ABI version; later versions add none that matter here."""
_SCOPES = 0b11
"""Abstract sockets of, and signals to, processes outside; from ABI version 6 (Linux 6.12)."""

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """The ABI version; 0 when the kernel has no Landlock or denies it."""
    return max(0, int(_libc.syscall(_CREATE, None, 0, 1)))


def restrict(reads: Iterable[str] | None, writes: Iterable[str], devices: Iterable[str]) -> None:
    """Restrict this process and its children to these files and, where the kernel can, to signals among themselves.

    Args:
        reads: files and folders to read and execute; None for all.
        writes: folders in which everything is allowed.
        devices: files to read and write.

    Raises:
        OSError: the kernel does not support it.
    """
    interface = version()
    if not interface:
        raise OSError("this kernel has no Landlock, which keeps a program from the machine's files (Linux 5.13)")
    known = (1 << _RIGHTS.get(interface, 16)) - 1
    handled = known if reads is not None else known & ~(_EXECUTE | _READ | _READ_DIR)
    sizes = struct.pack("QQQ", handled, 0, _SCOPES if interface >= 6 else 0)
    attributes = sizes[: 24 if interface >= 6 else 16 if interface >= 4 else 8]
    ruleset = _call(_CREATE, attributes, len(attributes), 0)
    for paths, rights in (
        (reads or (), _EXECUTE | _READ | _READ_DIR),
        (writes, known & ~_MAKE_DEVICES & ~_IOCTL),
        (devices, _READ | _WRITE | _TRUNCATE),
    ):
        for path in paths:
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue  # a missing path needs no rule
            allowed = rights & handled
            if not os.path.isdir(path):  # noqa: PTH112 -- pathlib would cost each sandbox some milliseconds
                allowed &= _EXECUTE | _WRITE | _READ | _TRUNCATE
            if allowed:
                _call(_ADD, ruleset, 1, struct.pack("=Qi", allowed, place), 0)
            os.close(place)
    _call(_RESTRICT, ruleset, 0)
    os.close(ruleset)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result
