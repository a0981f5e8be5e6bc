"""What a class costs: against one fresh process a submission, as it grows, and in its parts."""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.measuring import Cost, PeakMemory, Row, compare, cost_here, cost_of_command, interleaved
from benchmarks.student import IMPORT_TORCH
from graders.course.assignment import load_assignment
from graders.course.planted import load_variants
from graders.exports.table import first_problem
from graders.grading.plan import make_plan
from graders.grading.run import GradingRun
from graders.intake.submission import found_at
from graders.records.gradebook import Gradebook
from graders.records.result import Result, Unread
from graders.sandbox.isolation import Isolation
from graders.sandbox.session import Session
from sanity.a4.padding import SENTENCES, pad

SEED = 2024
JOBS = 2
SMALL, LARGE = 20, 200
FORKS = 20


def write_right_answers(folder: Path, assignment: str, count: int) -> list[Path]:
    """Write submissions that are all right: the variants, repeated."""
    paths = []
    for number, variant in zip(range(count), itertools.cycle(load_variants(load_assignment(assignment)))):
        path = folder / f"{number:03}-{variant.id}"
        path.mkdir(parents=True)
        for name, text in variant.files.items():
            (path / name).write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


class Bench:
    """A class of right answers, and an engine for it."""

    def __init__(self, folder: Path, grader: GradingRun, count: int = SMALL) -> None:
        self.folder, self.grader = folder, grader
        self.paths = write_right_answers(folder / "class", grader.plan.manifest.name, count)
        self.graded = 0

    def grade(self, count: int) -> None:
        """Grade the first submissions, in a new gradebook."""
        self.graded += 1
        with Gradebook(self.folder / f"book{self.graded}.sqlite") as book:
            found = [found_at(path) for path in self.paths[:count]]
            self.grader.grade_all(found, book, lambda result: None, require_all_points)

    def grade_by_command(self) -> Cost:
        """Grade the small class with the command, start and exports included."""
        self.graded += 1
        out = str(self.folder / f"out{self.graded}")
        options = ["--jobs", str(JOBS), "--seed", str(SEED), "--out", out]
        paths = list(map(str, self.paths[:SMALL]))
        return cost_of_command([sys.executable, "-m", "graders.cli", "grade", "a4", *paths, *options], Path.cwd())

    def grade_freshly(self) -> None:
        """Grade the small class with one fresh process a submission."""
        with ThreadPoolExecutor(JOBS) as pool:
            for said in pool.map(lambda path: fresh([path]), self.paths[:SMALL]):
                passed, checks = said[0].split()[0].split("/")
                assert passed == checks, "a right answer lost points"


def require_all_points(result: Result | Unread, known: bool) -> None:
    """Raise AssertionError for a right answer that has lost points."""
    assert isinstance(result, Result) and not known, f"{result.submission}: not graded"
    assert result.points == result.max_points, f"{result.submission}: {first_problem(result)}"


