"""The two levels of isolation, and whether this machine supports them."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path

from graders.sandbox.inside import landlock
from sanity.core.errors import GraderFailed, UserError


class Isolation(StrEnum):
    """How a submission is separated from the grader and from other submissions."""

    SANDLOCK = "sandlock"
    """Landlock and seccomp: no network, no other files, no signals, limited memory, one process."""
    NONE = "none"
    """Only separate processes with resource limits. For code that you trust."""


class SandboxError(GraderFailed, UserError):
    """The sandbox cannot be set up, or a zygote did not start; the message is one line."""


NEEDED_ABI = 2
"""x"""


def landlock_abi() -> int:
    """Return the ABI of Landlock that is used here, 0 if there is none."""
    return landlock.abi() if sys.platform == "linux" else 0


def walls() -> dict[str, str]:
    """Return the requirements of `sandlock` isolation by name, each with "" or the reason why it is not available."""
    if sys.platform != "linux":
        reason = f"needs Linux, this is {sys.platform}"
        return {"sandlock": reason, "Landlock": reason}
    try:
        Path.home()
    except RuntimeError:  # a uid without a name, and no HOME: importing sandlock would fail
        os.environ["HOME"] = "/"
    try:
        import sandlock
    except ImportError:
        return {"sandlock": "not installed: pip install 'trivium[graders]'", "Landlock": "not tested"}
    have, need = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
    landlock = "" if have >= need else f"the kernel offers ABI {have}, {need} is needed (Linux 6.12 and later)"
    return {"sandlock": "", "Landlock": landlock}


def require_walls(isolation: Isolation) -> None:
    """Raise SandboxError if this machine does not support the isolation."""
    if sys.platform != "linux":
        raise SandboxError(f"grading needs Linux, this is {sys.platform}; use a virtual machine or a container")
    if isolation is Isolation.SANDLOCK:
        for name, reason in walls().items():
            if reason:
                advice = "Use `--isolation none` to run trusted code without it"
                raise SandboxError(f"the sandbox is not available: {name}: {reason}. {advice}")
