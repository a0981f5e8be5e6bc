"""The parser of the command line. It imports no large module, so that `--help` is fast."""

from __future__ import annotations

import argparse
from pathlib import Path

from graders.cli.ci_parser import add_ci
from graders.cli.graded_parser import add_desk, add_export, add_group, add_report
from graders.cli.options import add_extras, add_feedback, add_isolation, add_roster, add_scheduler

EXAMPLES = """examples:
  trivium grade a4 submissions/              grade a class: one folder or zip per student
  trivium grade a4 submissions.zip           the same, as Canvas, Moodle or Gradescope exports it
  trivium grade a4 . --fail-under 80         in CI: exit status 1 below 80 %
  trivium ci init github a4 -o a4-ci         write workflows: check at a push, grade at a tag
  trivium train a4 --reference --score 90    train a model in the sandbox until BLEU 90, or 10 minutes are over
  trivium export canvas grades --sheet F.csv put the marks into Canvas's gradebook F.csv, to import
  trivium diff grades-before grades          who gains, who loses, by which check
  trivium similar a4 submissions/            which submissions share code beyond the handout, for a person to read
  trivium report grades --for students       a page for each student, which tells what they may know
  trivium pack                               in your assignment's folder: build the zip to hand in
  trivium handout a4 -o a4.zip               what students receive
  trivium otter build a4                     a4-autograder.zip, for otter-grader and Gradescope

exit status: 0 success; 1 a check, or --fail-under, failed, or a submission was not read; 2 an invalid name, file or
option
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of `trivium`. Arguments have `command`, a function, and its `module` in graders/cli/."""
    top = argparse.ArgumentParser(
        prog="trivium",
        description="Grade assignments, and build the files that students receive.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_grade(commands.add_parser("grade", help="grade one submission or a class"))
    _add_train(
        commands.add_parser(
            "train",
            help="train submissions, or the reference, to a score or a budget",
            description="Train submissions, or the reference, in the sandbox, to a score or the end of a budget. The "
            "same command resumes after a kill. `trivium grade` with the same --out then has the points.",
            epilog="exit status: 0 all reached the score; 1 one did not, or could not be trained; 2 an invalid name, "
            "file or option",
        )
    )
    roster = commands.add_parser(
        "roster",
        help="make the list of a class from exports and sheets of a platform",
        description="Make a CSV file with the names and numbers of the class, from exports of Canvas, Moodle and "
        "Gradescope, and from the sheets that these give teachers: Canvas's gradebook, Moodle's grading worksheet, "
        "Gradescope's roster. What several of them say of one student is one row. Correct it by hand where you like.",
    )
    roster.add_argument("paths", nargs="+", type=Path, metavar="EXPORT", help="an export, packed or not, or a sheet")
    roster.add_argument("-o", "--out", type=Path, help="file to write (default: print it)")
    roster.set_defaults(module="roster")
    add_export(
        commands.add_parser(
            "export",
            help="give the marks of a graded class back to a platform, or to a spreadsheet",
            description="Write the marks of a graded class: as the sheet that a platform imports, or for a spreadsheet "
            "or a program. For Canvas and Moodle your own sheet is filled in. A mark that somebody entered there is "
            "never overwritten: it is named.",
            epilog="exit status: 0 success; 1 a submission has no mark in the file, and is named; 2 an invalid name, "
            "file or option",
        )
    )
    add_report(
        commands.add_parser(
            "report",
            help="write the report of a graded class again, for staff or for students",
            description="Write the report of a graded class from its gradebook: for staff an index with a page for "
            "each submission, for students a folder each, with one page that stands alone and tells what --feedback "
            "says. Nothing is graded.",
            epilog="exit status: 0 success; 1 a submission has no page, or a training cannot be read; 2 an invalid "
            "name, file or option",
        )
    )
    add_group(
        commands.add_parser(
            "group",
            help="list the mistakes of a class by what is alike in them; one comment for all who made one",
            description="List the failures of a graded class: by diagnosis, and without one by equal wrong answers. A "
            "comment for a group goes to all of its members, also to those who join it in a later grading.",
        )
    )
    add_desk(
        commands.add_parser(
            "desk",
            help="open a desk in the browser, to mark submissions beside their verdicts",
            description="Serve a page, on this machine only, on which staff read submissions beside their verdicts and "
            "give points and comments. The marks are those of marks.csv, which may be edited at the same time. Ctrl-C "
            "ends it.",
        )
    )
    diff = commands.add_parser(
        "diff",
        help="compare two gradings: who gains, who loses, by which question and check",
        epilog="exit status, as that of diff: 0 no mark differs; 1 some do; 2 an invalid name or file",
    )
    diff.add_argument("old", type=Path, metavar="OLD", help="the --out folder of a grading, or its gradebook.sqlite")
    diff.add_argument("new", type=Path, metavar="NEW", help="that of another grading")
    diff.add_argument("--json", action="store_true", help="print JSON")
    diff.set_defaults(module="diff")
    _add_similar(
        commands.add_parser(
            "similar",
            help="find submissions that share passages beyond the handout: hints for a person, no verdict",
            description="Compare the submissions of a class, pair by pair, and write a page with those that share far "
            "more code than others of the class do, and a page with both side by side for each. Names, strings, "
            "comments and space do not count, nor do the handout and what many in the class have. It says what two "
            "submissions share, and never why: the same help from staff, the only short way, or a copy. No mark "
            "depends on it.",
            epilog="exit status: 0 success, whatever was found; 1 a submission was not read; 2 an invalid name, file "
            "or option",
        )
    )
    add_ci(commands.add_parser("ci", help="check and grade on GitHub, GitLab and Classroom 50"))
    doctor = commands.add_parser("doctor", help="show installed packages, and whether the sandbox is available")
    doctor.set_defaults(module="doctor")
    for name, help, what in (
        ("stubs", "derive the stubs in assignments/ from solutions/", "the stubs"),
        ("record", "record the reference for the students' sanity checks", "the recordings"),
    ):
        derive = commands.add_parser(name, help=help)
        derive.add_argument("assignment", nargs="?", help="default: all assignments")
        derive.add_argument("--check", action="store_true", help=f"change nothing; exit status 1 if {what} are stale")
        derive.set_defaults(module="course")
    prove = commands.add_parser(
        "prove",
        help="show what the checks catch: planted bugs, and mutants of the reference",
        description="Put the planted bugs and automatic mutants of the reference's answers to the checks, on the "
        "recorded cases, as students have them. Print for each check how many bugs it catches, and which ones only it "
        "does. Mutants that are right answers are listed by hand in graders/course/planted/ASSIGNMENT-equivalent.toml.",
        epilog="exit status: 0 all bugs and 98 %% of the mutants are caught, and every check catches a bug; 1 not; "
        "2 an invalid name or table",
    )
    prove.add_argument("assignment", help="such as a4")
    prove.add_argument("-j", "--jobs", type=int, help="processes in parallel (default: one for each core)")
    prove.add_argument("--json", action="store_true", help="print JSON")
    prove.set_defaults(module="prove")
    handout = commands.add_parser("handout", help="build the zip that students receive (reproducible)")
    handout.add_argument("assignment")
    handout.add_argument("-o", "--out", type=Path, default=Path(), help="file or folder (default: ./ASSIGNMENT.zip)")
    handout.set_defaults(module="course")
    _add_otter(commands.add_parser("otter", help="build the zip that otter-grader and Gradescope run"))
    pack = commands.add_parser("pack", help="for students: check your files and zip them for handing in")
    pack.add_argument("folder", nargs="?", type=Path, default=Path(), help="your assignment's folder (default: here)")
    pack.add_argument("-o", "--out", type=Path, help="the zip to write (default: ./ASSIGNMENT-submission.zip)")
    pack.set_defaults(module="student")
    return top


def _add_grade(grade: argparse.ArgumentParser) -> None:
    grade.add_argument("assignment", help="such as a4")
    grade.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a submission, a folder of submissions, or an export"
    )
    grade.add_argument(
        "-j",
        "--jobs",
        type=int,
        help="submissions graded in parallel (default: the cores that this process may use); on a cluster, by each "
        "worker (default: 1)",
    )
    add_scheduler(grade)
    grade.add_argument(
        "--slurm",
        type=int,
        metavar="N",
        help="grade in N jobs of SLURM, as Dask's configuration describes them in jobqueue.slurm",
    )
    grade.add_argument("-o", "--out", type=Path, default=Path("grades"), help="output folder (default: grades/)")
    grade.add_argument("-q", "--questions", default="", help="grade only these questions, such as 1d,1e")
    grade.add_argument(
        "--seed", type=int, help="seed of the hidden cases (default: that of the last run in OUT, or random)"
    )
    add_roster(grade)
    grade.add_argument(
        "--dry-run",
        action="store_true",
        help="only show which files of which submissions would be graded, and the job script of --slurm",
    )
    grade.add_argument("--fail-under", metavar="P", help="exit status 1 if a submission has less than P %%")
    add_extras(grade)
    add_feedback(grade)
    grade.add_argument("--junit", type=Path, metavar="FILE", help="also write JUnit XML")
    add_isolation(grade)
    grade.set_defaults(module="grade")


