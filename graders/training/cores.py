"""Processor cores for one training: its own as long as it runs, so that no other loses time to a hundred threads."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def claimed(count: int) -> Iterator[frozenset[int]]:
    """Claim so many cores of this machine that no other training has claimed; yield their numbers.

    Yields all that this process may use if fewer are free, as when trainings are started that know nothing of each
    other. A claim is the name of a socket, which the kernel frees when its process ends, however that ends.
    """
    usable = sorted(os.sched_getaffinity(0))
    with ExitStack() as claims:
        own = []
        for core in usable:
            claim = claims.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            with suppress(OSError):  # another training has it
                claim.bind(f"\0trivium core {core}")
                own.append(core)
            if len(own) == count:
                break
        if len(own) < count:
            claims.close()
        yield frozenset(own if len(own) == count else usable)
