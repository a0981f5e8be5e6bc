"""The two levels of isolation, and whether this machine supports them."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from enum import StrEnum
from pathlib import Path

from graders.sandbox.inside import landlock, system_calls
from sanity.core.errors import GraderFailed, UserError

NEEDED_ABI = 2
"""What Landlock has since ABI 3, 4, 5 and 6 is closed by the filter of system calls too; what ABI 2 has is not."""
LINUX_OF_ABI = {1: "5.13", 2: "5.19", 3: "6.2", 4: "6.7", 5: "6.10", 6: "6.12"}
"""The version of Linux that has a Landlock ABI; distributions port some back."""
SUPERVISING = {
    "seccomp": (317, 277),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "process_vm_readv": (310, 270),
}
"""System calls that sandlock needs outside the sandbox, and a container may refuse: numbers on x86_64 and aarch64."""
GET_ACTION_AVAIL, USER_NOTIFICATION = 2, 0x7FC00000


class Isolation(StrEnum):
    """How a submission is separated from the grader and from other submissions."""

    SANDLOCK = "sandlock"
    """Landlock and seccomp: no network, no other files, no signals, limited memory, one process."""
    NONE = "none"
    """Only separate processes with resource limits. For code that you trust."""


class SandboxError(GraderFailed, UserError):
    """The sandbox cannot be set up, or a zygote did not start; the message is one line."""


def landlock_abi() -> int:
    """Return the ABI of Landlock that is used here, 0 if there is none."""
    return landlock.abi() if sys.platform == "linux" else 0


def walls() -> dict[str, str]:
    """Return the requirements of `sandlock` isolation by name, each with "" or the reason why it is not available."""
    if sys.platform != "linux":
        return dict.fromkeys(("sandlock", "Landlock", "seccomp", "/proc"), f"needs Linux, this is {sys.platform}")
    return {"sandlock": _sandlock(), "Landlock": _landlock(), "seccomp": _seccomp(), "/proc": _proc()}


def _sandlock() -> str:
    try:
        Path.home()
    except RuntimeError:  # a uid without a name, and no HOME: importing sandlock would fail
        os.environ["HOME"] = "/"
    try:
        import sandlock  # noqa: F401
    except ImportError:
        return "not installed: pip install 'trivium[graders]'"
    return ""


def _landlock() -> str:
    if (abi := landlock_abi()) >= NEEDED_ABI:
        return ""
    has = f"the kernel offers ABI {abi}" if abi else "the kernel, or the container, does not offer it"
    return f"{has}; ABI {NEEDED_ABI} is needed (Linux {LINUX_OF_ABI[NEEDED_ABI]} and later)"


def _seccomp() -> str:
    machine = platform.machine()
    if not system_calls.known(machine):
        return f"the system calls of {machine} are not known; grade on {' or '.join(system_calls.MACHINES)}"
    refused = [name for name, error in _supervising(machine).items() if error]
    if not refused:
        return ""
    advice = "; in a container that may take `--cap-add SYS_PTRACE`" if "seccomp" not in refused else ""
    return f"{', '.join(refused)} refused by the kernel, or by the container{advice}"


def _supervising(machine: str) -> dict[str, int]:
    """Return what comes of each call in SUPERVISING, tried on this process: 0 or an error's number."""
    libc = ctypes.CDLL(None, use_errno=True)
    column = list(system_calls.MACHINES).index(machine)
    outcome = {}

    def attempt(name: str, *arguments: object) -> int:
        result: int = libc.syscall(SUPERVISING[name][column], *arguments)
        outcome[name] = ctypes.get_errno() if result < 0 else 0
        return result

    attempt("seccomp", GET_ACTION_AVAIL, 0, ctypes.byref(ctypes.c_uint32(USER_NOTIFICATION)))
    ourselves = attempt("pidfd_open", os.getpid(), 0)
    read, write = os.pipe()
    copy = attempt("pidfd_getfd", ourselves, read, 0)
    attempt("process_vm_readv", os.getpid(), None, 0, None, 0, 0)
    for descriptor in (ourselves, copy, read, write):
        if descriptor >= 0:
            os.close(descriptor)
    return outcome


def _proc() -> str:
    return "" if Path("/proc/self/status").exists() else "not mounted"


def require_walls(isolation: Isolation) -> None:
    """Raise SandboxError if this machine does not support the isolation."""
    if sys.platform != "linux":
        raise SandboxError(f"grading needs Linux, this is {sys.platform}; use a virtual machine or a container")
    missing = [f"{name}: {reason}" for name, reason in walls().items() if reason]
    if isolation is Isolation.SANDLOCK and missing:
        advice = "`trivium doctor` tells more. Use `--isolation none` to run trusted code without it"
        raise SandboxError(f"the sandbox is not available: {'; '.join(missing)}. {advice}")
