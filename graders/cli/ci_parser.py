"""The parser of `trivium ci`. Like `graders.cli.parser` it imports no large module."""

from __future__ import annotations

import argparse
from pathlib import Path

from graders.cli.options import add_feedback, add_isolation

CI = """Check and grade in continuous integration.

Students' repositories only run the sanity check, which needs no secret. Grading needs the reference and a seed, so it
runs in a repository of the staff, which fetches what students have tagged. Never grade in a repository to which
students push: who may edit a workflow can print what it reads.

  1. trivium ci init github a4 -o a4-ci     writes both halves: a4-ci/student and a4-ci/staff
  2. put student/ into the students' template, and staff/ into a private repository
  3. list the students' repositories in staff/repositories.txt, and set the secrets that grade.yml names

The steps of that workflow, which can also be typed:

  trivium ci fetch repositories.txt --out submissions    the newest tag submit-* of each repository
  trivium grade a4 submissions --out grades              marks, as of any class
  trivium ci comments grades --out comments.json         what students are told
  trivium ci post comments.json                          as comments on their commits

docs/ta/ci.md goes from nothing to a mark on GitHub, GitLab and Classroom 50.
"""
INIT = """Write the files with which a platform checks and grades an assignment.

  github       student/.github/workflows/sanity.yml   checks at every push; for the students' template
               staff/.github/workflows/grade.yml      grades tags; for a private repository
               staff/repositories.txt                 the list of the students' repositories
  gitlab       the same, with .gitlab-ci.yml
  classroom50  autograder.py                          for Classroom 50
"""
CLASSROOM50 = """Grade a student's checkout for Classroom 50: write result.json and release-body.md to it.

It reads the variables CLASSROOM, ASSIGNMENT, SUBMISSION_TAG, COMMIT_URL, RELEASE_URL, REVIEW_URL, and USERNAME or
OWNER. Points are in hundredths, for Classroom 50 takes whole numbers: 37.5 of 40 is 3750 of 4000. A result.json that
is there already is removed first. Autograder.py, which `trivium ci init classroom50` writes, calls this.
"""


def add_ci(ci: argparse.ArgumentParser) -> None:
    """Add the actions of `trivium ci`."""
    ci.description, ci.formatter_class = CI, argparse.RawDescriptionHelpFormatter
    ci.set_defaults(module="ci")
    actions = ci.add_subparsers(dest="action", required=True, metavar="ACTION")
    raw = argparse.RawDescriptionHelpFormatter

    init = actions.add_parser("init", help="write workflow files", description=INIT, formatter_class=raw)
    init.add_argument("platform", choices=("github", "gitlab", "classroom50"), metavar="PLATFORM")
    init.add_argument("assignment", help="such as a4")
    init.add_argument("-o", "--out", type=Path, default=Path(), help="folder to write to (default: here)")
    init.add_argument(
        "--image",
        action="store_true",
        help="github, gitlab: the reference comes in a private image, with a Dockerfile for it, instead of from a "
        "private repository",
    )
    _add_tag(init)
    init.add_argument("--force", action="store_true", help="replace files that are there")

    fetch = actions.add_parser(
        "fetch",
        help="fetch what students have tagged",
        description="Fetch the newest tag of each repository as an archive OUT/NAME.zip, and list them in OUT.json. "
        "Of several tags the one with the highest number counts: submit-10 is above submit-9. Nothing of a repository "
        "is run or checked out, and one that cannot be read keeps its archive. OWNER/NAME is on the server that "
        "GITHUB_SERVER_URL or CI_SERVER_URL names; git has the token in STUDENTS_TOKEN for that server alone.",
        epilog="exit status: 0 success; 1 a repository could not be read, and is named; 2 an invalid list or option",
    )
    fetch.add_argument("repositories", type=Path, metavar="LIST", help="a repository a line: [NAME] OWNER/NAME or URL")
    _add_tag(fetch)
    fetch.add_argument("-o", "--out", type=Path, default=Path("submissions"), help="folder (default: submissions/)")

    job = actions.add_parser(
        "classroom50",
        help="grade a checkout for Classroom 50",
        description=CLASSROOM50,
        formatter_class=raw,
        epilog="exit status: 0 graded, whatever the points; 1 not graded, and there is no result.json; 2 a variable is "
        "missing,\nor an invalid option",
    )
    job.add_argument("assignment", help="such as a4; Classroom 50's own name of it may be another")
    job.add_argument("folder", nargs="?", type=Path, default=Path(), help="the checkout (default: here)")
    job.add_argument("--seed", type=int, help="seed of the hidden cases; give one, or marks may differ from run to run")
    add_feedback(job)
    add_isolation(job)

    comments = actions.add_parser(
        "comments",
        help="make the comments that students get",
        description="Make a comment for each submission that was fetched and graded: the points, and what was found, "
        "as --feedback says. Nothing is sent.",
    )
    comments.add_argument("grades", type=Path, metavar="GRADES", help="the --out folder of `trivium grade`")
    comments.add_argument(
        "--submissions",
        type=Path,
        default=Path("submissions.json"),
        metavar="FILE",
        help="the list that `trivium ci fetch` wrote (default: submissions.json)",
    )
    comments.add_argument("-o", "--out", type=Path, default=Path("comments.json"), help="file (default: comments.json)")
    add_feedback(comments)

    post = actions.add_parser(
        "post",
        help="post comments on the commits of students",
        description="Post the comments that are not there yet. For a job of GitHub or GitLab: it reads GITHUB_API_URL "
        "or CI_API_V4_URL, and a token in COMMENTS_TOKEN.",
        epilog="exit status: 0 success; 1 a comment was not taken, and is named; 2 a variable or a file is missing "
        "or invalid",
    )
    post.add_argument("comments", type=Path, metavar="FILE", help="as `trivium ci comments` writes it")


def _add_tag(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--tag", default="submit-*", metavar="PATTERN", help="the tags that are submissions (default: submit-*)"
    )