OTTER = """the same zip serves both:
  otter run -a a4-autograder.zip -o out sub.zip   in an environment with trivium[otter]: out/results.json
  Gradescope                                      upload it as the assignment's autograder; docs/ta/gradescope.md

The marks are those of `trivium grade a4 --seed SEED`. The zip holds the reference and the seed: no student may have it.
"""


def _add_otter(otter: argparse.ArgumentParser) -> None:
    actions = otter.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser(
        "build",
        help="build the zip",
        description="Build the zip of an assignment's autograder: it grades one submission as `trivium grade` does, "
        "inside otter-grader or on Gradescope, and writes results.json.",
        epilog=OTTER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    build.add_argument("assignment", help="such as a4")
    build.add_argument(
        "-o", "--out", type=Path, default=Path(), help="file or folder (default: ./ASSIGNMENT-autograder.zip)"
    )
    build.add_argument(
        "--seed", type=int, help="seed of the hidden cases of all submissions, and of a regrade (default: random)"
    )
    add_feedback(build)
    add_isolation(build)
    otter.set_defaults(module="otter")


def _add_similar(similar: argparse.ArgumentParser) -> None:
    similar.add_argument("assignment", help="such as a4")
    similar.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a folder of submissions, submissions, or an export"
    )
    similar.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("grades"),
        help="output folder; the pages go to OUT/similar (default: grades/)",
    )
    similar.add_argument(
        "--threshold",
        type=float,
        metavar="P",
        help="show pairs that share at least P %% of the code of one of them (default: 3 interquartile ranges above "
        "the third quartile of all pairs, from 30 to 80 %%)",
    )
    add_roster(similar)
    similar.set_defaults(module="similar")


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument("assignment", help="such as a4")
    what = train.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--submission", nargs="+", type=Path, metavar="PATH", help="a submission, or a folder of submissions"
    )
    what.add_argument("--reference", action="store_true", help="train the reference, with its faster model")
    what.add_argument(
        "--ablations",
        action="store_true",
        help="train variants of the reference, each with one part replaced or removed",
    )
    add_roster(train)
    train.add_argument("-q", "--question", default="", help="the question to train, if there are several, such as 1h")
    train.add_argument("--plain", action="store_true", help="with --reference: train the model that students write")
    train.add_argument(
        "--score", "--bleu", type=float, metavar="S", help="stop at this score (default: the one that earns all points)"
    )
    train.add_argument("--budget", metavar="T", default="", help="time limit of each training: 90s, 10m, 2h")
    train.add_argument("--data", default="", help="toy, multi30k, tatoeba, a folder or a file")
    train.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: a GPU if there is one"
    )
    train.add_argument(
        "--seed", type=int, help="seed of the data and the training (default: that of the last run in OUT, or random)"
    )
    train.add_argument("-j", "--jobs", type=int, default=1, help="trainings in parallel, also on one GPU (default: 1)")
    add_scheduler(train)
    train.add_argument("-o", "--out", type=Path, default=Path("grades"), help="output folder (default: grades/)")
    add_isolation(train)
    train.set_defaults(module="train")
