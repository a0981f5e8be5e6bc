"""`trivium otter build`: the zip that otter-grader and Gradescope run."""

from __future__ import annotations

import argparse
import secrets

from graders.autograder.build import build_autograder
from graders.cli.terminal import echo
from graders.course.assignment import load_assignment
from graders.errors import check_seed
from graders.grading.classroom import SEED_BITS
from graders.sandbox.isolation import Isolation


def otter(args: argparse.Namespace) -> int:
    """Build the zip, and say how large it is."""
    check_seed(args.seed)
    seed = secrets.randbits(SEED_BITS) if args.seed is None else args.seed
    assignment = load_assignment(args.assignment)
    path = build_autograder(assignment, args.out, seed, Isolation(args.isolation), args.feedback)
    echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB, with the reference and the seed: no student may have it")
    return 0
