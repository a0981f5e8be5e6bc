"""Plan: the checks and the cases of a grading, the same for every submission of a class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graders.course.assignment import Assignment
from sanity.core.assignment_package import checks_of
from sanity.core.case import Case, Cases
from sanity.core.check import Check
from sanity.core.manifest import Manifest, Question
from sanity.core.recordings import Recordings, load, recording_path


@dataclass(frozen=True)
class Plan:
    """The checks of a grading and the cases that they run on."""

    assignment: Assignment
    questions: tuple[Question, ...]
    checks: Mapping[str, tuple[Check, ...]]
    """Checks by question id."""
    cases: Mapping[Cases, tuple[Case, ...]]
    """Hidden cases, drawn from the seed. Submissions never see the seed."""
    seed: int
    recordings: Recordings
    """The recorded answers of known mistakes, for diagnoses."""

    @property
    def manifest(self) -> Manifest:
        """The assignment's manifest."""
        return self.assignment.manifest


def make_plan(assignment: Assignment, questions: Iterable[str], seed: int) -> Plan:
    """Draw the cases for these questions, or for all if empty.

    Raises ManifestError for an unknown question, ChecksError for checks that cannot be loaded.
    """
    chosen = assignment.manifest.select_questions(questions)
    all_checks = checks_of(assignment.manifest)
    checks = {question.id: tuple(c for c in all_checks if c.question == question.id) for question in chosen}
    families = {check.cases: None for group in checks.values() for check in group}
    cases = {family: (*family.corner_cases(seed), *family.drawn_cases(seed, family.drawn)) for family in families}
    return Plan(assignment, chosen, checks, cases, seed, load(recording_path(assignment.name)))
