"""The time that counts. Nothing here asserts how long something took on the wall clock: clocks are compared."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from graders.cores import usable_cores
from graders.sandbox import clock
from graders.sandbox.clock import MachineBusy, TrainerClock, WorkerClock, processor_seconds, thread_times, why_wall_time
from graders.sandbox.isolation import Isolation
from graders.sandbox.session import POLL_SECONDS, Session
from graders.sandbox.zygote import Zygote
from sanity.a4.padding import SENTENCES, pad
from sanity.core.errors import CouldNotRun
from tests.support.busy import busy_machine

CASE = SENTENCES.case(count=3, longest=4)
SECONDS = 1.0
WORKS = "end = time.thread_time() + {}\n    while time.thread_time() < end: pass"
SPIN = "def spin():\n    while True: hashlib.pbkdf2_hmac('sha256', b'', b'', 100_000)\n"
"""Without Python's lock, so that threads run together."""


@pytest.fixture(autouse=True)
def _needs_schedstat() -> None:
    if reason := why_wall_time():
        pytest.skip(reason)


def asked(zygote: Zygote, body: str, before: str = "", seconds: float = SECONDS) -> tuple[str, WorkerClock]:
    """Ask pad_sents() with this body once; return what became of it, and the worker's clock."""
    text = (
        f"import hashlib, os, threading, time\n{before}\ndef pad_sents(sents, pad_token):\n    {body}\n    return []\n"
    )
    with Session(zygote, {"utils.py": text.encode()}) as session:
        session.begin("utils", seconds)
        try:
            session(pad, CASE)
        except CouldNotRun as problem:
            return problem.message, session._clock
        return "", session._clock


TOO_LONG = f"pad_sents() took too long: this question has {SECONDS:g} s"


def test_a_busy_machine_costs_a_right_submission_nothing(zygote: Zygote) -> None:
    """It works for most of its limit, and by the wall clock takes longer than that."""
    with busy_machine():
        said, measured = asked(zygote, WORKS.format(0.6 * SECONDS))
    assert said == ""
    assert measured.seconds < measured.wall


@pytest.mark.parametrize("busy", [False, True])
def test_a_sleep_ends_at_its_limit(zygote: Zygote, busy: bool) -> None:
    with busy_machine() if busy else threading.Lock():
        said, measured = asked(zygote, "time.sleep(600)")
    assert said == TOO_LONG
    assert measured.cpu < SECONDS / 2  # it is not for its processor time


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("while True: pass", ""),
        ("while True: os.sched_yield()", ""),
        (
            "spin()",
            f"{SPIN}for _ in range(15): threading.Thread(target=spin).start()",
        ),
        ("time.sleep(600)", f"{SPIN}for _ in range(16): threading.Thread(target=spin).start()"),
    ],
    ids=["a loop", "a polite loop", "sixteen threads", "a sleep beside sixteen threads"],
)
def test_a_loop_ends_at_its_limit_and_threads_gain_it_nothing(zygote: Zygote, body: str, before: str) -> None:
    """Its processor time may exceed the limit by what all processors do until the grader looks, twice for luck."""
    said, measured = asked(zygote, body, before)
    assert said in (TOO_LONG, f"importing utils.py took too long: this question has {SECONDS:g} s")
    assert measured.cpu < SECONDS + 2 * POLL_SECONDS * usable_cores()


def test_a_process_of_its_own_hides_no_time(zygote: Zygote, isolation: Isolation) -> None:
    said, _ = asked(zygote, "if os.fork(): os.wait()\n    while True: pass")
    if isolation is Isolation.SANDLOCK:
        assert said.startswith("pad_sents() raised ")  # it can start none
    else:
        assert said == TOO_LONG  # the worker waits for it, asleep


def test_the_wall_clock_ends_what_never_gets_its_time(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.sandbox.session.WALL_STOP", 0.3)
    with pytest.raises(MachineBusy, match=r"^the machine was too busy: pad_sents\(\) got less than 10 s of time in "):
        asked(zygote, "time.sleep(600)", seconds=10)


def test_where_the_kernel_tells_nothing_wall_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "thread_times", lambda folder, known=clock.NOTHING: known)
    for measured in WorkerClock(os.getpid()), TrainerClock(os.getpid(), usable_cores()):
        before = measured.wall
        time.sleep(2 * clock.REFRESH)
        assert before < measured.seconds <= measured.wall + processor_seconds(os.getpid())
        assert measured.seconds >= 2 * clock.REFRESH
    assert why_wall_time().startswith("the kernel does not tell how long threads wait for a processor")


def test_threads_that_have_ended_have_used_their_time() -> None:
    def work() -> None:
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass

    before = processor_seconds(os.getpid())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert processor_seconds(os.getpid()) - before >= 0.1


def test_of_a_process_that_has_ended_the_last_is_known() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert thread_times(f"/proc/{process.pid}/task/{process.pid}", clock.ThreadTimes(1.0, 2.0)) == (1.0, 2.0)
    assert processor_seconds(process.pid, 3.0) == 3.0


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start a process that runs this code, says so when it is done, and then waits."""
    started = []

    def run(code: str) -> subprocess.Popen[bytes]:
        done = "\nprint(flush=True); time.sleep(600)"
        command = [sys.executable, "-c", f"import threading, time\n{code}{done}"]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def until_done(process: subprocess.Popen[bytes], measured: TrainerClock) -> float:
    """Look at the clock as a runner does, until the process is done; return what counts then."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    while not process.stdout.read(1):
        time.sleep(POLL_SECONDS / 4)
        assert measured.seconds >= 0
    return measured.seconds


def test_a_busy_machine_costs_a_trainer_nothing(start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    with busy_machine():
        process = start("end = time.thread_time() + 0.6\nwhile time.thread_time() < end: pass")
        measured = TrainerClock(process.pid, 1)
        counted = until_done(process, measured)
    assert processor_seconds(process.pid) <= counted + clock.REFRESH
    assert counted < measured.wall


def test_a_trainer_that_sleeps_uses_its_time(start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    process = start("time.sleep(0.5)")
    measured = TrainerClock(process.pid, 2)
    assert until_done(process, measured) > processor_seconds(process.pid)
    assert measured.seconds >= 0.4


def test_more_threads_than_processors_use_its_time(start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    """Asleep while its threads wait for each other, it still counts what they use."""
    process = start(
        "for _ in range(4):\n    threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\ntime.sleep(1)"
    )
    measured = TrainerClock(process.pid, 1)
    assert until_done(process, measured) + clock.REFRESH >= measured.cpu > 0


def test_a_busy_hour_does_not_pay_for_a_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen threads wait sixteen seconds a second; what they have waited too much is forgotten."""
    measured = TrainerClock(os.getpid(), 16)
    now = (0.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr(TrainerClock, "_read", lambda self: now)
    monkeypatch.setattr(TrainerClock, "wall", property(lambda self: now[0]))
    measured._since, measured._counted, measured._shown, measured._next_read = now, 0.0, 0.0, 0.0
    for second in range(1, 11):
        now = (float(second), 16.0 * second, 0.1 * second, 0.1 * second)
        assert measured.seconds == pytest.approx(0.1 * second)
    for second in range(11, 21):
        now = (float(second), 160.0, 1.0, 1.0)
        assert measured.seconds == pytest.approx(1 + second - 10)
