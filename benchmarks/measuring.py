"""Measuring processes: wall time, CPU time and memory, and ratios of two of them."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
TICKS = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Cost:
    """What something took, in seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ratio: str
    target: str = ""
    cpu: str = ""
    aside: str = ""
    """Absolute times, which say little about another machine."""


class Silent:
    """The training loop's tracker that tells nobody."""

    def __getattr__(self, name: str) -> Any:
        return lambda *told: None


def folders_of(assignment: str) -> list[str]:
    """Return where an assignment's modules are imported from: the staff's, the answers before the stubs, the rest."""
    root = Path(__file__).resolve().parent.parent
    parts = (f"solutions/{assignment}/staff", f"solutions/{assignment}", f"assignments/{assignment}")
    return [str(root / part) for part in parts]


def cost_of_command(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end, silently; return what it took with all its descendants."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    return Cost(time.perf_counter() - started, used.ru_utime + used.ru_stime)


def cost_here(function: Callable[[], object]) -> Cost:
    """Call a function; return what it took with all descendants of this process, those that live on too."""
    started, before = time.perf_counter(), cpu_of_family()
    function()
    return Cost(time.perf_counter() - started, cpu_of_family() - before)


def interleaved(repeats: int, *things: Callable[[], Cost]) -> list[list[Cost]]:
    """Measure things one after the other, again and again, so that noise hits all of them alike."""
    rounds = [[thing() for thing in things] for _ in range(repeats)]
    return [list(costs) for costs in zip(*rounds, strict=True)]


def ratio(one: Sequence[float], other: Sequence[float]) -> str:
    """Return the median of the ratios of each round, and the smallest and largest."""
    ratios = sorted(a / b for a, b in zip(one, other, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def band(numbers: list[float]) -> str:
    """Return the least, the median and the greatest."""
    return " / ".join(f"{number:.1f}" for number in (min(numbers), statistics.median(numbers), max(numbers)))


def compare(what: str, one: Sequence[Cost], other: Sequence[Cost], target: str = "", aside: str = "") -> Row:
    """Return the line that says how many times longer one took than the other."""
    walls, cpus = ([[getattr(cost, kind) for cost in costs] for costs in (one, other)] for kind in ("wall", "cpu"))
    seconds = " / ".join(f"{statistics.median(wall):.3g} s" for wall in walls)
    return Row(what, ratio(*walls), target, ratio(*cpus), aside or seconds)


def family() -> list[int]:
    """Return the process ids of this process and its descendants."""
    found = [os.getpid()]
    for pid in found:
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):  # ended while we looked
            continue
    return found


def cpu_of_family() -> float:
    """Return the CPU seconds of this process and its descendants, with those of descendants that have been reaped."""
    total = 0
    for pid in family():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total / TICKS


class PeakMemory:
    """Watches the memory of this process and its descendants in the block of a `with`; `mb` is the peak.

    Resident memory, added up: pages that forked processes share are counted once for each.
    """

    def __init__(self) -> None:
        self.mb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            self.mb = max(self.mb, sum(map(resident_mb, family())))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def signature() -> str:
    """Say what the numbers were measured on."""
    lines = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    about = {name.strip(): value.strip() for name, _, value in lines}
    vectors = next((name for name in ("avx512f", "avx2") if name in about.get("flags", "").split()), "no AVX2")
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "hypothesis", "sandlock"))
    return (
        f"{len(os.sched_getaffinity(0))} cores of {about.get('model name', platform.machine())} ({vectors}), "
        f"Linux {platform.release()}, Python {platform.python_version()}, {versions}; "
        f"load before: {os.getloadavg()[0]:.1f}"
    )


def table(rows: Sequence[Row]) -> str:
    """Return the rows in Markdown."""
    head = ("what", "ratio: median (range)", "target", "ratio of CPU seconds", "aside")
    lines = [head, ("---",) * len(head), *((r.what, r.ratio, r.target, r.cpu, r.aside) for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measure(section: str, repeats: int) -> str:
    """Return a section of the README: what `rows` of the module of this name measures."""
    measured_on = signature()
    rows = import_module(f"benchmarks.{section}").rows(repeats)
    return f"### {section}\n\n{table(rows)}\n\n{measured_on}; {repeats} rounds.\n"
