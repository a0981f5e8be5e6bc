"""Confines a worker or a trainer to its own folder. Called after the fork, before any code of the submission."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graders.sandbox.inside import landlock
from graders.sandbox.inside.system_calls import filter_of
from sanity.core.probe import Probe

CAPABILITY_VERSION = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 of linux/capability.h."""
FILE_CAPABILITIES = 0b110
"""The bits of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root may keep its files unreadable for other users."""
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
STEP_BYTES = 8
"""Of one instruction of a filter."""


@dataclass(frozen=True)
class WorkerContext:
    """What a zygote prepares once and its workers inherit."""

    probes: Mapping[str, Probe]
    modules: tuple[tuple[str, ...], ...]
    """The modules of a submission, each as the names of its files."""
    readable: tuple[str, ...]
    """Paths that a worker may read, in addition to its folder; not used if it is not confined."""
    confined: bool
    writable: tuple[str, ...] = ()
    """Paths that a worker may write, in addition to its folder."""
    landlock: int = 0
    """The ABI of Landlock that is used."""
    filter: bytes = b""
    """The template of the filter of system calls; not used if it is not confined."""
    statement_seconds: float | None = None
    """The time limit of one statement at the top of a submission's files."""


def confine(context: WorkerContext, folder: Path) -> None:
    """Drop every right that the submission does not need, for the rest of this process's life."""
    os.chdir(folder)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder))
    tempfile.tempdir = None
    sys.dont_write_bytecode = True
    if context.confined:
        drop_privileges()
        landlock.restrict(context.landlock, context.readable, (str(folder), *context.writable, os.devnull))
        refuse_system_calls(context.filter)


def drop_privileges() -> None:
    """Drop root's capabilities, such as setting the clock, except those over files, which Landlock restricts.

    Raises OSError if the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header, held = struct.pack("Ii", CAPABILITY_VERSION, 0), ctypes.create_string_buffer(24)
    if libc.capget(header, held) == 0:
        effective, permitted, *_ = struct.unpack("6I", held.raw)
        kept = struct.pack("6I", effective & FILE_CAPABILITIES, permitted & FILE_CAPABILITIES, 0, 0, 0, 0)
        if libc.capset(header, kept) == 0:
            return
    raise OSError(ctypes.get_errno(), "cannot drop capabilities")


def refuse_system_calls(template: bytes) -> None:
    """Install the filter of system_calls.py; new threads inherit it. Raises OSError if the kernel refuses."""
    program = filter_of(os.getpid(), template)
    buffer = ctypes.create_string_buffer(program, len(program))
    pointer = struct.pack("HxxxxxxQ", len(program) // STEP_BYTES, ctypes.addressof(buffer))  # struct sock_fprog
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot filter system calls")
