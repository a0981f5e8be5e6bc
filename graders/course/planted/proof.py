"""What the checks of an assignment catch: the planted bugs, and automatic mutants of the reference's answers."""

from __future__ import annotations

import multiprocessing
import os
import resource
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graders.cores import usable_cores
from graders.course.assignment import Assignment, load_assignment
from graders.course.planted import TABLES, Bug, BugError, Files, load_bugs
from graders.course.planted.mutants import Mutant, mutants_of
from graders.course.planted.process_run import lay_out, preload, recordings_of
from sanity.core.assignment_package import checks_of, load_known_errors
from sanity.core.calling import LocalRun
from sanity.core.check import Check
from sanity.core.judge import CachedRun, judge
from sanity.core.recordings import fixed_cases
from sanity.core.submission_modules import SubmissionModules
from sanity.core.verdict import Outcome, Verdict
from sanity.student.parts import first_block
from sanity.student.runner import judge_recorded

CPU_LIMIT, WALL_LIMIT = 30, 300
"""Seconds for each submission. An endless loop has used up its processor time; a sleep ends by the clock."""
KILLED = 0.98
"""The part of the mutants that the checks must catch."""

Step = Callable[[int], None]
"""Called after each submission with the number of all, for a progress bar."""


@dataclass(frozen=True)
class Caught:
    """What the checks of its question say of a planted bug."""

    bug: Bug
    verdicts: list[Verdict]
    """Of the checks that it does not pass. Empty if its process died."""
    died: bool = False

    @property
    def checks(self) -> set[str]:
        """The names of the checks that catch it."""
        return {verdict.check for verdict in self.verdicts}

    @property
    def likely(self) -> str:
        """The diagnosis that its student reads first, or ""."""
        return first_block(self.verdicts).diagnosis if self.verdicts else ""


@dataclass(frozen=True)
class Proof:
    """What the checks of an assignment catch."""

    assignment: str
    checks: list[Check]
    bugs: list[Caught]
    mutants: int
    survivors: list[Mutant]
    """Mutants that pass every check of their question, and are not known to be right."""
    equivalent: dict[str, str]
    """Mutants that are right answers, with the reason."""
    stale: list[str]
    """Mutants that are said to be right, but are caught, or no longer made."""

    @property
    def score(self) -> float:
        """The part of the mutants that is caught; equivalent ones do not count."""
        counted = self.mutants - len(self.equivalent)
        return 1 - len(self.survivors) / counted if counted else 1.0

    @property
    def idle(self) -> list[str]:
        """The checks that catch no planted bug; hints, which are worth nothing, need not."""
        catching = set[str]().union(*(caught.checks for caught in self.bugs))
        return [check.name for check in self.checks if check.weight and check.name not in catching]

    @property
    def missed(self) -> list[str]:
        """The planted bugs that pass every check."""
        return [caught.bug.id for caught in self.bugs if not (caught.verdicts or caught.died)]

    @property
    def named(self) -> list[str]:
        """The planted bugs whose name is what their student reads first."""
        return [caught.bug.id for caught in self.bugs if caught.likely == caught.bug.says]

    @property
    def misnamed(self) -> list[str]:
        """The planted bugs whose student reads another diagnosis first."""
        return [caught.bug.id for caught in self.bugs if caught.likely not in ("", caught.bug.says)]

    @property
    def holds(self) -> bool:
        """Whether every bug is caught, every check catches one, and enough mutants are caught."""
        return not (self.missed or self.idle or self.stale) and self.score >= KILLED

    def kills(self, check: str) -> tuple[int, list[str]]:
        """Return how many planted bugs a check catches, and the ids of those that no other check does."""
        caught = [one for one in self.bugs if check in one.checks]
        return len(caught), [one.bug.id for one in caught if one.checks == {check}]


