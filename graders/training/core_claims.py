"""Reserves processor cores for one training, so that its threads do not slow down other trainings."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def claim_cores(count: int) -> Iterator[frozenset[int]]:
    """Claim `count` cores that no other training on this machine has claimed; yield their numbers.

    If fewer are free, yields all cores that this process may use. A claim is an abstract socket name: the kernel
    releases it when the process ends, even by a kill.
    """
    usable = sorted(os.sched_getaffinity(0))
    with ExitStack() as claims:
        claimed = []
        for core in usable:
            claim = claims.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            with suppress(OSError):  # claimed by another training
                claim.bind(f"\0trivium core {core}")
                claimed.append(core)
            if len(claimed) == count:
                break
        if len(claimed) < count:
            claims.close()
        yield frozenset(claimed if len(claimed) == count else usable)
