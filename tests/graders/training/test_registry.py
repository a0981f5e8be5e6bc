"""Which task a trained question names."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from graders.course.assignment import assignment_names, load_assignment
from graders.training.tasks.base import TaskError, load_module
from graders.training.tasks.registry import score_range, trained_question

TRANSLATION = load_assignment("a4").manifest.trained[0]


@pytest.mark.parametrize("name", assignment_names())
def test_thresholds_can_be_reached(name: str) -> None:
    for trained in load_assignment(name).manifest.trained:
        low, high = score_range(trained)
        assert all(low <= score <= high for score, _ in trained.thresholds)


def test_an_unknown_task_is_one_line() -> None:
    with pytest.raises(
        TaskError,
        match=r"^\[\[trained\]\] 1h: unknown task 'juggling': choose from parsing, strings, translation, world$",
    ):
        score_range(replace(TRANSLATION, task="juggling"))


def test_an_unknown_question_is_one_line() -> None:
    with pytest.raises(TaskError, match=r"^a4: '9z' is not a trained question: choose from 1h$"):
        trained_question(load_assignment("a4"), "9z")
    with pytest.raises(TaskError, match=r"^a2: this assignment has no trained question$"):
        trained_question(load_assignment("a2"), "1h")


def test_a_module_is_whole_for_every_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "trivium_loaded_slowly"
    path = tmp_path / "slow.py"
    path.write_text("import time\ntime.sleep(0.2)\nvalue = object()\n")
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    with ThreadPoolExecutor(4) as pool:
        values = list(pool.map(lambda _: load_module(name, path).value, range(4)))
    assert len(set(values)) == 1
