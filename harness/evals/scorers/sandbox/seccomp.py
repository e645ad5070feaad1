"""A seccomp filter of the system calls that a program in the sandbox may not make; they fail with EPERM.

It guards what Landlock can't on ordinary kernels: sockets of all kinds, other processes, the metadata of files, and
calls that only attackers need.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Calls = Mapping[str, tuple[int, int | None]]
"""System call numbers by name, on x86_64 and on aarch64; None where there is no such call."""

# fmt: off -- one call a line would be two screens of numbers
_NETWORK: _Calls = {"socket": (41, 198)}
_ALWAYS: _Calls = {
    "io_uring_setup": (425, 425),  # makes sockets and opens files past any filter
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "perf_event_open": (298, 241),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),  # IPC objects outlive a process
}
_METADATA: _Calls = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
}
"""Landlock allows these on every file of the same user."""
_SIGNALS: _Calls = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}
# fmt: on
_FORKS: _Calls = {"fork": (57, None), "vfork": (58, None)}
_CLONE: _Calls = {"clone": (56, 220)}
_CLONE3: _Calls = {"clone3": (435, 435)}
_PRLIMIT: _Calls = {"prlimit64": (302, 261)}
_FCNTL: _Calls = {"fcntl": (72, 25)}
_IOCTL: _Calls = {"ioctl": (16, 29)}

_CLONE_THREAD, _CLONE_NAMESPACES = 0x10000, 0x7E020080
_F_SETOWN, _F_SETOWN_EX = 8, 15  # make the kernel signal other processes
_FIOSETOWN, _SIOCSPGRP, _TIOCSTI = 0x8901, 0x8902, 0x5412

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _EQUALS, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000

_Step = tuple[int, int, int, int]
"""A BPF instruction: code, steps to skip if true, steps to skip if false, operand."""


def forbid(*, network: bool, metadata: bool, processes: bool, spared: Iterable[int]) -> None:
    """Restrict this process and its children.

    Args:
        network: forbid sockets.
        metadata: forbid changing mode, owner and times of files.
        processes: forbid new processes, though not threads; a lone process can signal only itself.
        spared: processes that may not be signalled.

    Raises:
        OSError: the kernel does not support it, or this architecture's call numbers are not known.
    """
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        raise OSError(f"no filter of system calls is known for {machine}, to keep a program off the network")
    column, architecture = _ARCHITECTURES[machine]
    steps: list[_Step] = [(_LOAD, 0, 0, 4), (_EQUALS, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    steps += [(_AT_LEAST, 0, 1, 0x40000000), _deny()]  # the x32 ABI has other numbers
    groups = [_ALWAYS, *([_NETWORK] if network else []), *([_METADATA] if metadata else [])]
    for calls in (*groups, *([_FORKS] if processes else [])):
        for number in _numbers(calls, column):
            steps += [(_EQUALS, 0, 1, number), _deny()]
    for number in _numbers(_CLONE3, column):
        steps += [(_EQUALS, 0, 1, number), _deny(errno.ENOSYS)]  # the C library then falls back to `clone`
    for calls, argument, rules in _looked_at(alone=processes, spared=spared):
        for number in _numbers(calls, column):
            steps += [
                (_EQUALS, 0, len(rules) + 2, number),
                (_LOAD, 0, 0, 16 + 8 * argument),  # the lower half, as both architectures are little-endian
                *rules,
                (_RETURN, 0, 0, _ALLOW),
            ]
    _install([*steps, (_RETURN, 0, 0, _ALLOW)])


def _install(program: list[_Step]) -> None:
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    if ctypes.CDLL(None, use_errno=True).prctl(22, 2, described, 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp, which keeps a program off the network: {os.strerror(number)}")


def _looked_at(*, alone: bool, spared: Iterable[int]) -> Iterator[tuple[_Calls, int, list[_Step]]]:
    """Calls of which one argument decides: which one, and the rules; what they let pass is allowed."""
    me = os.getpid()
    if alone:
        yield _CLONE, 0, [(_HAS_BITS, 1, 0, _CLONE_THREAD), _deny()]
        yield _SIGNALS, 0, [(_EQUALS, 1, 0, me), _deny()]
    else:
        yield _CLONE, 0, [(_HAS_BITS, 0, 1, _CLONE_NAMESPACES), _deny()]
        yield _SIGNALS, 0, _none_of(-1, *(sign * each for each in spared for sign in (1, -1)))
    yield _PRLIMIT, 0, [(_EQUALS, 2, 0, 0), (_EQUALS, 1, 0, me), _deny()]
    yield _FCNTL, 1, _none_of(_F_SETOWN, _F_SETOWN_EX)
    yield _IOCTL, 1, _none_of(_FIOSETOWN, _SIOCSPGRP, _TIOCSTI)


def _numbers(calls: _Calls, column: int) -> Iterator[int]:
    for numbers in calls.values():
        if (number := numbers[column]) is not None:
            yield number


def _none_of(*values: int) -> list[_Step]:
    return [step for value in values for step in ((_EQUALS, 0, 1, value & 0xFFFFFFFF), _deny())]


def _deny(error: int = errno.EPERM) -> _Step:
    return (_RETURN, 0, 0, 0x00050000 | error)
