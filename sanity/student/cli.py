"""`python sanity_check.py`: what a student types, in the folder with their files."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sanity.core.assignment_toml import read_manifest
from sanity.core.errors import UserError
from sanity.core.manifest import Manifest, Question

if TYPE_CHECKING:
    from sanity.student.runner import QuestionVerdicts, Runner

EXAMPLES = """examples:
  python sanity_check.py 1d            check question 1d
  python sanity_check.py               check every question
  python sanity_check.py 1d --watch    check again whenever you save a file
  python sanity_check.py 1d --seed 7   try the properties on new cases, and shrink one that fails
  python sanity_check.py gradients     try all gradient properties on many new cases

exit status: 0 all passed; 1 a check failed; 2 a wrong name, file or option
"""


def parser(manifest: Manifest) -> argparse.ArgumentParser:
    """Return the command line's parser for one assignment."""
    questions = "\n".join(f"  {q.id}  {q.name:<12} {q.worth}, in {q.file}" for q in manifest.questions)
    top = argparse.ArgumentParser(
        prog="python sanity_check.py",
        description=f"{manifest.title}\n\nquestions:\n{questions}",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument(
        "questions", nargs="*", metavar="QUESTION", help="such as 1d (default: all); or gradients, and then questions"
    )
    top.add_argument("--list", action="store_true", help="print the questions and what is checked, run nothing")
    top.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    top.add_argument("--watch", action="store_true", help="run again whenever a file is saved, until Ctrl-C")
    top.add_argument("--seed", type=int, help="also try the properties on cases drawn from this seed")
    return top


def main(argv: Sequence[str], folder: Path) -> int:
    """Check the submission in folder; return the exit status.

    Args:
        argv: the arguments, without the program's name.
        folder: where sanity_check.py, assignment.toml and the student's files are.
    """
    try:
        manifest = read_manifest(folder)
        args = parser(manifest).parse_args(argv)
        if args.questions[:1] == ["gradients"]:
            return _try_gradients(manifest, folder, args)
        questions = manifest.select_questions(args.questions)
        if args.list:
            from sanity.student.console import print_list

            print_list(manifest, questions)
            return 0
        from sanity.student.console import print_question
        from sanity.student.runner import Runner

        return _run(Runner(manifest, folder, args.seed), questions, args, print_question)
    except UserError as error:
        print(f"sanity_check.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"sanity_check.py: {error.name} is not installed: pip install {error.name}", file=sys.stderr)
    except BrokenPipeError:  # `python sanity_check.py … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else flushing at exit fails, too
        return 1
    except KeyboardInterrupt:
        return 130
    return UserError.exit_status


def _try_gradients(manifest: Manifest, folder: Path, args: argparse.Namespace) -> int:
    """Run `sanity_check.py gradients`; return the exit status."""
    from sanity.student.gradient_report import print_findings, print_properties
    from sanity.student.gradients import GradientRunner, gradient_questions

    questions = gradient_questions(manifest, args.questions[1:])
    if args.list:
        print_properties(manifest, questions)
        return 0
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    return _run(GradientRunner(manifest, folder, seed), questions, args, print_findings)


def _run(runner: Runner, questions: Sequence[Question], args: argparse.Namespace, show: Callable[..., None]) -> int:
    """Run the checks, once or at every save; return the exit status."""
    if args.watch:
        from sanity.student.watch import watch

        watch(folder=runner.folder, run=lambda: _report(runner.run(questions), args.json, show))
        return 0
    return _report(runner.run(questions), args.json, show)


def _report(answered: list[QuestionVerdicts], as_json: bool, show: Callable[..., None]) -> int:
    """Print what was found; return 1 if anything did not pass."""
    from sanity.student.console import print_json

    if as_json:
        print_json(answered)
    else:
        for question, verdicts in answered:
            show(question, verdicts)
    sys.stdout.flush()
    return 0 if all(verdict.outcome == "passed" for _, verdicts in answered for verdict in verdicts) else 1
