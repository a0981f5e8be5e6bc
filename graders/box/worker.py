"""A worker: one process for one question of one submission, confined to its own folder."""

from __future__ import annotations

import os
import platform
import random
import resource
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from graders.box.wire import MAX_FRAME, Answer, Ask, Failure, WireError, body_length, decode_ask, encode
from sanity.asking import Raised, ask, raised_from
from sanity.case import Case
from sanity.check import load_probes
from sanity.code import Code

FILE_SIZE = 16 * 2**20
"""Bytes a worker may write to one file."""
OPEN_FILES = 128


@dataclass(frozen=True)
class Home:
    """What a zygote prepares once for all its workers."""

    probes: ModuleType
    files: tuple[str, ...]
    """The modules that are imported from a submission's folder, and nowhere else."""
    readable: tuple[str, ...]
    """What a worker may read besides its own folder; none if it is not to be confined."""
    confined: bool
    used_mb: int
    """Address space in use before any submission."""


def prepare(settings: dict[str, Any]) -> Home:
    """Import what submissions need, and run it once, single-threaded, so that workers start warm."""
    probes = load_probes(settings["assignment"])
    warm_up = getattr(probes, "warm_up", None)
    if warm_up is not None:
        warm_up()
    random.seed(0)  # so that a submission that draws numbers draws the same ones in every run; torch does so anyway
    np.random.seed(0)
    if settings["confined"]:
        import sandlock  # noqa: F401  (here, so that workers need not)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() // 2**20
    return Home(probes, tuple(settings["files"]), tuple(settings["readable"]), settings["confined"], used)


def versions() -> dict[str, str]:
    """Return the versions that an answer may depend on."""
    torch = sys.modules.get("torch")
    found = {"python": platform.python_version(), "numpy": np.__version__}
    return {**found, "torch": str(torch.__version__)} if torch else found


def serve(home: Home, order: dict[str, Any], channel: int, output: int) -> NoReturn:
    """Answer the grader's questions until it hangs up; never return."""
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        folder = Path(order["fork"])
        confine(home, folder, order["memory_mb"], order["seconds"])
        answer(home, folder, socket.socket(fileno=channel))
    finally:
        os._exit(0)


def confine(home: Home, folder: Path, memory_mb: int, seconds: int) -> None:
    """Give up everything that the submission does not need. This cannot be undone."""
    os.chdir(folder)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder))
    tempfile.tempdir = None
    sys.dont_write_bytecode = True
    limits = {
        resource.RLIMIT_AS: (home.used_mb + memory_mb) * 2**20,
        resource.RLIMIT_CPU: seconds + 5,  # the grader's clock ends a worker sooner
        resource.RLIMIT_FSIZE: FILE_SIZE,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    if home.confined:
        from sandlock import Sandbox
        from sandlock import confine as confine_here

        confine_here(Sandbox(fs_readable=home.readable, fs_writable=[str(folder), os.devnull]))


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


def reply_to(question: Ask, probes: ModuleType, code: Code) -> Answer | Failure:
    """Do what is asked."""
    if question.case is None:
        value: Any = import_module(code, question.name)
    else:
        value = ask(probes, question.name, code, Case("", question.case))
    return Failure(question.id, value) if isinstance(value, Raised) else Answer(question.id, value)


def import_module(code: Code, name: str) -> Raised | None:
    """Import a module of the submission."""
    try:
        getattr(code, name)
    except BaseException as error:
        return raised_from(error, code.folder)
    return None


def receive(channel: socket.socket) -> Ask | None:
    """Return the grader's next question, or None if it has hung up."""
    head = channel.recv(4, socket.MSG_WAITALL)
    return decode_ask(channel.recv(body_length(head), socket.MSG_WAITALL)) if len(head) == 4 else None
