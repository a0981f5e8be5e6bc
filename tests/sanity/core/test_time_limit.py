"""Time limits: by signals, and by a thread where there are none, as on Windows."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import pytest

from sanity.core.time_limit import TookTooLong, time_limit


@pytest.fixture(params=["signals", "a thread"])
def means(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "a thread":
        for name in ("setitimer", "getitimer", "ITIMER_REAL", "ITIMER_PROF", "SIGALRM", "SIGPROF"):
            monkeypatch.delattr(signal, name)
    return str(request.param)


def loop() -> None:
    while True:
        pass


def loop_that_catches() -> None:
    while True:
        try:
            1 / 0  # noqa: B018
        except Exception:
            continue


def sleep() -> None:
    while True:
        time.sleep(0.01)


def loop_that_catches_once() -> None:
    try:
        loop()
    except BaseException:
        loop()


@pytest.mark.parametrize("endless", [loop, loop_that_catches, sleep, loop_that_catches_once])
def test_what_does_not_end_is_stopped(means: str, endless: Callable[[], None]) -> None:
    with pytest.raises(TookTooLong, match=r"^it took more than 0\.1 s$"), time_limit(0.1):
        endless()


def test_what_ends_is_not_and_nothing_comes_later(means: str) -> None:
    before = threading.active_count()
    with time_limit(0.05):
        pass
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass
    assert threading.active_count() <= before


def test_an_outer_limit_rests_and_goes_on(means: str) -> None:
    stopped = []
    with pytest.raises(TookTooLong, match=r"0\.4 s"), time_limit(0.4):
        for _ in range(2):
            with pytest.raises(TookTooLong, match=r"0\.3 s"), time_limit(0.3):
                loop()
            stopped.append("inner")
        loop()
    assert stopped == ["inner", "inner"]


def test_no_limit_is_none_and_other_threads_have_none(means: str) -> None:
    with time_limit(None):
        pass
    ran = []

    def elsewhere() -> None:
        with time_limit(0.01):
            time.sleep(0.1)
            ran.append(True)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert ran == [True]


def test_a_sleep_is_woken_by_a_signal() -> None:
    with pytest.raises(TookTooLong), time_limit(0.05):
        time.sleep(60)
