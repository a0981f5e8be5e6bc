"""Which walls stand on this machine, and which a grading needs."""

from __future__ import annotations

import sys
from enum import StrEnum

from sanity.core.errors import GraderFailed, UserError


class Isolation(StrEnum):
    """The walls around a submission."""

    SANDLOCK = "sandlock"
    """Landlock and seccomp: no network, no files but its own, no signals, limited memory and processes."""
    NONE = "none"
    """Separate processes with limits only. For code you trust."""


class SandboxError(GraderFailed, UserError):
    """The sandbox cannot be set up, or a zygote did not start; the message is one line."""


def walls() -> dict[str, str]:
    """Return the walls that `sandlock` isolation needs, each with "" or the reason why it does not stand here."""
    if sys.platform != "linux":
        reason = f"needs Linux, this is {sys.platform}"
        return {"sandlock": reason, "Landlock": reason}
    try:
        import sandlock
    except ImportError:
        return {"sandlock": "not installed: pip install 'trivium[graders]'", "Landlock": "not tested"}
    have, need = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
    landlock = "" if have >= need else f"the kernel offers ABI {have}, {need} is needed (Linux 6.12 and later)"
    return {"sandlock": "", "Landlock": landlock}


def require_walls(isolation: Isolation) -> None:
    """Raise SandboxError if this isolation cannot be had here."""
    if sys.platform != "linux":
        raise SandboxError(f"grading needs Linux, this is {sys.platform}; a virtual machine or a container will do")
    if isolation is Isolation.SANDLOCK:
        for wall, reason in walls().items():
            if reason:
                raise SandboxError(f"no sandbox here: {wall}: {reason}. `--isolation none` grades without one")
