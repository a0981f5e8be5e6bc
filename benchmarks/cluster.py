"""What a Dask cluster costs on one machine: its overhead on a class, and how fast it hands out jobs that do nothing."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from benchmarks.classes import JOBS, LARGE, SEED, Bench
from benchmarks.measuring import Cost, Row, band, compare, cost_here, interleaved
from graders import engine
from graders.course.assignment import load_assignment
from graders.engine.job import Tell
from graders.grading.grader import signature_of
from graders.grading.plan import make_plan
from graders.grading.run import GradingRun
from graders.grading.submission import ungraded
from graders.grading.worker import GRADERS, LentGrader, Setup
from graders.intake.submission import Submission, found_at, read_class
from graders.records.gradebook import Gradebook
from graders.records.result import Result
from graders.sandbox.isolation import Isolation

NO_OPS = 2000


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Start a scheduler and workers on 127.0.0.1, as `dask worker --nthreads 1` does; yield the address."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        resources={"CPU": 1},
        memory_limit=None,
        dashboard_address="127.0.0.1:0",
    ) as started:
        yield str(started.scheduler_address)


def rows(repeats: int) -> list[Row]:
    """Measure in a new folder."""
    with tempfile.TemporaryDirectory() as folder, cluster(JOBS) as address:
        return [*class_rows(Path(folder), address, repeats), *no_op_rows(Path(folder), address, repeats)]


def class_rows(folder: Path, address: str, repeats: int) -> list[Row]:
    """Grade the same class on this machine's engine and on the cluster, with as many at a time, both warm."""
    from distributed import Client

    plan = make_plan(load_assignment("a4"), [], SEED)
    with (
        GradingRun(plan, Isolation.SANDLOCK, JOBS) as here,
        GradingRun(plan, Isolation.SANDLOCK, scheduler=address) as there,
    ):
        one, other = Bench(folder / "here", here, LARGE), Bench(folder / "there", there, LARGE)
        with Client(address) as client:
            client.run(hold, Setup.of(plan, Isolation.SANDLOCK))
        started = cost_here(lambda: other.grade(JOBS))
        one.grade(JOBS)
        on_cluster, local = interleaved(
            repeats, lambda: cost_here(lambda: other.grade(LARGE)), lambda: cost_here(lambda: one.grade(LARGE))
        )
    return [
        compare(f"grade {LARGE} submissions: Dask on this machine ÷ threads", on_cluster, local, "≤ 1.1"),
        Row(f"the first {JOBS} of them on the cluster", "", "", f"{started.cpu:.1f} CPU s", f"{started.wall:.1f} s"),
    ]


HELD: list[AbstractContextManager[LentGrader]] = []


def hold(setup: Setup) -> None:
    """Let a worker keep its grader, which would end with each run: a class pays for its start once."""
    HELD.append(GRADERS.lend(setup))
    HELD[-1].__enter__()


def no_op(job: tuple[Submission, Result], tell: Tell) -> Result:
    """Return a result that was made before, as if the submission had been graded in no time."""
    return job[1]


def no_op_rows(folder: Path, address: str, repeats: int) -> list[Row]:
    """Hand out jobs that do nothing, with the files of the reference and the result of an ungraded submission."""
    assignment = load_assignment("a4")
    plan = make_plan(assignment, [], SEED)
    [(submission, _)] = read_class([found_at(assignment.solutions)], assignment.manifest)
    result = ungraded(plan, submission, signature_of(plan, Isolation.SANDLOCK))
    stored = 0

    def hand_out() -> None:
        jobs = itertools.repeat((submission, result), NO_OPS)
        engine.run(jobs, no_op, lambda job, outcome: None, scheduler=address)

    def store() -> None:
        nonlocal stored
        stored += 1
        with Gradebook(folder / f"no-op-{stored}.sqlite") as book:
            for number in range(NO_OPS):
                book.put(str(number), msgspec.structs.replace(result, submission=str(number)), folder)

    handed, written = interleaved(repeats, lambda: cost_here(hand_out), lambda: cost_here(store))
    return [
        Row(f"jobs that do nothing, {JOBS} workers", f"{rate(handed)} a second", "", f"{cpu(handed)} CPU ms a job"),
        Row("results into the gradebook", f"{rate(written)} a second", "", f"{cpu(written)} CPU ms a result"),
    ]


def rate(costs: Sequence[Cost]) -> str:
    """Return how many of NO_OPS are done in a second: least, median and greatest."""
    return band([NO_OPS / cost.wall for cost in costs])


def cpu(costs: Sequence[Cost]) -> str:
    """Return the CPU milliseconds of one of NO_OPS, of all processes: least, median and greatest."""
    return band([1000 * cost.cpu / NO_OPS for cost in costs])
