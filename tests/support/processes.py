"""What this process has open, and which processes run: to show that nothing is left."""

from __future__ import annotations

from pathlib import Path

from graders.sandbox.zygote import Zygote


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def process_of(zygote: Zygote) -> int:
    """Return the process id of the zygote itself, which the wall has started if there is one."""
    started = zygote._process.pid
    if b"supervisor.py" not in Path(f"/proc/{started}/cmdline").read_bytes():
        return started
    threads = Path(f"/proc/{started}/task").iterdir()
    [child] = [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]
    return child


def running(text: str) -> list[str]:
    """Return the command lines of the processes that name text: a zygote and its workers name their scratch folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        found += [line] if text in line else []
    return found
