"""The reference's turns: of several submissions at once, one shows which calls a question needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from graders.grading.plan import Plan
from graders.grading.reference import MOST_PASSED, NotedCalls, Reference
from graders.sandbox.isolation import Isolation
from graders.sandbox.requests import Calls
from sanity.a4.padding import SENTENCES, pad

LONG = 60.0
"""Seconds that no test takes."""


@pytest.fixture
def fresh(plan: Plan) -> Iterator[Reference]:
    reference = Reference(plan, Isolation.NONE)
    yield reference
    reference.close()


def noted() -> NotedCalls:
    calls = Calls.of([(pad, SENTENCES.case())])
    assert calls is not None
    return NotedCalls(calls)


def test_only_so_many_answers_are_kept() -> None:
    calls = noted()
    for number in range(MOST_PASSED + 10):
        calls.keep(number.to_bytes(4, "big"), [])
    assert len(calls.passed) == MOST_PASSED
    assert bytes(4) in calls.passed


@pytest.mark.parametrize("passes", [True, False])
def test_the_second_waits_until_the_first_is_judged(fresh: Reference, passes: bool) -> None:
    found: list[NotedCalls | None] = []
    waits, entered = threading.Event(), threading.Event()

    def second() -> None:
        waits.set()
        with fresh.turn("1b", LONG) as calls:
            found.append(calls)
            entered.set()

    thread = threading.Thread(target=second)
    with fresh.turn("1b", LONG) as calls:
        assert calls is None
        thread.start()
        assert waits.wait(LONG)
        assert not entered.wait(0.1)
        if passes:
            fresh.calls["1b"] = noted()
    thread.join(LONG)
    assert found == [fresh.calls.get("1b")]
    assert (found[0] is not None) == passes


def test_nobody_waits_for_another_question_nor_for_the_second(fresh: Reference) -> None:
    with fresh.turn("1b", LONG), fresh.turn("1c", LONG) as calls:
        assert calls is None
    with fresh.turn("1b", LONG), fresh.turn("1b", LONG), fresh.turn("1b", LONG) as calls:  # nobody passed it
        assert calls is None


def test_a_first_that_takes_long_is_not_waited_for(fresh: Reference) -> None:
    with fresh.turn("1b", LONG), fresh.turn("1b", 0.01) as calls:
        assert calls is None


def test_a_first_that_ends_in_an_error_is_not_waited_for(fresh: Reference) -> None:
    with pytest.raises(OSError, match="full"), fresh.turn("1b", LONG):
        raise OSError("full")
    with fresh.turn("1b", LONG) as calls:
        assert calls is None
