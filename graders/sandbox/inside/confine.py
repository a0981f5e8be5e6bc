"""Confines a worker or a trainer to its own folder. Called after the fork, before any code of the submission."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

CAPABILITY_VERSION = 0x20080522


FILE_CAPABILITIES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root's files need not be readable for everyone."""


@dataclass(frozen=True)
class WorkerContext:
    """What a zygote prepares once for all its workers."""

    probes: ModuleType
    modules: tuple[tuple[str, ...], ...]
    """The modules of a submission, each as its file names."""
    readable: tuple[str, ...]
    """What a worker may read besides its own folder; none if it is not to be confined."""
    confined: bool
    writable: tuple[str, ...] = ()
    """What a worker may write besides its own folder."""


def confine(home: WorkerContext, folder: Path) -> None:
    """Give up everything that the submission does not need. This cannot be undone."""
    os.chdir(folder)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder))
    tempfile.tempdir = None
    sys.dont_write_bytecode = True
    if home.confined:
        drop_privileges()
        from sandlock import Sandbox
        from sandlock import confine as confine_here

        confine_here(Sandbox(fs_readable=home.readable, fs_writable=[str(folder), *home.writable, os.devnull]))


def drop_privileges() -> None:
    """Where we are root, keep of its powers only those over files, which the walls limit. It may set clocks, and more.

    Raises OSError if the system refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header, held = struct.pack("Ii", CAPABILITY_VERSION, 0), ctypes.create_string_buffer(24)
    if libc.capget(header, held) == 0:
        effective, permitted, *_ = struct.unpack("6I", held.raw)
        kept = struct.pack("6I", effective & FILE_CAPABILITIES, permitted & FILE_CAPABILITIES, 0, 0, 0, 0)
        if libc.capset(header, kept) == 0:
            return
    raise OSError(ctypes.get_errno(), "cannot drop capabilities")
