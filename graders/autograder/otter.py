"""Both ends of the autograder inside otter-grader: the plugin, and what the driver calls in the kernel.

`otter run` copies the submission into a folder, starts a kernel there and runs in it the one notebook that it finds,
then the files in tests/. Here that notebook is the driver. It starts our grader as a child process, which runs the
submission in its sandbox and writes its report before a kernel could die of anything; in the kernel runs no line of it.

This module is imported in otter's own process too, so it needs neither torch nor otter. A plugin is any class that
answers to the events that it cares for.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from math import fsum
from pathlib import Path
from typing import Any

from graders.atomic import write_atomically
from graders.exports.not_graded import failed_json

TIME_LIMIT = 3600
"""Seconds after which the driver ends the grader: only a fault of ours takes so long. otter itself has no limit."""
REPORT = Path("results", "results.json")
"""Below otter's folder. The sandbox lets a submission write to no folder but its own, and read no source of ours."""
SUBMISSION = Path("handed-in", "submission")
"""Below otter's folder: where the submission waits for the grader, out of the way of the kernel."""
DRIVER = "from graders.autograder.otter import grade\n\nreport = grade()\n"


def driver_notebook() -> dict[str, Any]:
    """Return the notebook with the driver as its only cell."""
    cell: dict[str, Any] = {
        "id": "driver",
        "cell_type": "code",
        "metadata": {},
        "source": DRIVER,
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


class Report:
    """A results.json, as the files in tests/ ask it."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results

    def require(self, question: str, check: str) -> None:
        """Raise AssertionError with what students are told unless a check has passed."""
        for test in self.results["tests"]:
            about = test.get("extra_data", {})
            if (about.get("question"), about.get("check")) == (question, check):
                assert test["status"] == "passed", test["output"] or "This does not hold."
                return
        raise AssertionError("This was not graded.")

    def points(self, question: str) -> float:
        """Return the points that a question has earned."""
        tests = (test for test in self.results["tests"] if test.get("extra_data", {}).get("question") == question)
        return round(fsum(test.get("score", 0.0) for test in tests), 2)


def grade() -> Report:
    """Grade the submission in a child process, and return the report; called by the driver, in the kernel."""
    autograder = Path.cwd().parent
    command = [sys.executable, "-P", "-m", "graders.autograder", str(autograder), str(autograder / SUBMISSION)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME_LIMIT
        )
        said, ended = done.stdout.decode(errors="replace"), f"the grader ended with status {done.returncode}"
    except subprocess.TimeoutExpired:
        said, ended = "", f"the grader did not end within {TIME_LIMIT} seconds"
    print(said)  # an output of the executed notebook, which otter keeps for staff
    return _read(autograder, f"{ended}\n{said}")


def _read(autograder: Path, otherwise: str) -> Report:
    """Return the report of the grader; if it wrote none, one that says so, with the reason for staff."""
    path = autograder / REPORT
    if not path.exists():
        write_atomically(path, failed_json(otherwise))
    return Report(json.loads(path.read_bytes()))


class Marks:
    """The plugin: keeps the submission away from the kernel, and gives otter our marks and our results.json.

    Its configuration may have `notebook`: what the notebook to hand in is called.
    """

    def __init__(self, submission_path: str, submission_metadata: object, plugin_config: Mapping[str, str]) -> None:
        self._path = Path(submission_path)
        self._notebook = plugin_config.get("notebook", "")

    def before_grading(self, config: object) -> None:
        """Put the submission aside, and the driver in its place.

        Otherwise otter would unpickle a file .OTTER_LOG of it, and the kernel, which starts in this folder, would
        import its otter.py or ipykernel_launcher.py.
        """
        folder = self._path.parent
        shipped = {path.name for path in (folder.parent / "source" / "files").iterdir()}
        aside = folder.parent / SUBMISSION
        aside.mkdir(parents=True)
        for entry in list(folder.iterdir()):
            otters = entry.name == "__init__.py" and not entry.stat().st_size
            if entry.name != "tests" and entry.name not in shipped and not otters:
                shutil.move(entry, aside / entry.name)
        if not self._path.exists():  # the submission was a notebook, and this is its name
            self._path.write_text(json.dumps(driver_notebook()), encoding="utf-8")
            if self._notebook and not any(aside.rglob(f"{Path(self._notebook).stem}*")):
                shutil.move(aside / self._path.name, aside / self._notebook)  # a platform has renamed it

    def after_grading(self, results: Any) -> None:
        """Set each question's points to ours, and have otter write our results.json.

        It has what otter's lacks: an entry for each check, numbers, tags, a leaderboard, extra data.
        """
        absent = "the kernel python3 did not run the driver: is trivium installed where that kernel is?"
        report = _read(self._path.parent.parent, absent)
        for question in results.results:
            results.update_score(question, report.points(question))
        results.to_gradescope_dict = _Ours(report.results)


class _Ours:
    """What takes the place of a method of otter's results, which are pickled with it."""

    def __init__(self, results: dict[str, Any]) -> None:
        self._results = results

    def __call__(self, config: object) -> dict[str, Any]:
        return self._results
