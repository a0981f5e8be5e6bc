"""`python sanity_check.py`: what a student types, in the folder with their files."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sanity.core.assignment_toml import read_manifest
from sanity.core.errors import UserError
from sanity.core.manifest import Manifest, Question
from sanity.core.streams import replace_what_cannot_be_encoded

if TYPE_CHECKING:
    from sanity.student.runner import QuestionVerdicts, Runner

EXAMPLES = """examples:
  python sanity_check.py 1d            check question 1d
  python sanity_check.py               check every question
  python sanity_check.py 1d --watch    check again whenever you save a file
  python sanity_check.py 1d --seed 7   try the properties on new cases, and shrink one that fails
  python sanity_check.py gradients     try all gradient properties on many new cases
  python sanity_check.py --doctor      say what is installed, and what is missing for which question

exit status: 0 all passed; 1 a check failed; 2 a wrong name, file or option
"""


def parser(manifest: Manifest) -> argparse.ArgumentParser:
    """Return the command line's parser for one assignment."""
    width = max(len(question.name) for question in manifest.questions)
    questions = "\n".join(f"  {q.id}  {q.name:<{width}}  {q.worth}, in {q.file}" for q in manifest.questions)
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
    top.add_argument("--seed", type=natural, help="also try the properties on cases drawn from this seed, 0 or more")
    top.add_argument("--verbose", action="store_true", help="name the checks that passed, too")
    top.add_argument(
        "--no-limit", action="store_true", help=f"let a question take more than {manifest.limits.seconds:g} s"
    )
    top.add_argument("--doctor", action="store_true", help="print what is installed and what is missing, run nothing")
    return top


def natural(text: str) -> int:
    """Return a whole number that is not negative; raise ArgumentTypeError, which argparse prints, for another text."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 0 or more")
    return int(text)


def main(argv: Sequence[str], folder: Path) -> int:
    """Check the submission in folder; return the exit status.

    Args:
        argv: the arguments, without the program's name.
        folder: where sanity_check.py, assignment.toml and the student's files are.
    """
    replace_what_cannot_be_encoded()
    try:
        manifest = read_manifest(folder)
        args = parser(manifest).parse_args(argv)
        if args.doctor:
            from sanity.student.doctor import print_report

            return print_report(manifest, folder)
        if args.questions[:1] == ["gradients"]:
            return _try_gradients(manifest, folder, args)
        questions = manifest.select_questions(args.questions)
        if args.list:
            from sanity.student.console import print_list

            print_list(manifest, questions)
            return 0
        from sanity.student.console import print_question
        from sanity.student.limit import ended_at_the_latest
        from sanity.student.runner import Runner

        runner = Runner(manifest, folder, args.seed, not args.no_limit, ended_at_the_latest)
        return _run(runner, questions, args, partial(print_question, verbose=args.verbose))
    except UserError as error:
        print(f"sanity_check.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        from sanity.core.libraries import how_to_install

        said = f"{error.name} is not installed: {how_to_install(error.name or '')}"
        print(f"sanity_check.py: {said}", file=sys.stderr)
    except BrokenPipeError:  # `python sanity_check.py … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else flushing at exit fails, too
        return 1
    except KeyboardInterrupt as stopped:
        if str(stopped):
            print(f"sanity_check.py: {stopped}", file=sys.stderr)
        return 130
    return UserError.exit_status


def _try_gradients(manifest: Manifest, folder: Path, args: argparse.Namespace) -> int:
    """Run `sanity_check.py gradients`; return the exit status."""
    from sanity.student.gradient_report import print_findings, print_properties
    from sanity.student.gradients import GradientRunner, gradient_questions
    from sanity.student.limit import ended_at_the_latest

    questions = gradient_questions(manifest, args.questions[1:])
    if args.list:
        print_properties(manifest, questions)
        return 0
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    runner = GradientRunner(manifest, folder, seed, not args.no_limit, ended_at_the_latest)
    return _run(runner, questions, args, print_findings)


def _run(runner: Runner, questions: Sequence[Question], args: argparse.Namespace, show: Callable[..., None]) -> int:
    """Run the checks, once or at every save; return the exit status."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tensors are tiny here: torch's threads would wait, not work
    if args.watch:
        from sanity.student.watch import watch

        watch(folder=runner.folder, run=lambda: _report(runner.verdicts(questions), args.json, show))
        return 0
    return _report(runner.verdicts(questions), args.json, show)


def _report(answers: Iterable[QuestionVerdicts], as_json: bool, show: Callable[..., None]) -> int:
    """Print what was found, each question as soon as it is answered; return 1 if anything did not pass."""
    from sanity.core.verdict import all_passed
    from sanity.student.console import print_json, print_parts
    from sanity.student.parts import summary_parts

    answered = []
    for question, verdicts in answers:
        answered.append((question, verdicts))
        if not as_json:
            show(question, verdicts)
            sys.stdout.flush()
    if as_json:
        print_json(answered)
    else:
        print_parts(summary_parts(answered))
    sys.stdout.flush()
    return 0 if all(all_passed(verdicts) for _, verdicts in answered) else 1
