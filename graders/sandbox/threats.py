"""What a submission might do, the walls that keep it from that, and whether they stand on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from graders.sandbox.isolation import LINUX_OF_ABI


class Threat(NamedTuple):
    """Something that a submission must not do."""

    what: str
    walls: tuple[str, ...]
    """Each closes it alone. The names are those of `isolation.walls`, or say what is done."""
    landlock: int = 0
    """The ABI of Landlock that closes it too; 0 if none does."""


NO_CALL = ("seccomp",)
THREATS = (
    Threat("reads, writes, moves or removes files outside its folder", (), 2),
    Threat("cuts files outside short", NO_CALL, 3),
    Threat("reaches the network", NO_CALL, 4),
    Threat("controls devices", NO_CALL, 5),
    Threat("signals other processes", NO_CALL, 6),
    Threat("reaches sockets of this machine", NO_CALL, 6),
    Threat("changes modes, owners, times, attributes or locks of files", NO_CALL),
    Threat("starts processes or programs", NO_CALL),
    Threat("changes limits, turns or memory of other processes", NO_CALL),
    Threat("shares memory with those who come later", NO_CALL),
    Threat("makes files that run as their owner", NO_CALL),
    Threat("reaches rarely used parts of the kernel", NO_CALL),
    Threat("reads in /proc of other processes and of the machine", ("sandlock",)),
    Threat("uses the privileges of root", ("dropped capabilities",)),
    Threat("takes more time, memory, disk or threads than it may", ("limits that the grader watches",)),
)


def table(missing: Mapping[str, str], abi: int) -> list[tuple[str, str, str]]:
    """Return a row for each threat: what it is, what closes it, and whether that stands here.

    Args:
        missing: from `isolation.walls`, the reason by name of each that is not available.
        abi: the kernel's Landlock ABI.
    """
    rows = []
    for threat in THREATS:
        enough = 0 < threat.landlock <= abi
        later = f"Landlock since ABI {threat.landlock}" if threat.landlock else ""
        closed_by = [*threat.walls, *([later] if later else [])]
        stands = [wall for wall in threat.walls if not missing.get(wall)]
        stands += ["Landlock"] if enough and not missing.get("Landlock") else []
        here = f"by {' and '.join(stands)}" if stands else "no"
        if stands and threat.landlock and not enough:
            here += f" alone: Landlock would need Linux {LINUX_OF_ABI[threat.landlock]}"
        rows.append((threat.what, " and ".join(closed_by), here))
    return rows