def fresh(paths: Sequence[Path]) -> list[str]:
    """Run the baseline in one process; return a line for each submission."""
    command = [sys.executable, "-m", "benchmarks.fresh", str(SEED), *map(str, paths)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # as our workers: with more threads than cores they only wait
    return subprocess.run(command, env=alone, capture_output=True, text=True, check=True).stdout.splitlines()


def rows(repeats: int) -> list[Row]:
    """Measure in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        return [*class_rows(Path(folder, "a4"), repeats), *rate_rows(Path(folder), repeats)]


def class_rows(folder: Path, repeats: int) -> list[Row]:
    """Measure classes of right answers."""
    with GradingRun(make_plan(load_assignment("a4"), [], SEED), Isolation.SANDLOCK, JOBS) as grader:
        bench = Bench(folder, grader, LARGE)
        bench.grade(JOBS)  # warm: zygotes and the reference's answers
        fresh_, warm, cold = interleaved(
            repeats,
            lambda: cost_here(bench.grade_freshly),
            lambda: cost_here(lambda: bench.grade(SMALL)),
            bench.grade_by_command,
        )
        return [
            compare(
                "one fresh process a submission ÷ `trivium`, warm", fresh_, warm, "≥ 10.5", f"{rate(warm)} a minute"
            ),
            compare("the same ÷ `trivium grade`, start and exports included", fresh_, cold),
            *growth_rows(bench, warm),
            *unit_rows(bench, repeats),
        ]


def rate(costs: Sequence[Cost]) -> str:
    """Return how many submissions are graded in a minute if SMALL of them cost this."""
    return f"{60 * SMALL / statistics.median(cost.wall for cost in costs):.0f}"


def rate_rows(folder: Path, repeats: int) -> list[Row]:
    """Compare the assignments."""
    others = ("a1", "a2", "a3", "a5")
    with ExitStack() as stack:
        engines = [
            stack.enter_context(GradingRun(make_plan(load_assignment(a), [], SEED), Isolation.SANDLOCK, JOBS))
            for a in (*others, "a4")
        ]
        benches = [Bench(folder / f"rate-{grader.plan.manifest.name}", grader) for grader in engines]
        for bench in benches:
            bench.grade(JOBS)  # warm
        *measured, a4 = interleaved(repeats, *(partial(cost_here, partial(bench.grade, SMALL)) for bench in benches))
    return [
        compare(f"grade {SMALL} submissions, {other} ÷ a4", costs, a4, "", f"{rate(costs)} / {rate(a4)} a minute")
        for other, costs in zip(others, measured, strict=True)
    ]


def growth_rows(bench: Bench, warm: Sequence[Cost]) -> list[Row]:
    """Compare a large class with a small one, and the small one with what its own code costs."""
    with PeakMemory() as small:
        bench.grade(SMALL)
    with PeakMemory() as large:
        large_cost = cost_here(lambda: bench.grade(LARGE))
    each = [Cost(cost.wall / SMALL, cost.cpu / SMALL) for cost in warm]
    each_of_large = [Cost(large_cost.wall / LARGE, large_cost.cpu / LARGE)] * len(each)
    own = statistics.median(float(line.split()[1]) for line in fresh(bench.paths[: SMALL + 1])[1:])
    overhead = [cost.cpu - own for cost in each]
    middle = statistics.median(overhead)
    memory = f"{large.mb:.0f} MB / {small.mb:.0f} MB"
    return [
        compare(f"time a submission, {LARGE} ÷ {SMALL} of them", each_of_large, each, "about 1"),
        Row(f"peak memory, {LARGE} ÷ {SMALL} submissions", f"{large.mb / small.mb:.2f}", "about 1", "", memory),
        Row(
            "the grader's overhead a submission ÷ the submission's own code",
            "",
            "",
            f"{middle / own:.2f} ({min(overhead) / own:.2f} to {max(overhead) / own:.2f})",
            f"{middle:.3f} s / {own:.3f} s of CPU",
        ),
    ]


def unit_rows(bench: Bench, repeats: int) -> list[Row]:
    """Measure a worker: forked, confined, a submission imported, and one question answered."""
    zygote = bench.grader.grader._zygotes.get()
    files = {path.name: path.read_bytes() for path in bench.paths[0].iterdir()}
    case = SENTENCES.case()

    def workers() -> None:
        for _ in range(FORKS):
            with Session(zygote, files) as session:
                session.begin("utils", 10)
                session(pad, case)

    def questions() -> None:
        with Session(zygote, files) as session:
            session.begin("utils", 10)
            for _ in range(FORKS):
                session(pad, case)

    try:
        forked, asked, imports = interleaved(
            repeats,
            lambda: each(cost_here(workers)),
            lambda: each(cost_here(questions)),
            lambda: cost_of_command(IMPORT_TORCH, bench.folder),
        )
    finally:
        bench.grader.grader._zygotes.put(zygote)
    return [
        compare("fork, confine, import and ask one worker ÷ `import torch`", forked, imports),
        compare("ask a worker one easy question ÷ fork, confine, import and ask one", asked, forked),
    ]


def each(cost: Cost) -> Cost:
    """Return the cost of one of FORKS."""
    return Cost(cost.wall / FORKS, cost.cpu / FORKS)
