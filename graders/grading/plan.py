"""Plan: the checks and the cases of a grading, the same for every submission of a class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from graders.course.assignment import Assignment
from sanity.core.assignment_package import checks_of
from sanity.core.case import Case, Cases
from sanity.core.check import Check
from sanity.core.manifest import Manifest, Question
from sanity.core.recordings import Recordings, load, recording_path


@dataclass(frozen=True)
class Plan:
    """The checks of a grading and the cases that they run on, each loaded when it is first needed."""

    assignment: Assignment
    questions: tuple[Question, ...]
    seed: int
    """The cases are drawn from it. Submissions never see it."""

    @property
    def manifest(self) -> Manifest:
        """The assignment's manifest."""
        return self.assignment.manifest

    @cached_property
    def checks(self) -> Mapping[str, tuple[Check, ...]]:
        """Checks by question id; raises ChecksError if they cannot be loaded."""
        checks = checks_of(self.manifest)
        return {question.id: tuple(c for c in checks if c.question == question.id) for question in self.questions}

    @cached_property
    def cases(self) -> Mapping[Cases, tuple[Case, ...]]:
        """The hidden cases of the checks."""
        families = {check.cases: None for checks in self.checks.values() for check in checks}
        return {f: (*f.corner_cases(self.seed), *f.drawn_cases(self.seed, f.drawn)) for f in families}

    @cached_property
    def recordings(self) -> Recordings:
        """The recorded answers of known mistakes, for diagnoses."""
        return load(recording_path(self.assignment.name))


def make_plan(assignment: Assignment, questions: Iterable[str], seed: int) -> Plan:
    """Plan the grading of these questions, or of all if empty; raise ManifestError for an unknown one."""
    return Plan(assignment, assignment.manifest.select_questions(questions), seed)
