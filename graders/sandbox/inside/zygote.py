"""The zygote: a program that imports torch and the probes once, and forks workers.

It never holds a case, an answer, a seed or a submission, so workers inherit none. Its standard input is a control
socket (SOCK_SEQPACKET), over which it receives these requests, each a JSON object:

    {"fork": folder}, with two descriptors: the worker's socket and its standard output → {"pid": …}
    {"reap": pid} → {"status": wait status, "cpu": CPU seconds}; kills it and its descendants
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
GRADERS = ("graders", "graders.sandbox", "graders.sandbox.inside")
SANITY = ("sanity", "sanity.core", "sanity.gradients", "sanity.training")


def graft(root: Path, packages: Iterable[str]) -> None:
    """Make our packages importable from `root` by hand: the import system would list it, which Landlock refuses."""
    for name in packages:
        folder = root.joinpath(*name.split("."))
        if not folder.is_dir():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)  # as an import does
        spec.loader.exec_module(module)


def main() -> None:
    """Import and warm up, send {"used_mb"}, then fork and reap until the control socket closes."""
    settings = json.loads(sys.argv[1])
    with Path(settings["scratch"], "errors").open("ab") as errors:
        os.dup2(errors.fileno(), 1)
        os.dup2(errors.fileno(), 2)
    # A worker's orphans become our children, and are swept.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    graft(Path(settings["root"]), GRADERS)
    from graders.sandbox.inside.fast_imports import fast_imports

    gc.disable()  # imports leave hardly any garbage, and looking for it takes a tenth of their time
    with fast_imports((settings["scratch"], *settings["writable"])):
        graft(Path(settings["root"]), (*SANITY, f"sanity.{settings['assignment']}"))
        server = importlib.import_module(settings["server"])
        context = server.prepare(settings)
    from graders.sandbox.inside import worker

    gc.collect()
    gc.set_threshold(10_000)  # a worker is short-lived
    gc.enable()
    gc.freeze()  # the collector writes to each object it visits, which would copy the pages shared with workers
    control = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    control.send(json.dumps({"used_mb": worker.used_mb()}).encode())
    alive: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 2)
        if not message:
            break
        request = json.loads(message)
        if "fork" in request:
            read_ready, write_ready = os.pipe()
            pid = fork()
            if pid == 0:
                control.close()
                os.close(read_ready)
                server.serve(context, request, write_ready, *descriptors)  # does not return
            # Only the worker may hold the write end now: if it dies before it is confined, the read below ends. The
            # grader learns the pid only after confinement, and sends the first request only after it has set limits.
            for descriptor in (*descriptors, write_ready):
                os.close(descriptor)
            if not os.read(read_ready, 1):
                sys.exit(1)  # the worker could not be confined; its traceback is in our error file
            os.close(read_ready)
            alive.add(pid)
            control.send(json.dumps({"pid": pid}).encode())
        else:
            control.send(json.dumps(reap(request["reap"])).encode())
            alive.discard(request["reap"])
            sweep(alive)
    sweep(set())
    shutil.rmtree(settings["scratch"], ignore_errors=True)  # in case the grader was killed


def fork() -> int:
    """Fork; retry for a few seconds: the sandbox allows two processes, and may still count the last worker."""
    for _ in range(500):
        with suppress(BlockingIOError):
            return os.fork()
        time.sleep(0.01)
    return os.fork()


def reap(pid: int) -> dict[str, Any]:
    """Kill a worker if it still runs; return its wait status and its processor time in seconds."""
    finished, status, usage = os.wait4(pid, os.WNOHANG)
    if finished == 0:
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    return {"status": status, "cpu": usage.ru_utime + usage.ru_stime}


def sweep(alive: set[int]) -> None:
    """Kill every child that is not a live worker: the processes that a dead worker left."""
    while orphans := children() - alive:
        for pid in orphans:  # all before the first wait, so that none can start another meanwhile
            os.kill(pid, signal.SIGKILL)
        for pid in orphans:
            os.waitpid(pid, 0)


def children() -> set[int]:
    """Return the process ids of this process's children."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


if __name__ == "__main__":
    main()
