"""Landlock: the files that this process may name, for the rest of its life.

By hand, because sandlock's own `confine` refuses kernels below ABI 6, whatever it is told to do without.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls, with the same numbers on every machine."""
ASK_VERSION, PATH_BENEATH = 1, 1
PR_SET_NO_NEW_PRIVS = 38

# Bits of linux/landlock.h. What no rule grants is refused: programs, devices, sockets and named pipes among it.
ALL = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""The rights over files by the ABI that added them: 2 moves to another folder, 3 truncation, 5 ioctl on devices."""
WRITE_FILE, READ_FILE, READ_FOLDER = 1 << 1, 1 << 2, 1 << 3
REMOVE, MAKE = 0b11 << 4, 1 << 7 | 1 << 8 | 1 << 12
FOR_FILES = WRITE_FILE | READ_FILE | ALL[3] | ALL[5]
"""The rights that a rule for a file, not a folder, can grant."""
READ = READ_FILE | READ_FOLDER
WRITE = READ | WRITE_FILE | REMOVE | MAKE | ALL[2] | ALL[3] | ALL[5]
TCP, SCOPES = 0b11, 0b11
"""Since ABI 4: to bind and to connect; since ABI 6: abstract sockets and signals outside."""
NEWEST = 6
"""The last ABI with something that is used here."""


def abi() -> int:
    """Return the kernel's Landlock ABI, 0 if there is none, at most NEWEST."""
    version: int = ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    return max(0, min(NEWEST, version))


def restrict(version: int, readable: Iterable[str], writable: Iterable[str]) -> None:
    """Restrict this process to these files and folders, with what Landlock has since an ABI, the kernel's or lower.

    Raises OSError if the kernel refuses, or if one of the paths does not exist.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    handled = sum(rights for since, rights in ALL.items() if since <= version)
    attributes = [handled, *([TCP] if version >= 4 else []), *([SCOPES] if version >= 6 else [])]
    packed = struct.pack(f"{len(attributes)}Q", *attributes)
    ruleset = checked(libc.syscall(CREATE_RULESET, packed, len(packed), 0))
    for paths, rights in (readable, READ), (writable, WRITE):
        for path in paths:
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            granted = handled & rights & (-1 if stat.S_ISDIR(os.fstat(folder).st_mode) else FOR_FILES)
            checked(libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", granted, folder), 0))
            os.close(folder)
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    checked(libc.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def checked(outcome: int) -> int:
    """Return the outcome of a system call; raise OSError if it failed."""
    if outcome < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return outcome
