"""The baseline: grade submissions in this process, one after the other, with no sandbox and nothing kept warm.

`python -m benchmarks.fresh SEED FOLDER…` is what a simple autograder does, with one FOLDER a process. It draws the same
cases, asks the reference and the submission the same questions, judges with the same function, and prints for each
submission `passed checks/checks` and the CPU seconds that the submission's own code took.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

from graders.course.assignment import handout_folder, load_assignment
from graders.grading.plan import Plan, make_plan
from sanity.core.calling import LocalRun
from sanity.core.case import Case
from sanity.core.judge import CachedRun, judge
from sanity.core.manifest import Manifest
from sanity.core.probe import Answers, Probe
from sanity.core.submission_modules import SubmissionModules, module_name
from sanity.core.verdict import Outcome


class Timed(LocalRun):
    """A Run in this process that adds up the CPU seconds that it takes."""

    seconds = 0.0

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Ask the submission, here and now."""
        started = time.process_time()
        try:
            return super().__call__(probe, case)
        finally:
            self.seconds += time.process_time() - started


def opened(folder: Path, manifest: Manifest) -> SubmissionModules:
    """Import a submission's modules and let others of the same names be imported beside them."""
    with tempfile.TemporaryDirectory() as laid:
        for name in manifest.given:
            shutil.copy(handout_folder(manifest.name) / name, laid)
        for name in manifest.submit:
            shutil.copy(folder / name, laid)
        code = SubmissionModules(Path(laid), manifest.modules)
        for name in map(module_name, (*manifest.given, *manifest.submit)):
            setattr(code, name, getattr(code, name))
        code.forget()
    return code


def grade(plan: Plan, folder: Path, expect: CachedRun) -> tuple[int, int, float]:
    """Return how many checks a submission passed, of how many, and the CPU seconds of its own code."""
    run = Timed(opened(folder, plan.manifest), ())
    remembering = CachedRun(run)
    verdicts = [
        judge(check, plan.cases[check.cases], remembering, expect)
        for question in plan.questions
        for check in plan.checks[question.id]
    ]
    return sum(v.outcome is Outcome.PASSED for v in verdicts), len(verdicts), run.seconds


def main(seed: int, folders: list[Path]) -> None:
    """Grade folders and print a line for each."""
    plan = make_plan(load_assignment("a4"), [], seed)
    reference = LocalRun(opened(load_assignment("a4").solutions, plan.manifest), ())
    expect = CachedRun(reference)
    for folder in folders:
        with redirect_stdout(sys.stderr):  # what a submission prints is not part of our answer
            passed, checks, seconds = grade(plan, folder, expect)
        print(f"{passed}/{checks} {seconds}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
