"""A trainee: one process that trains one submission, confined to its own folder, until it ends or is ended.

Like a worker (worker.py) it is forked by a zygote. It differs in what it may use (all cores, a GPU, large files, hours)
and in who speaks: it reports, and the runner listens. What it does is known to a program, the module that the order
names; translation.py is one. It has two functions, of an Order and a Talk, that return how they Finished:

    train    trains in the working folder, goes on where an earlier process was stopped there, and reports
    answer   answers the sentences of the test with the best that training has left in the working folder
"""

from __future__ import annotations

import importlib
import os
import random
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import msgspec
import numpy as np

from graders.sandbox.inside.confine import WorkerContext, confine
from graders.sandbox.inside.protocol import Failed, Order, Ready, Talk
from graders.sandbox.inside.worker import versions
from sanity.core.calling import submission_error


def prepare(settings: dict[str, Any]) -> WorkerContext:
    """Import what takes long, without starting a thread or touching a GPU: a fork would inherit half of it."""
    import torch  # noqa: F401

    if settings["confined"]:
        import sandlock  # noqa: F401
    writable = tuple(settings["writable"])
    return WorkerContext(ModuleType("no probes"), (), tuple(settings["readable"]), settings["confined"], writable)


def serve(home: WorkerContext, order: dict[str, Any], ready: int, channel: int, output: int) -> NoReturn:
    """Confine this process, write a byte to ready, and do what the runner orders."""
    try:
        confine(home, Path(order["fork"]))
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it may be ended after any line
        os.write(ready, b"!")
        os.close(ready)
        random.seed(0)
        np.random.seed(0)
        work(Talk(socket.socket(fileno=channel)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(0)


def work(talk: Talk) -> None:
    """Take the order and carry it out; say how it ended."""
    import torch

    order = talk.hear(Order)
    torch.set_num_threads(order.threads)
    device = "cuda" if order.device != "cpu" and torch.cuda.is_available() else "cpu"
    talk.say(Ready(torch.cuda.get_device_name() if device == "cuda" else "cpu", versions()))
    order = msgspec.structs.replace(order, device=device)
    sys.path.insert(0, order.code)
    try:
        program: Any = importlib.import_module(order.program)
        talk.say((program.train if order.step == "train" else program.answer)(order, talk))
    except BaseException as error:  # SystemExit too
        talk.say(Failed(submission_error(error, Path(order.code))))
