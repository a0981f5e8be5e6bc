"""A worker: one process for one question of one submission, confined to its own folder."""

from __future__ import annotations

import os
import platform
import random
import resource
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import numpy.random  # here, or numpy imports it when it is first used, in each worker

from graders.sandbox.inside.confine import WorkerContext, confine
from graders.sandbox.inside.wire import (
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
from sanity.core.calling import SubmissionError, ask, submission_error
from sanity.core.case import Case
from sanity.core.loader import SubmissionModules
from sanity.core.loading import load_probes


def prepare(settings: dict[str, Any]) -> WorkerContext:
    """Import what submissions need, and run it once, single-threaded, so that workers start warm."""
    probes = load_probes(settings["assignment"])
    warm_up = getattr(probes, "warm_up", None)
    if warm_up is not None:
        warm_up()
    if settings["confined"]:
        import sandlock  # noqa: F401  (here, so that workers need not)
    return WorkerContext(
        probes, tuple(map(tuple, settings["modules"])), tuple(settings["readable"]), settings["confined"]
    )


def used_mb() -> int:
    """Return the address space in use, before any submission."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() // 2**20


def versions() -> dict[str, str]:
    """Return the versions that an answer may depend on."""
    torch = sys.modules.get("torch")
    found = {"python": platform.python_version(), "numpy": np.__version__}
    return {**found, "torch": str(torch.__version__)} if torch else found


def serve(home: WorkerContext, order: dict[str, Any], ready: int, channel: int, output: int) -> NoReturn:
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


def answer(home: WorkerContext, folder: Path, channel: socket.socket) -> None:
    """Import and call what is asked, and send back plain data."""
    code = SubmissionModules(folder, home.modules)
    while (question := receive(channel)) is not None:
        reply = reply_to(question, home.probes, code)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        try:
            frame = encode(reply)
        except (WireError, OverflowError, NotImplementedError, UnicodeError, RecursionError):
            said = f"the answer does not fit into {MAX_FRAME} bytes of plain data"
            frame = encode(Failure(question.id, SubmissionError("ValueError", said, "", 0, said)))
        channel.sendall(frame)


def reply_to(question: Ask | AskAll, probes: ModuleType, code: SubmissionModules) -> Answer | Failure:
    """Do what is asked."""
    if isinstance(question, AskAll):
        value: Any = ask_all(question, probes, code)
    elif question.case is None:
        value = import_module(code, question.name)
    else:
        value = ask(probes, question.name, code, Case("", question.case))
    return Failure(question.id, value) if isinstance(value, SubmissionError) else Answer(question.id, value)


def ask_all(question: AskAll, probes: ModuleType, code: SubmissionModules) -> list[list[Any]]:
    """Return, for each call, a list with the answer, or an empty one if it raised anything."""
    answers = (ask(probes, name, code, Case("", case)) for name, case in read_calls(question.calls))
    return [[] if isinstance(answer, SubmissionError) else [answer] for answer in answers]


def import_module(code: SubmissionModules, name: str) -> SubmissionError | None:
    """Import a module of the submission."""
    try:
        getattr(code, name)
    except BaseException as error:
        return submission_error(error, code.folder)
    return None


def receive(channel: socket.socket) -> Ask | AskAll | None:
    """Return the grader's next question, or None if it has hung up."""
    head = channel.recv(4, socket.MSG_WAITALL)
    return decode_ask(channel.recv(body_length(head), socket.MSG_WAITALL)) if len(head) == 4 else None
