"""The interface of a task, such as translation or parsing: its files, settings and scores.

A task has two modules, one on each side of the sandbox: graders/training/tasks/translation.py prepares data and scores,
graders/sandbox/inside/translation.py trains and translates.
"""

from __future__ import annotations

import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from graders.course.assignment import Assignment
from graders.engine.job import RunFailed
from graders.intake.submission import Submission


class TaskError(RunFailed):
    """The task cannot be set up, for example because its data is missing. That concerns every submission."""


@dataclass(frozen=True)
class Scores:
    """The scores of the answers for the test."""

    score: float | None
    low: float | None = None
    """Lower bound of the 95 % interval; `high` is its upper bound."""
    high: float | None = None
    other_scores: Mapping[str, float] = field(default_factory=dict)
    """Scores by the names of other metrics."""
    signature: str = ""
    """The metric's own description of how the score was computed, such as sacreBLEU's."""
    batch_sensitivity: float | None = None
    """The share of sentences answered differently in a batch with other sentences; None if not measured."""


@dataclass(frozen=True)
class Task(ABC):
    """One task with its data: the training data, and the sentences of dev and test."""

    assignment: Assignment
    question: str
    """The id of the question that earns the points, such as "1h"."""
    metric: str
    program: str
    """The module that runs in the sandbox; graders/sandbox/inside/trainer.py documents its interface."""
    data_name: str
    """The name of the data in results."""
    dev: Sequence[str]
    """The sentences of dev, as the trainer sees them."""
    test: Sequence[str]
    """The sentences of the test. A task may list them all twice, to measure `batch_sensitivity`."""
    references: Sequence[str]
    """The right answers for the test, once each."""
    margin: float
    """Training stops when dev exceeds the threshold by this much: scores on dev and test differ by chance."""

    @property
    def files(self) -> Sequence[str]:
        """The files of a submission that are trained."""
        return self.assignment.manifest.submit

    def reference(self) -> Submission | None:
        """Return the reference, which answers the test with the trained weights; None to skip that comparison."""
        return None

    @abstractmethod
    def code(self, submission: Submission) -> Mapping[str, bytes]:
        """Return the code to run, contents by name: the submission's files laid over the handout's."""

    @abstractmethod
    def data(self) -> Mapping[str, bytes]:
        """Return the data files for training, contents by name: the training data and the sentences of dev."""

    @abstractmethod
    def test_data(self) -> Mapping[str, bytes]:
        """Return the additional data files for answering: the sentences of the test."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Return the program's other arguments as plain data: model, recipe, seed."""

    @abstractmethod
    def dev_score(self, answers: Sequence[str]) -> float:
        """Return the score of the answers for dev, one answer for each sentence."""

    @abstractmethod
    def test_scores(self, answers: Sequence[str]) -> Scores:
        """Return the scores of the answers for the test, one answer for each sentence of `test`."""


def lines_of(files: Mapping[str, Sequence[str]]) -> dict[str, bytes]:
    """Return the contents of files, by name, with one sentence per line."""
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in files.items()}


def load_module(name: str, path: Path) -> ModuleType:
    """Import a file as the module called name; return the same module when called again, from any thread."""
    with _LOADING:
        if name not in sys.modules:
            spec = spec_from_file_location(name, path)
            assert spec is not None and spec.loader is not None
            sys.modules[name] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules[name]


_LOADING = threading.RLock()
"""Else a thread could get a module that another one is still running. A module that is loaded may load others."""
