"""A class as large as you like: `python -m demo.generated a4 2000 FOLDER` writes it. Nobody in it exists.

Of assignments 2 to 5: nobody hands in the notebook of assignment 1. Half hand in a right answer, in the ways that
`graders/course/planted` has; most others the reference with a planted bug, and some the untouched stub. No two hand in
the same bytes.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

from demo.students import start
from graders.course.assignment import load_assignment
from graders.course.planted import Files, load_bugs, load_variants

RIGHT, WRONG = 0.5, 0.4
"""The shares of right answers and of planted bugs; the rest are stubs."""


def generated(assignment: str, count: int, seed: int = 0) -> Iterator[tuple[str, Files]]:
    """Yield the names and files of a class. The first of a larger one are those of a smaller one."""
    dice = random.Random(seed)
    right = [variant.files for variant in load_variants(load_assignment(assignment))]
    wrong = [bug.files for bug in load_bugs(load_assignment(assignment))]
    stub = start("stub", assignment)
    for number in range(count):
        files = dict(dice.choice(dice.choices([right, wrong, [stub]], [RIGHT, WRONG, 1 - RIGHT - WRONG])[0]))
        name = f"student-{number:04}"
        file = dice.choice(sorted(name for name in files if name.endswith(".py")))
        files[file] += f"\n# {name}\n"
        yield name, files


def write_generated(folder: Path, assignment: str, count: int, seed: int = 0) -> None:
    """Write a folder for each submission of a class."""
    for name, files in generated(assignment, count, seed):
        for file, text in files.items():
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_generated(Path(sys.argv[3]), sys.argv[1], int(sys.argv[2]))
