"""Runs planted submissions, each in a child process. They are trusted code: there is no sandbox."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graders.course.assignment import Assignment, load_assignment
from graders.course.planted import Files
from sanity.core.assignment_package import load_known_errors, load_probes
from sanity.core.calling import answers_of, ask
from sanity.core.case import Case
from sanity.core.probe import Answers, Probe
from sanity.core.recordings import Recordings, load, recording_path
from sanity.core.submission_modules import SubmissionModules


@dataclass(frozen=True)
class ProcessRun:
    """A Run that calls a submission in a child process."""

    assignment: Assignment
    files: Files
    folder: str
    child: ProcessPoolExecutor

    @cached_property
    def contents(self) -> dict[str, bytes]:
        """The submission's files, contents by name."""
        return {name: text.encode() for name, text in self.files.items()}

    def reply(self, probe: Probe, case: Case) -> Any:
        """Return the answer as plain data, or a SubmissionError."""
        return self.child.submit(_ask, self.assignment.name, self.folder, probe.name, case.words, case.values).result()

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return the outputs by name; raise CheckFailed or CouldNotRun."""
        known = load_known_errors(self.assignment.name)
        return answers_of(probe, self.reply(probe, case), self.contents, known)


def preload(assignments: Iterable[str]) -> None:
    """Choose what the fork server imports, once for all children; it counts before the first child is started."""
    # Imported there, and not here, where it would import torch.
    os.environ["TRIVIUM_PRELOAD"] = " ".join(assignments)
    multiprocessing.set_forkserver_preload(["graders.course.planted.process_run", "graders.course.planted.preload"])


@contextmanager
def run_in_process(assignment: Assignment, files: Files) -> Iterator[ProcessRun]:
    """Start a child process with a submission laid over the handout; yield its Run, and end it afterwards."""
    # A fork server forks children in milliseconds, and they do not inherit our threads.
    context = multiprocessing.get_context("forkserver")
    with TemporaryDirectory() as folder, ProcessPoolExecutor(1, context) as child:
        lay_out(assignment, files, Path(folder))
        yield ProcessRun(assignment, files, folder, child)


def lay_out(assignment: Assignment, files: Files, folder: Path) -> None:
    """Write a submission over the handout's files into a folder."""
    for name, data in (assignment.given | {name: text.encode() for name, text in files.items()}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@cache
def recordings_of(assignment: str) -> Recordings:
    """Return the recordings of an assignment, read once in a process."""
    return load(recording_path(assignment))


@cache
def _open(assignment: str, folder: str) -> SubmissionModules:
    """In the child: open its submission, once; discard its output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return SubmissionModules(Path(folder), load_assignment(assignment).manifest.modules)


def _ask(assignment: str, folder: str, probe: str, words: str, values: Mapping[str, Any]) -> Any:
    return ask(load_probes(assignment)[probe], _open(assignment, folder), Case(words, values))
