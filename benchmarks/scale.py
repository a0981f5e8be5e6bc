"""What a class of thousands costs beside one of hundreds: `trivium grade`, from the command to the last export."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen

from benchmarks.classes import JOBS, SEED
from benchmarks.measuring import Cost, Row, compare, cpu_of_family, family, resident_mb
from demo.generated import write_generated

SIZES = 200, 1000, 2000
QUESTIONS = "1a,1b"
LOOK_SECONDS = 0.1


class Run:
    """One run of the command on the first submissions of a class: its cost and its peak memory."""

    def __init__(self, folder: Path, count: int) -> None:
        """Grade `count` submissions."""
        arguments = ["a2", folder / f"class-{count}", "--jobs", JOBS, "--seed", SEED, "--out", folder / f"out-{count}"]
        arguments += ["--questions", QUESTIONS]
        command = [sys.executable, "-m", "graders.cli", "grade", *map(str, arguments)]
        began, before = time.perf_counter(), cpu_of_family()
        process = Popen(command, stdout=DEVNULL, stderr=DEVNULL)
        self.own_mb = self.all_mb = 0.0
        """Of the grader's process; of all processes together, but this one."""
        while process.poll() is None:
            sizes = {pid: resident_mb(pid) for pid in family()[1:]}
            self.own_mb = max(self.own_mb, sizes.get(process.pid, 0.0))
            self.all_mb = max(self.all_mb, sum(sizes.values()))
            time.sleep(LOOK_SECONDS)
        assert process.returncode == 0
        self.cost = Cost(time.perf_counter() - began, cpu_of_family() - before)


def rows(repeats: int) -> list[Row]:
    """Measure in a new folder; the grading itself once, for a class of thousands has its own median."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in SIZES:
            write_generated(folder / f"class-{count}", "a2", count)
        first = [Run(folder, count) for count in SIZES]
        again = [[Run(folder, count) for count in SIZES] for _ in range(repeats)]
    small, middle, large = SIZES
    what = f"time a submission, from {middle} to {large} ÷ from {small} to {middle} of them"
    most, least = first[-1], first[0]
    grown = 1000 * (most.own_mb - least.own_mb) / (large - small)
    return [
        compare(what, [_each(first, 1)], [_each(first, 0)], "≤ 1.1"),
        compare(
            "the same, all graded before",
            [_each(runs, 1) for runs in again],
            [_each(runs, 0) for runs in again],
            "≤ 1.1",
        ),
        Row(
            f"peak memory of all processes, {large} ÷ {small} submissions",
            f"{most.all_mb / least.all_mb:.2f}",
            "",
            "",
            f"{most.all_mb:.0f} MB / {least.all_mb:.0f} MB: {grown:.0f} kB a submission in the grader's process",
        ),
    ]


def _each(runs: Sequence[Run], place: int) -> Cost:
    """Return what one more submission costs, from the run at a place to the next one: no start-up."""
    less, more, count = runs[place].cost, runs[place + 1].cost, SIZES[place + 1] - SIZES[place]
    return Cost((more.wall - less.wall) / count, (more.cpu - less.cpu) / count)
