"""The zygote: a program that imports torch and the probes once, and forks a worker for each question.

It never holds a case, an answer, a seed or a submission, so a worker inherits none. It is started with a control
socket (SOCK_SEQPACKET) as standard input and takes these messages, each a JSON object:

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
PACKAGES = ("sanity", "sanity.core", "sanity.gradients", "graders", "graders.sandbox", "graders.sandbox.inside")


def graft(root: Path, packages: Iterable[str]) -> None:
    """Make our packages importable from root, which the sandbox does not let us list."""
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
        spec.loader.exec_module(module)
        parent, _, child = name.rpartition(".")
        if parent:  # as an import would
            setattr(sys.modules[parent], child, module)


def main() -> None:
    """Get warm, say so, then fork and reap as told until the control socket closes."""
    settings = json.loads(sys.argv[1])
    with Path(settings["scratch"], "errors").open("ab") as errors:
        os.dup2(errors.fileno(), 1)
        os.dup2(errors.fileno(), 2)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans of a worker become our children, and are swept
    graft(Path(settings["root"]), (*PACKAGES, f"sanity.{settings['assignment']}"))
    from graders.sandbox.inside import worker

    server = importlib.import_module(settings["server"])
    home = server.prepare(settings)
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, pages shared with the workers
    control = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    control.send(json.dumps({"used_mb": worker.used_mb(), "versions": worker.versions()}).encode())
    alive: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 2)
        if not message:
            break
        order = json.loads(message)
        if "fork" in order:
            ready, say_ready = os.pipe()
            pid = fork()
            if pid == 0:
                control.close()
                os.close(ready)
                server.serve(home, order, say_ready, *descriptors)  # does not return
            for descriptor in (*descriptors, say_ready):
                os.close(descriptor)
            if not os.read(ready, 1):
                sys.exit(1)  # the worker cannot be confined, and has said why
            os.close(ready)
            alive.add(pid)
            control.send(json.dumps({"pid": pid}).encode())
        else:
            control.send(json.dumps(reap(order["reap"])).encode())
            alive.discard(order["reap"])
            sweep(alive)
    sweep(set())
    shutil.rmtree(settings["scratch"], ignore_errors=True)  # if the grader was killed, nobody else would


def fork() -> int:
    """Fork. The sandbox allows two processes, and may need a moment to see that the worker before has ended."""
    for _ in range(500):
        with suppress(BlockingIOError):
            return os.fork()
        time.sleep(0.01)
    return os.fork()


def reap(pid: int) -> dict[str, Any]:
    """End a worker if it has not ended itself; return how it ended and what it used."""
    ended, status, usage = os.wait4(pid, os.WNOHANG)
    if ended == 0:
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    return {"status": status, "cpu": usage.ru_utime + usage.ru_stime}


def sweep(alive: set[int]) -> None:
    """Kill every child that is not a worker: what a worker left behind."""
    while orphans := children() - alive:
        for pid in orphans:  # all of them before any is waited for, so that they cannot replace each other
            os.kill(pid, signal.SIGKILL)
        for pid in orphans:
            os.waitpid(pid, 0)


def children() -> set[int]:
    """Return the process ids of our children."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


if __name__ == "__main__":
    main()
