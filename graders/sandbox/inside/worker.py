"""A worker: a process that calls probes on one submission, confined to its folder."""

from __future__ import annotations

import importlib
import os
import random
import resource
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.random  # imported lazily by numpy: here once, not in each worker

from graders.sandbox.inside.confine import WorkerContext, confine
from graders.sandbox.inside.hide import hide, readable_without_hidden
from graders.sandbox.inside.system_calls import filter_template
from graders.sandbox.inside.wire import (
    LENGTH,
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
from sanity.core.assignment_package import accept_legacy, libraries_of, load_probes, load_warm_up
from sanity.core.calling import SubmissionError, ask, submission_error
from sanity.core.case import Case
from sanity.core.probe import Probe
from sanity.core.submission_modules import SubmissionModules


def prepare(settings: dict[str, Any]) -> WorkerContext:
    """Import in the zygote what submissions need, and run it once in a single thread, so that workers start warm."""
    name = settings["assignment"]
    probes = load_probes(name)
    for library in libraries_of(name):
        importlib.import_module(library)
    if warm_up := load_warm_up(name):
        warm_up()
    if settings["legacy"]:
        accept_legacy(name)
    hide(name)
    return WorkerContext(
        probes,
        tuple(map(tuple, settings["modules"])),
        readable_without_hidden(settings["root"], name, settings["readable"]),
        settings["confined"],
        landlock=settings["landlock"],
        filter=filter_template() if settings["confined"] else b"",
        statement_seconds=settings["statement_seconds"],
    )


def used_mb() -> int:
    """Return the address space of the zygote in MB: the part of a worker's that is not the submission's."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() // 2**20


def serve(context: WorkerContext, request: dict[str, Any], ready: int, channel: int, output: int) -> NoReturn:
    """Confine this process, write a byte to ready, and answer the grader's requests until it hangs up.

    The order matters: the process is confined before the byte is written, and the grader sets its limits before the
    first request, which imports the submission. So no line of a submission runs without confinement and limits.
    """
    try:
        folder = Path(request["fork"])
        confine(context, folder)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.write(ready, b"!")
        os.close(ready)
        random.seed(0)  # the same random numbers in every run; torch's generator is seeded already
        np.random.seed(0)
        answer_requests(context, folder, socket.socket(fileno=channel))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def answer_requests(context: WorkerContext, folder: Path, channel: socket.socket) -> None:
    """Answer requests with plain data until the grader hangs up."""
    code = SubmissionModules(folder, context.modules, seconds=context.statement_seconds)
    while (request := receive(channel)) is not None:
        reply = dispatch(request, context.probes, code)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        try:
            frame = encode(reply)
        except (WireError, OverflowError, NotImplementedError, UnicodeError, RecursionError):
            text = f"the answer does not fit into {MAX_FRAME} bytes of plain data"
            frame = encode(Failure(request.id, SubmissionError("ValueError", text, "", 0, text)))
        send(channel, frame)


def dispatch(request: Ask | AskAll, probes: Mapping[str, Probe], code: SubmissionModules) -> Answer | Failure:
    """Dispatch one request: import a module, call one probe, or call many."""
    if isinstance(request, AskAll):
        value: Any = ask_all(request, probes, code)
    elif request.case is None:
        value = import_module(code, request.name)
    else:
        value = ask(probes[request.name], code, Case("", request.case))
    return Failure(request.id, value) if isinstance(value, SubmissionError) else Answer(request.id, value)


def ask_all(request: AskAll, probes: Mapping[str, Probe], code: SubmissionModules) -> list[list[Any]]:
    """Return a list for each call, with its answer, or empty if the call raised."""
    answers = (ask(probes[name], code, Case("", case)) for name, case in read_calls(request.calls))
    return [[] if isinstance(answer, SubmissionError) else [answer] for answer in answers]


def import_module(code: SubmissionModules, name: str) -> SubmissionError | None:
    """Import a module of the submission; return the exception as data, or None."""
    try:
        getattr(code, name)
    except BaseException as error:
        return submission_error(error, code.folder)
    return None


def send(channel: socket.socket, frame: bytes) -> None:
    """Send a frame. By write(): the supervisor handles each send() and recv(), which can take longer than answering."""
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(channel.fileno(), rest) :]


def receive(channel: socket.socket) -> Ask | AskAll | None:
    """Return the grader's next request; None if it has hung up."""
    head = read(channel, LENGTH.size)
    return decode_ask(read(channel, body_length(head))) if len(head) == LENGTH.size else None


def read(channel: socket.socket, size: int) -> bytes:
    """Return the next bytes, fewer only if the grader has hung up. By read(), for the reason given in `send`."""
    received = b""
    while len(received) < size and (chunk := os.read(channel.fileno(), size - len(received))):
        received += chunk
    return received
