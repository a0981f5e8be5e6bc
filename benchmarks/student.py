"""What a student waits for: one check, and one more with --watch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.measuring import Cost, Row, compare, cost_of_command, interleaved
from graders.course.assignment import handout_folder, load_assignment

IMPORT_TORCH = [sys.executable, "-c", "import torch"]
CHECK = [sys.executable, "sanity_check.py", "1d"]
WITHOUT_TORCH = [sys.executable, "sanity_check.py", "1a"]
DONE = "watching; "
"""How the line starts that --watch prints after each run."""


def rows(repeats: int) -> list[Row]:
    """Measure in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        return student_rows(Path(folder, "homework"), repeats)


def student_rows(folder: Path, repeats: int) -> list[Row]:
    """Measure in a new folder with right answers."""
    shutil.copytree(handout_folder("a4"), folder)
    for path in load_assignment("a4").solutions.glob("*.py"):
        shutil.copy(path, folder)
    checks, without, imports = interleaved(
        repeats, *(partial(cost_of_command, command, folder) for command in (CHECK, WITHOUT_TORCH, IMPORT_TORCH))
    )
    again = watched(folder, repeats)
    return [
        compare('`sanity_check.py 1d` ÷ `python -c "import torch"`', checks, imports, "≤ 1.25"),
        compare('`sanity_check.py 1a`, which needs no torch ÷ `python -c "import torch"`', without, imports, "≤ 0.2"),
        compare("a `--watch` run after a save ÷ the cold run", again, checks, "≤ 0.15"),
    ]


def watched(folder: Path, repeats: int) -> list[Cost]:
    """Save a file and wait for the last line of a running --watch; return what each of these runs took."""
    process = subprocess.Popen([*CHECK, "--watch"], cwd=folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    costs = []
    try:
        for _ in range(repeats + 2):  # the first is the cold run; the second still warms up
            started, before = time.perf_counter(), cpu_of(process.pid)
            for line in process.stdout:
                if line.startswith(DONE):
                    break
            costs.append(Cost(time.perf_counter() - started, cpu_of(process.pid) - before))
            time.sleep(0.2)  # a student's next save is not part of this one
            save(folder / "nmt_model.py")
    finally:
        process.terminate()
        process.wait()
    return costs[2:]


def save(path: Path) -> None:
    """Add an empty line to a file, at one stroke, as editors do."""
    new = path.with_suffix(".new")
    new.write_text(path.read_text() + "\n")
    new.replace(path)


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
