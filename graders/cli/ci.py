"""`trivium ci`: workflow files, fetching what students have tagged, Classroom 50, and comments on commits."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from graders.cli.terminal import echo, error


def ci(args: argparse.Namespace) -> int:
    """Run an action of `trivium ci`; return the exit status."""
    action: Callable[[argparse.Namespace], int] = ACTIONS[args.action]
    return action(args)


def init(args: argparse.Namespace) -> int:
    """Write workflow files; print their paths."""
    from graders.ci.init import write_workflows
    from graders.course.assignment import load_assignment

    assignment = load_assignment(args.assignment)
    for path in write_workflows(args.platform, assignment, args.out, image=args.image, tag=args.tag, force=args.force):
        echo(path)
    return 0


def fetch(args: argparse.Namespace) -> int:
    """Fetch what students have tagged; print a line for each repository; return 1 if one could not be read."""
    from graders.ci.fetching import fetch_all
    from graders.ci.repositories import read_repositories

    done = fetch_all(read_repositories(args.repositories), args.tag, args.out)
    for one in done.fetched:
        echo(f"{args.out / one.name}.zip: {one.repository} at {one.tag}, {one.commit[:10]}")
    for name in done.without_tag:
        echo(f"{name}: no tag {args.tag} yet")
    for line in done.problems:
        error(line)
    return 1 if done.problems else 0


def classroom50(args: argparse.Namespace) -> int:
    """Grade a checkout, and write result.json; print the points."""
    from graders.ci.classroom50 import RESULT, JobOptions, run_job
    from graders.sandbox.isolation import Isolation
    from graders.text.numbers import number

    options = JobOptions(
        assignment=args.assignment,
        folder=args.folder,
        seed=args.seed,
        feedback=args.feedback,
        isolation=Isolation(args.isolation),
    )
    result = run_job(options)
    echo(f"{args.folder / RESULT}: {number(result.points)} of {number(result.max_points)} points")
    return 0


def comments(args: argparse.Namespace) -> int:
    """Write what students are to be told to a file; print how many comments it has."""
    import msgspec

    from graders.atomic import write_atomically
    from graders.ci.comments import comments_of
    from graders.ci.fetching import read_fetched

    found = comments_of(args.grades, args.submissions, args.feedback)
    write_atomically(args.out, msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    told = {(comment.repository, comment.commit) for comment in found}
    for one in read_fetched(args.submissions):
        if (one.repository, one.commit) not in told:
            error(f"note: {one.name}: {args.grades} has no result of {one.tag}, so no comment yet")
    echo(f"{args.out}: {len(found)} comment{'' if len(found) == 1 else 's'}")
    return 0


def post(args: argparse.Namespace) -> int:
    """Post comments; print how many are new; return 1 if the platform did not take one."""
    from graders.ci.posting import post, read_comments

    comments = read_comments(args.comments)
    new, problems = post(comments)
    for line in problems:
        error(line)
    echo(f"{new} of {len(comments)} comments are new")
    return 1 if problems else 0


ACTIONS = {"init": init, "fetch": fetch, "classroom50": classroom50, "comments": comments, "post": post}
