"""A runner killed at any moment resumes, with the same result as an uninterrupted one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graders.records.training import StopReason, Training
from graders.sandbox.isolation import Isolation
from graders.training import runner
from graders.training.event_log import Answered, Began, EventLog, Progressed, Scored, Stopped
from graders.training.loop import TrainingLoop
from tests.support.processes import running
from tests.support.standin import a_job, capitals, checked

ROOT = Path(__file__).parents[3]

KILLED = """
import os, sys
sys.path[:0] = [sys.argv[1]]
from pathlib import Path
from tests.support.standin import a_job, capitals
from graders.sandbox.isolation import Isolation
from graders.training import event_log, runner
from graders.records import training as result
import graders.text.safe_names

where, number, out, isolation = sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]), Isolation(sys.argv[5])
counts = {}

def die(moment, last_act=lambda: None):
    counts[moment] = counts.get(moment, 0) + 1
    if moment == where and counts[moment] == number:
        last_act()
        os.kill(os.getpid(), 9)

def dying(function, moment):
    def run(*arguments, **named):
        die(f"before {moment}")
        value = function(*arguments, **named)
        die(f"after {moment}")
        return value
    return run

class Dying(event_log.EventLog):
    def add(self, event):
        kind = type(event).__name__
        die(f"before {kind}")
        die(f"within {kind}", lambda: os.write(self._file, b'{"type":"' + kind.encode()))
        super().add(event)
        die(f"after {kind}")

runner.EventLog = Dying
for name in ("lay_out", "summarize", "remove"):
    setattr(runner, name, dying(getattr(runner, name), name))
