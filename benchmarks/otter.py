"""`trivium grade` of a class against `otter run` of each submission, with the same checks, cases and marks."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.classes import write_right_answers
from benchmarks.cold import grade
from benchmarks.measuring import Cost, Row, compare, cost_of_command, interleaved
from graders.autograder.build import build_autograder
from graders.course.assignment import load_assignment
from graders.zips import write_zip

COUNT = 20
SEED = 1
"""As that of `grade` in cold.py."""


def rows(repeats: int) -> list[Row]:
    """Measure in a new folder."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for both: with more threads than cores they only wait
    with tempfile.TemporaryDirectory() as folder:
        return [row(Path(folder), name, repeats) for name in ("a2", "a4")]


def row(folder: Path, assignment: str, repeats: int) -> Row:
    """Compare a class of right answers with as many runs of otter."""
    autograder = build_autograder(load_assignment(assignment), folder / f"{assignment}.zip", SEED)
    submissions = folder / assignment
    zips = []
    for path in write_right_answers(submissions, assignment, COUNT):
        zips.append(folder / f"{assignment}-{path.name}.zip")
        write_zip(zips[-1], {file.name: file.read_bytes() for file in path.iterdir()})
    otter, ours = interleaved(
        repeats, partial(by_otter, zips, autograder, assignment), partial(by_trivium, submissions, assignment)
    )
    return compare(f"`otter run` of {COUNT} submissions of {assignment} ÷ `trivium grade`", otter, ours, "≥ 20")


def by_otter(zips: list[Path], autograder: Path, assignment: str) -> Cost:
    """Run otter on each submission, one after the other, without what it has cached before."""
    points = load_assignment(assignment).manifest.points
    total = Cost(0, 0)
    with tempfile.TemporaryDirectory() as out:
        for number, path in enumerate(zips):
            os.environ["XDG_CACHE_HOME"] = f"{out}/cache{number}"  # some of the answers are the same
            otter = str(Path(sys.executable).with_name("otter"))
            cost = cost_of_command([otter, "run", str(path), "-a", str(autograder), "-o", out, "--no-logo"], Path.cwd())
            assert json.loads(Path(out, "results.json").read_bytes())["score"] == points, path.name
            total = Cost(total.wall + cost.wall, total.cpu + cost.cpu)
    return total


def by_trivium(submissions: Path, assignment: str) -> Cost:
    """Grade the class into a new folder, start and exports included."""
    with tempfile.TemporaryDirectory() as out:
        cost = cost_of_command(grade(assignment, submissions, Path(out)), Path.cwd())
        assert len(list(Path(out, "results").glob("*.json"))) == COUNT
    return cost
