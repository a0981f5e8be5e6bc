"""`python sanity_check.py`: what a student types, in the folder with their files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sanity.manifest import Manifest, ManifestError, read_manifest

if TYPE_CHECKING:
    from sanity.running import Answered

EXAMPLES = """examples:
  python sanity_check.py 1d            check question 1d
  python sanity_check.py               check every question
  python sanity_check.py 1d --watch    check again whenever you save a file
  python sanity_check.py 1d --seed 7   try the laws on new cases, and shrink one that fails

exit status: 0 all passed; 1 a check failed; 2 a wrong name, file or option
"""


def parser(manifest: Manifest) -> argparse.ArgumentParser:
    """Return the command line's parser for one assignment."""
    questions = "\n".join(f"  {q.id}  {q.name:<12} {q.points:g} points, in {q.file}" for q in manifest.questions)
    top = argparse.ArgumentParser(
        prog="python sanity_check.py",
        description=f"{manifest.title}\n\nquestions:\n{questions}",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("questions", nargs="*", metavar="QUESTION", help="such as 1d (default: all)")
    top.add_argument("--list", action="store_true", help="print the questions and what is checked, run nothing")
    top.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    top.add_argument("--watch", action="store_true", help="run again whenever a file is saved, until Ctrl-C")
    top.add_argument("--seed", type=int, help="also try the laws on cases drawn from this seed")
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
        questions = manifest.choose(args.questions)
        if args.list:
            from sanity.console import print_list

            print_list(manifest, questions)
            return 0
        from sanity.running import Runner

        runner = Runner(manifest, folder, args.seed)
        if args.watch:
            from sanity.watch import watch

            watch(folder, lambda: _report(runner.run(questions), args.json))
            return 0
        return _report(runner.run(questions), args.json)
    except (ManifestError, FileNotFoundError) as error:
        print(f"sanity_check.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"sanity_check.py: {error.name} is not installed: pip install {error.name}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 2


def _report(answered: list[Answered], as_json: bool) -> int:
    """Print what was found; return 1 if anything did not pass."""
    from sanity.console import print_json, print_question

    if as_json:
        print_json(answered)
    else:
        for question, verdicts in answered:
            print_question(question, verdicts)
    sys.stdout.flush()
    return 0 if all(verdict.outcome == "passed" for _, verdicts in answered for verdict in verdicts) else 1
