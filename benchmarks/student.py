"""What a student waits for: one check, one more with --watch, and one in a notebook."""

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
IN_A_NOTEBOOK = [sys.executable, "sanity_check.py", "1.2"]
AGAIN = """
import resource, sys, time
from exploring_word_vectors import *
from sanity import check
def cpu():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
for _ in range(int(sys.argv[1]) + 1):
    wall, used = time.perf_counter(), cpu()
    check("1.2")
    print("cost", time.perf_counter() - wall, cpu() - used)
"""
"""A session in which the question is answered, and checked again and again."""
DONE = "watching; "
"""How the line starts that --watch prints after each run."""


def rows(repeats: int) -> list[Row]:
    """Measure in new folders."""
    with tempfile.TemporaryDirectory() as folder:
        return [*student_rows(Path(folder, "homework"), repeats), notebook_row(Path(folder, "notebook"), repeats)]


def notebook_row(folder: Path, repeats: int) -> Row:
    """Measure question 1.2 of assignment 1, cold, and again in a session that has it in memory."""
    shutil.copytree(handout_folder("a1"), folder)
    (folder / "exploring_word_vectors.ipynb").unlink()
    for name, content in load_assignment("a1").reference.items():
        (folder / name).write_bytes(content)
    [cold] = interleaved(repeats, partial(cost_of_command, IN_A_NOTEBOOK, folder))
    session = [sys.executable, "-c", AGAIN, str(repeats)]
    said = subprocess.run(session, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    again = [Cost(*map(float, line.split()[1:])) for line in said if line.startswith("cost")][1:]
    return compare('`check("1.2")` again in a session ÷ `sanity_check.py 1.2`', again, cold)


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
        compare('`sanity_check.py 1d` ÷ `python -c "import torch"`', checks, imports, "≤ 1.15"),
        compare('`sanity_check.py 1a`, which needs no torch ÷ `python -c "import torch"`', without, imports, "≤ 0.2"),
        compare("a `--watch` run after a save ÷ the cold run", again, checks, "≤ 0.1"),
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
