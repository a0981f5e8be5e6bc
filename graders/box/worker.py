"""A worker: one process for one question of one submission, confined to its own folder."""

from __future__ import annotations

import ctypes
import os
import platform
import random
import resource
import socket
import struct
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import numpy.random  # here, or numpy imports it when it is first used, in each worker

from graders.box.wire import (
    MAX_FRAME,
    Answer,
    Ask,
    AskAll,
    Failure,
    WireError,
    body_length,
    decode_ask,
    encode,
    read_calls,
)
from sanity.asking import Raised, ask, raised_from
from sanity.case import Case
from sanity.check import load_probes
from sanity.code import Code

CAPABILITY_VERSION = 0x20080522
FILE_CAPABILITIES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root's files need not be readable for everyone."""


@dataclass(frozen=True)
class Home:
    """What a zygote prepares once for all its workers."""

    probes: ModuleType
    files: tuple[str, ...]
    """The modules that are imported from a submission's folder, and nowhere else."""
    readable: tuple[str, ...]
    """What a worker may read besides its own folder; none if it is not to be confined."""
    confined: bool
    writable: tuple[str, ...] = ()
    """What a worker may write besides its own folder."""


def prepare(settings: dict[str, Any]) -> Home:
    """Import what submissions need, and run it once, single-threaded, so that workers start warm."""
    probes = load_probes(settings["assignment"])
    warm_up = getattr(probes, "warm_up", None)
    if warm_up is not None:
        warm_up()
    if settings["confined"]:
        import sandlock  # noqa: F401  (here, so that workers need not)
    return Home(probes, tuple(settings["files"]), tuple(settings["readable"]), settings["confined"])


def used_mb() -> int:
    """Return the address space in use, before any submission."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() // 2**20


def versions() -> dict[str, str]:
    """Return the versions that an answer may depend on."""
    torch = sys.modules.get("torch")
    found = {"python": platform.python_version(), "numpy": np.__version__}
    return {**found, "torch": str(torch.__version__)} if torch else found


def serve(home: Home, order: dict[str, Any], ready: int, channel: int, output: int) -> NoReturn:
    """Confine this process, write a byte to ready, and answer the grader's questions until it hangs up."""
    try:
        folder = Path(order["fork"])
        confine(home, folder)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.write(ready, b"!")
        os.close(ready)
        random.seed(0)  # a submission that draws numbers draws the same ones in every run; torch does so anyway
        np.random.seed(0)
        answer(home, folder, socket.socket(fileno=channel))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def confine(home: Home, folder: Path) -> None:
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


def answer(home: Home, folder: Path, channel: socket.socket) -> None:
    """Import and call what is asked, and send back plain data."""
    code = Code(folder, home.files)
    while (question := receive(channel)) is not None:
        reply = reply_to(question, home.probes, code)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        try:
            frame = encode(reply)
        except (WireError, OverflowError, NotImplementedError, UnicodeError, RecursionError):
            said = f"the answer does not fit into {MAX_FRAME} bytes of plain data"
            frame = encode(Failure(question.id, Raised("ValueError", said, "", 0, said)))
        channel.sendall(frame)


def reply_to(question: Ask | AskAll, probes: ModuleType, code: Code) -> Answer | Failure:
    """Do what is asked."""
    if isinstance(question, AskAll):
        value: Any = ask_all(question, probes, code)
    elif question.case is None:
        value = import_module(code, question.name)
    else:
        value = ask(probes, question.name, code, Case("", question.case))
    return Failure(question.id, value) if isinstance(value, Raised) else Answer(question.id, value)


def ask_all(question: AskAll, probes: ModuleType, code: Code) -> list[list[Any]]:
    """Return, for each call, a list with the answer, or an empty one if it raised anything."""
    answers = (ask(probes, name, code, Case("", case)) for name, case in read_calls(question.calls))
    return [[] if isinstance(answer, Raised) else [answer] for answer in answers]


def import_module(code: Code, name: str) -> Raised | None:
    """Import a module of the submission."""
    try:
        getattr(code, name)
    except BaseException as error:
        return raised_from(error, code.folder)
    return None


def receive(channel: socket.socket) -> Ask | AskAll | None:
    """Return the grader's next question, or None if it has hung up."""
    head = channel.recv(4, socket.MSG_WAITALL)
    return decode_ask(channel.recv(body_length(head), socket.MSG_WAITALL)) if len(head) == 4 else None
