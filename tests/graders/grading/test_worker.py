"""What a process keeps between jobs: one grader a run, as long as somebody needs it, and only of the same course."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from graders.course.assignment import load_assignment
from graders.engine.job import JobFailed, RunFailed
from graders.grading import worker
from graders.grading.plan import make_plan
from graders.grading.worker import Graders, GradingJob, Setup, grade_job
from graders.intake.submission import submission_of
from graders.records.result import Result
from graders.sandbox.isolation import Isolation, SandboxError


class FakeGrader:
    """A grader that starts nothing, and says when it was ended."""

    made: ClassVar[list[FakeGrader]] = []
    problem: ClassVar[Exception | None] = None

    def __init__(self, plan: Any, isolation: Isolation) -> None:
        self.made.append(self)
        self.plan, self.zygotes, self.prepared, self.closed = plan, 0, 0, 0

    def start(self, zygotes: int) -> None:
        self.zygotes = max(zygotes, self.zygotes)

    def prepare(self) -> None:
        self.prepared += 1
        if self.problem:
            raise self.problem

    def grade(self, submission: Any, tell: Any) -> Any:
        tell("one question")
        return submission.name

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeGrader]]:
    """The graders that are made."""
    monkeypatch.setattr(FakeGrader, "made", [])
    monkeypatch.setattr("graders.grading.worker.Grader", FakeGrader)
    monkeypatch.setattr("graders.grading.worker.GRADERS", Graders())
    worker._assignment.cache_clear()
    yield FakeGrader.made
    worker._assignment.cache_clear()


@pytest.fixture(scope="module")
def setup() -> Setup:
    return Setup.of(make_plan(load_assignment("a4"), ["1a"], 1), Isolation.NONE)


def job(setup: Setup, name: str = "ada", share: int = 1) -> GradingJob:
    return GradingJob(setup, submission_of(name, {"utils.py": b""}, Path(name)), share)


def ignore(message: object) -> None:
    pass


def test_a_job_is_plain_and_gives_the_same_plan_elsewhere(setup: Setup) -> None:
    sent = pickle.dumps(job(setup))
    assert len(sent) < 2000
    assert pickle.loads(sent) == job(setup)
    plan = make_plan(load_assignment(setup.assignment), setup.questions, setup.seed)
    assert Setup.of(plan, Isolation.NONE) == setup


def test_jobs_of_a_run_share_one_grader(made: list[FakeGrader], setup: Setup) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda name: grade_job(job(setup, name, 4), ignore), "abcd")) == list("abcd")
    [grader] = made
    assert (grader.zygotes, grader.closed) == (4, 0)
    assert [question.id for question in grader.plan.questions] == ["1a"]


def test_a_finished_run_ends_its_grader(made: list[FakeGrader], setup: Setup) -> None:
    graders = Graders()
    with graders.lend(setup) as lent:
        grader = lent.ready(1)
        graders.finish(setup)
        assert grader.closed == 0  # a job still uses it
    assert grader.closed == 1
    graders.finish(setup)
    with graders.lend(setup) as lent:
        assert lent.ready(1) is not grader
    graders.finish(setup)
    assert [grader.closed for grader in made] == [1, 1]


def test_the_graders_of_runs_that_never_ended_do_not_add_up(made: list[FakeGrader], setup: Setup) -> None:
    graders = Graders()
    for seed in (1, 2, 3, 2):
        with graders.lend(replace(setup, seed=seed)) as lent:
            lent.ready(1)
    assert [grader.closed for grader in made] == [1, 1, 1, 0]  # the last one may be wanted again
    with graders.lend(replace(setup, seed=2)) as lent:
        assert lent.ready(1) is made[-1]


def test_a_grader_that_cannot_be_made_ready_fails_the_run_once(
    made: list[FakeGrader], setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeGrader, "problem", SandboxError("the sandbox did not start"))
    for _ in range(2):
        with pytest.raises(RunFailed, match=r"^the sandbox did not start$"):
            grade_job(job(setup), ignore)
    assert [grader.prepared for grader in made] == [1]


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({"graders": "0" * 16}, "it has another version of a4, of its reference or of the graders; bring"),
        ({"versions": (("numpy", "1.0"),)}, "its version of numpy is "),
        ({"versions": (("nltk", "3.9"),)}, "its version of nltk is none, this machine's 3.9; bring"),
    ],
)
def test_a_process_with_another_course_refuses(
    made: list[FakeGrader], setup: Setup, there: dict[str, Any], message: str
) -> None:
    if "versions" in there:
        there = {"versions": tuple(sorted((dict(setup.versions) | dict(there["versions"])).items()))}
    with pytest.raises(RunFailed) as error:
        grade_job(job(replace(setup, **there)), ignore)
    assert str(error.value).startswith(message)
    assert str(error.value).endswith("bring all machines to the same version, and restart the workers")
    assert made == []


def test_a_process_that_was_not_restarted_after_a_change_refuses(
    made: list[FakeGrader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would grade with what it has imported before."""
    shutil.copytree(load_assignment("a4").solutions, tmp_path / "a4")
    monkeypatch.setenv("TRIVIUM_SOLUTIONS", str(tmp_path))
    for seed, change in (1, ""), (2, ""), (3, "# changed\n"):
        with (tmp_path / "a4" / "utils.py").open("a") as file:
            file.write(change)
        now = Setup.of(make_plan(load_assignment("a4"), ["1a"], seed), Isolation.NONE)
        if change:
            with pytest.raises(RunFailed, match=r"restart the workers$"):
                grade_job(job(now), ignore)
        else:
            assert grade_job(job(now), ignore) == "ada"


def test_a_bug_says_where_and_keeps_its_words_for_staff(
    made: list[FakeGrader], setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade(self: FakeGrader, submission: object, tell: object) -> Result:
        raise ZeroDivisionError("hidden value 42")

    monkeypatch.setattr(FakeGrader, "grade", grade)
    failed = grade_job(job(setup), ignore)
    assert isinstance(failed, JobFailed)
    assert failed.message.startswith("the grader failed: ZeroDivisionError in test_worker.py, line ")
    assert "42" not in failed.message and "hidden value 42" in failed.detail


@pytest.mark.parametrize("problem", [CancelledError(), SandboxError("a zygote died")])
def test_the_end_of_the_run_and_of_a_zygote_are_no_bugs(
    made: list[FakeGrader], setup: Setup, problem: Exception
) -> None:
    def tell(message: object) -> None:
        raise problem

    with pytest.raises(type(problem)):
        grade_job(job(setup), tell)


ENDS = """
import multiprocessing, sys, threading
from pathlib import Path
from graders.grading import worker
from graders.sandbox.isolation import Isolation

class Grader:
    def __init__(self, plan, isolation): pass
    def start(self, zygotes): pass
    def prepare(self): pass
    def close(self): print("closed", flush=True)

def work():
    worker.Grader = Grader
    with worker.GRADERS.lend(worker.Setup("a4", (), 1, Isolation.NONE, "", ()), object()) as lent:
        lent.ready(1)

if __name__ == "__main__":
    if sys.argv[1] == "here":
        work()
    else:
        process = multiprocessing.get_context("spawn").Process(target=work)
        process.start()
        process.join()
"""


@pytest.mark.parametrize("where", ["here", "there"])
def test_graders_end_with_their_process(tmp_path: Path, where: str) -> None:
    """Also in a process of multiprocessing, as a Dask worker is."""
    (tmp_path / "main.py").write_text(ENDS)
    ran = subprocess.run([sys.executable, tmp_path / "main.py", where], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("closed\n", "")
