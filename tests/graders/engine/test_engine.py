"""Both engines by one interface: order, parallel jobs, failures, who is called where, and how a run ends early."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from graders import engine
from graders.engine.job import JobFailed, RunFailed
from tests.graders.engine import jobs
from tests.graders.engine.jobs import Job, Span

pytest.importorskip("distributed")

Options = dict[str, Any]


@pytest.fixture(params=["local", "dask"])
def two(request: pytest.FixtureRequest) -> Options:
    """The options with which an engine runs two jobs at a time."""
    if request.param == "local":
        return {"share": 2}
    return {"scheduler": request.getfixturevalue("cluster")}


def outcomes(asked: list[Job], function: Any, **options: Any) -> list[Any]:
    """Run jobs; check that each outcome is told once, in this thread. Return the outcomes in the order of the jobs."""
    told: dict[str, object] = {}
    threads = set()

    def done(job: Job, outcome: object) -> None:
        assert job.name not in told
        told[job.name] = outcome
        threads.add(threading.get_ident())

    engine.run(asked, function, done, **options)
    assert told.keys() == {job.name for job in asked} and threads == {threading.get_ident()}
    return [told[job.name] for job in asked]


def most_at_a_time(spans: list[Span]) -> int:
    return max(sum(other.began <= span.began < other.ended for other in spans) for span in spans)


def test_outcomes_come_in_order_of_jobs_that_run_two_at_a_time(tmp_path: Path, two: Options) -> None:
    spans = outcomes([Job(name, tmp_path, company=1) for name in "abcde"], jobs.work, **two)
    assert [span.name for span in spans] == list("abcde")
    assert most_at_a_time(spans) == 2


def test_a_job_that_fails_is_a_line_and_costs_no_other(tmp_path: Path, two: Options) -> None:
    names = ["bug", "user", "disk", "said", "good"]
    *failed, good = outcomes([Job(name, tmp_path) for name in names], jobs.fail, **two)
    assert failed == [
        JobFailed("ValueError: this is wrong"),
        JobFailed("--seed: is no number"),
        JobFailed("events.jsonl: No space left on device"),
        JobFailed("it said so", "in many words"),
    ]
    assert good.name == "good"


@pytest.mark.parametrize(
    ("name", "message"), [("all", "the sandbox did not start"), ("missing", "No module named 'rich'")]
)
def test_what_every_job_would_meet_ends_the_run(tmp_path: Path, two: Options, name: str, message: str) -> None:
    asked = [Job(name, tmp_path), *(Job(str(number), tmp_path) for number in range(50))]
    with pytest.raises((RunFailed, ImportError)) as error:
        engine.run(asked, jobs.fail, lambda job, outcome: None, **two)
    said = str(error.value)
    if "scheduler" in two:  # a line names the worker, and a missing library is the worker's
        assert isinstance(error.value, RunFailed)
        assert said.startswith(f"--scheduler {two['scheduler']}: worker tcp://127.0.0.1:")
    assert said.endswith(message) and "\n" not in said
    assert not (tmp_path / "49.0").exists()


def test_nothing_starts_for_no_jobs(tmp_path: Path) -> None:
    nowhere: Options = {"scheduler": "tcp://127.0.0.1:1", "finish": partial(jobs.leave_process_id, tmp_path)}
    engine.run([], jobs.work, lambda job, outcome: None, **nowhere)
    assert not list(tmp_path.iterdir())


def test_a_job_is_made_when_there_is_room_for_it(tmp_path: Path, two: Options) -> None:
    made, waiting = [], []

    def made_one_by_one() -> Iterator[Job]:
        for number in range(20):
            made.append(number)
            yield Job(str(number), tmp_path)

    def done(job: Job, outcome: object) -> None:
        waiting.append(len(made) - int(job.name))

    engine.run(made_one_by_one(), jobs.work, done, **two)
    assert made == list(range(20)) and max(waiting) <= 6


def interrupt_main_thread(folder: Path) -> None:
    """Press Ctrl-C as soon as two jobs run."""
    while len(list(folder.glob("*.began"))) < 2:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_the_run_and_the_running_jobs(tmp_path: Path, two: Options) -> None:
    asked = [Job(name, tmp_path) for name in ("a", "b", "never")]
    thread = threading.Thread(target=interrupt_main_thread, args=[tmp_path])
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        engine.run(asked, jobs.until_nobody_waits, lambda job, outcome: None, **two)
    thread.join()
    while len(list(tmp_path.glob("*.cancelled"))) < 2:
        time.sleep(0.01)
    assert not (tmp_path / "never.began").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_done_raises_ends_the_run_and_the_running_jobs(tmp_path: Path, two: Options) -> None:
    def done(job: Job, outcome: object) -> None:
        raise LookupError(job.name)

    asked = [Job(name, tmp_path) for name in ("first", "second")]
    with pytest.raises(LookupError, match="first"):
        engine.run(asked, jobs.until_nobody_waits, done, **two)
    while (tmp_path / "second.began").exists() and not (tmp_path / "second.cancelled").exists():
        time.sleep(0.01)


def test_each_process_where_jobs_ran_is_told_the_end(tmp_path: Path, two: Options) -> None:
    outcomes(
        [Job(name, tmp_path, company=1) for name in "ab"],
        jobs.work,
        **two,
        finish=partial(jobs.leave_process_id, tmp_path),
    )
    processes = {int(path.stem) for path in tmp_path.glob("*.finished")}
    if "scheduler" in two:
        assert len(processes) == 2 and os.getpid() not in processes
    else:
        assert processes == {os.getpid()}


def test_what_jobs_tell_is_heard_on_this_machine(tmp_path: Path, two: Options) -> None:
    heard: list[tuple[str, str]] = []
    outcomes(
        [Job(name, tmp_path) for name in "ab"], jobs.work, **two, told=lambda job, said: heard.append((job.name, said))
    )
    assert sorted(heard) == ([] if "scheduler" in two else [("a", "a works"), ("b", "b works")])


def test_a_run_from_another_thread(tmp_path: Path, two: Options) -> None:
    """Only the main thread may listen for signals; a program may grade in any."""
    thread = threading.Thread(target=lambda: outcomes([Job("ada", tmp_path)], jobs.work, **two))
    thread.start()
    thread.join()
    assert (tmp_path / "ada.0").exists()