result.write = dying(result.write, "write")
Path.replace = dying(Path.replace, "replace")
task = capitals(updates=60)
runner.run(a_job(out, isolation=isolation), task, lambda look: None)
"""

MOMENTS = [
    ("after Began", 1),
    ("within Progressed", 12),
    ("after Scored", 3),
    ("before Stopped", 1),
    ("within Stopped", 1),
    ("before Answered", 1),
    ("after Answered", 1),
    ("before replace", 1),
]
RARER = [
    ("before lay_out", 2),
    ("after Prepared", 1),
    ("after Progressed", 1),
    ("before Scored", 1),
    ("within Scored", 2),
    ("after Scored", 8),
    ("after Stopped", 1),
    ("within Answered", 1),
    ("after summarize", 1),
    ("after replace", 1),
    ("after write", 1),
]


@pytest.fixture(scope="module")
def uninterrupted(
    tmp_path_factory: pytest.TempPathFactory, isolation: Isolation, run_warm: Callable[..., Training]
) -> Training:
    return run_warm(a_job(tmp_path_factory.mktemp("whole"), isolation=isolation), capitals(updates=60))


def timeless(training: Training) -> dict[str, Any]:
    """The same without what the clock decides."""
    plain: dict[str, Any] = msgspec.to_builtins(training)
    for point in plain["curve"]:
        del point["seconds"]
    return {name: value for name, value in plain.items() if "seconds" not in name}


def killed(where: str, number: int, out: Path, isolation: Isolation, script: str = KILLED) -> None:
    command = [sys.executable, "-c", script, str(ROOT), where, str(number), str(out), isolation.value]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


@pytest.mark.parametrize(
    ("where", "number"), [*MOMENTS, *(pytest.param(*moment, marks=pytest.mark.slow) for moment in RARER)]
)
def test_killed_and_gone_on(
    where: str,
    number: int,
    tmp_path: Path,
    uninterrupted: Training,
    isolation: Isolation,
    run_warm: Callable[..., Training],
) -> None:
    killed(where, number, tmp_path, isolation)
    resumed = run_warm(a_job(tmp_path, isolation=isolation), capitals(updates=60))
    assert timeless(resumed) == timeless(uninterrupted)


@pytest.mark.slow
def test_killed_again_and_again(tmp_path: Path, uninterrupted: Training, isolation: Isolation) -> None:
    for where, number in (("after Progressed", 7), ("after Scored", 2), ("before Scored", 3), ("before Answered", 1)):
        killed(where, number, tmp_path, isolation)
    resumed = runner.run(a_job(tmp_path, isolation=isolation), capitals(updates=60))
    assert timeless(resumed) == timeless(uninterrupted)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "number"),
    [("before ReferenceAnswered", 1), ("within ReferenceAnswered", 1), ("after ReferenceAnswered", 1)],
)
def test_killed_while_the_reference_answers(where: str, number: int, tmp_path: Path, isolation: Isolation) -> None:
    whole = runner.run(a_job(tmp_path / "whole", isolation=isolation), checked(60))
    script = KILLED.replace("capitals(updates=60)", "checked(60)").replace("a_job, capitals", "a_job, checked")
    killed(where, number, tmp_path / "killed", isolation, script)
    resumed = runner.run(a_job(tmp_path / "killed", isolation=isolation), checked(60))
    assert timeless(resumed) == timeless(whole)
    assert resumed.reference_mismatch == 0


def test_what_is_done_again_after_a_kill_costs_no_budget(tmp_path: Path) -> None:
    """It goes on from its last checkpoint, and so does the clock."""
    key = runner.training_key(job := a_job(tmp_path), task := capitals(), {})
    with EventLog(tmp_path, key) as event_log:
        event_log.begin()
        for event in (
            Progressed(1, 4.0, 2.0, None, None),
            Scored(5, 10.0, 9.0, 50.0),
            Progressed(6, 55.0, 1.0, None, None),
        ):
            event_log.add(event)
        assert 10 <= TrainingLoop(job, task, event_log, lambda look: None).seconds < 55


def test_no_process_outlives_a_killed_runner(tmp_path: Path, isolation: Isolation) -> None:
    """Not even one whose submission is in an endless loop."""
    loop = "def learn(update, learnt):\n    while update == 3: pass\n    return learnt\n"
    script = KILLED.replace("a_job(out, ", f"a_job(out, {loop!r}, ")
    command = [sys.executable, "-c", script, str(ROOT), "nowhere", "0", str(tmp_path), isolation.value]
    process = subprocess.Popen(command)
    events = tmp_path / "training" / "ada" / "1h" / "events.jsonl"
    deadline = time.monotonic() + 60
    while not events.exists() or b"Progressed" not in events.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while left := [line for line in running(str(tmp_path)) if "zygote" in line or "supervisor" in line]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_an_event_log_of_another_training_is_begun_anew(tmp_path: Path) -> None:
    with EventLog(tmp_path, "one") as event_log:
        assert event_log.fresh
        event_log.begin()
        event_log.add(Scored(5, 1.0, 1.0, 50.0))
    with EventLog(tmp_path, "one") as event_log:
        assert not event_log.fresh
        assert event_log.events == [Began("one"), Scored(5, 1.0, 1.0, 50.0)]
    with EventLog(tmp_path, "two") as event_log:
        assert event_log.fresh
        event_log.begin()
        assert event_log.events == [Began("two")]
    with EventLog(tmp_path, "two") as event_log:
        assert event_log.events == [Began("two")]


@pytest.mark.parametrize("torn", [b"{", b'{"type":"Scored","update":5', b"\0\0\0\n", b'{"type":"Other"}\n'])
def test_a_torn_line_is_dropped(tmp_path: Path, torn: bytes) -> None:
    events = [
        Began("key"),
        Progressed(1, 0.5, 2.0, None, None),
        Stopped(StopReason.BUDGET, "over", 1.0, 2.0),
        Answered(["a\u2028b\n"], ""),
    ]
    with EventLog(tmp_path, "key") as event_log:
        event_log.begin()
        for event in events[1:]:
            event_log.add(event)
    with event_log.path.open("ab") as file:
        file.write(torn)
    with EventLog(tmp_path, "key") as event_log:
        assert event_log.events == events
        event_log.add(events[1])
    with EventLog(tmp_path, "key") as event_log:
        assert event_log.events == [*events, events[1]]
