"""A trainer: one process that trains one submission, confined to the training's working folder.

Like a worker (worker.py) it is forked by a zygote. It may use more (all cores, a GPU, large files, hours), and the
direction is reversed: a worker answers requests, a trainer reports and its runner listens. The work itself is done by
a program, the module that the Order names, such as translation.py. A program has two functions that take an Order and
a Channel and return a Finished:

    train    trains in the working folder, from the last checkpoint if there is one, and reports
    answer   answers the test sentences with the best model in the working folder
"""

from __future__ import annotations

import importlib
import os
import platform
import random
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import numpy as np

from graders.sandbox.inside.confine import WorkerContext, confine
from graders.sandbox.inside.protocol import Channel, Failed, Order, Ready
from graders.sandbox.inside.system_calls import filter_template
from sanity.core.assignment_package import accept_legacy
from sanity.core.calling import submission_error
from sanity.core.submission_modules import SubmissionModules


def prepare(settings: dict[str, Any]) -> WorkerContext:
    """Import the slow modules in the zygote.

    No thread is started and no GPU touched here: neither survives a fork.
    """
    import torch  # noqa: F401

    if settings["legacy"]:
        accept_legacy(settings["assignment"])
    writable = tuple(settings["writable"])
    readable, confined = tuple(settings["readable"]), settings["confined"]
    template = filter_template(gpu=settings["gpu"]) if confined else b""
    return WorkerContext({}, (), readable, confined, writable, settings["landlock"], template)


def serve(context: WorkerContext, request: dict[str, Any], ready: int, channel: int, output: int) -> NoReturn:
    """Confine this process, write a byte to ready, and carry out the runner's order."""
    try:
        confine(context, Path(request["fork"]))
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Line by line: the runner may kill this process at any time, and the output so far must not be lost.
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        os.write(ready, b"!")
        os.close(ready)
        random.seed(0)
        np.random.seed(0)
        work(Channel(socket.socket(fileno=channel)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(0)


def work(channel: Channel) -> None:
    """Receive the order, carry it out, and report the end: Finished or Failed.

    The submission's modules are run as leniently as where questions are checked; ours are imported as ever.
    """
    import torch

    order = channel.receive(Order)
    torch.set_num_threads(order.threads)
    device = "cuda" if order.device != "cpu" and torch.cuda.is_available() else "cpu"
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": str(torch.__version__)}
    channel.send(Ready(torch.cuda.get_device_name() if device == "cuda" else "cpu", versions))
    order = msgspec.structs.replace(order, device=device)
    SubmissionModules(Path(order.code), [(name,) for name in order.modules], helpers=())
    sys.path.insert(0, order.code)
    try:
        program: Any = importlib.import_module(order.program)
        channel.send((program.train if order.step == "train" else program.answer)(order, channel))
    except BaseException as error:  # SystemExit too
        channel.send(Failed(submission_error(error, Path(order.code))))