def prove(
    assignment: Assignment,
    step: Step = lambda total: None,
    mutants: Sequence[Mutant] | None = None,
    jobs: int | None = None,
) -> Proof:
    """Put planted bugs and mutants to the checks of their questions, on the recorded cases, as students have them.

    Args:
        assignment: whose checks and reference.
        step: called after each bug and each mutant.
        mutants: some of the assignment's mutants; all by default.
        jobs: how many processes at a time; by default one for each core.

    Raise BugError if a table is not valid.
    """
    bugs, checks = load_bugs(assignment), checks_of(assignment.manifest)
    every = mutants_of(assignment)
    chosen = every if mutants is None else list(mutants)
    right = load_equivalent(assignment)
    preload([assignment.name])

    def run(one: Bug | Mutant) -> list[Verdict] | None:
        found = _judged(assignment, one.files, one.question, stop_early=isinstance(one, Mutant))
        step(len(bugs) + len(chosen))
        return found

    with ThreadPoolExecutor(jobs or usable_cores()) as pool:
        try:
            found = list(pool.map(run, [*bugs, *chosen]))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    alive = [mutant for mutant, verdicts in zip(chosen, found[len(bugs) :], strict=True) if verdicts == []]
    named, tried = {mutant_name(one) for one in alive}, {mutant_name(one) for one in chosen}
    stale = [name for name in right if name not in {mutant_name(one) for one in every} or name in tried - named]
    return Proof(
        assignment.name,
        checks,
        [Caught(bug, verdicts or [], verdicts is None) for bug, verdicts in zip(bugs, found, strict=False)],
        len(chosen),
        [one for one in alive if mutant_name(one) not in right],
        {name: reason for name, reason in right.items() if name in named},
        stale,
    )


def mutant_name(mutant: Mutant) -> str:
    """Return the question and the id of a mutant."""
    return f"{mutant.question}: {mutant.id}"


def load_equivalent(assignment: Assignment) -> dict[str, str]:
    """Return the reasons by mutant of `aN-equivalent.toml`, a table for each question; raise BugError."""
    path = TABLES / f"{assignment.name}-equivalent.toml"
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BugError(f"{path.name}: not valid TOML: {error}") from None
    rows: dict[str, str] = {}
    for question, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(reason, str) for reason in table.values()):
            raise BugError(f"{path.name}: {question}: expected a table of mutants and reasons")
        rows |= {f"{question}: {id}": reason for id, reason in table.items()}
    return rows


def _judged(assignment: Assignment, files: Files, question: str, *, stop_early: bool) -> list[Verdict] | None:
    """Return the verdicts that are not passed, in a child process; None if it died or took too long."""
    context = multiprocessing.get_context("forkserver")
    with TemporaryDirectory() as folder:
        lay_out(assignment, files, Path(folder))
        mine, its = context.Pipe(duplex=False)
        child = context.Process(
            target=_judge, args=(its, assignment.name, folder, list(files), question, stop_early), daemon=True
        )
        child.start()
        its.close()
        try:
            with suppress(EOFError):
                return mine.recv() if mine.poll(WALL_LIMIT) else None
            return None
        finally:
            child.kill()
            child.join()
            mine.close()


def _judge(its: Connection, name: str, folder: str, files: list[str], question: str, stop_early: bool) -> None:
    """In the child: send the verdicts of a question's checks that are not passed; only the first if stop_early."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    manifest, known = load_assignment(name).manifest, recordings_of(name)
    checks = [check for check in checks_of(manifest) if check.question == question]
    run = CachedRun(LocalRun(SubmissionModules(Path(folder), manifest.modules), files, load_known_errors(name)))
    if stop_early:
        verdicts = (judge(check, fixed_cases(check.cases), run, known.expect) for check in checks)
        its.send(list(islice((one for one in verdicts if one.outcome is not Outcome.PASSED), 1)))
    else:
        its.send([one for one in judge_recorded(checks, run, known) if one.outcome is not Outcome.PASSED])
