"""Show the main job on embedded samples: a student's check of one answer, then a class, graded in parallel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from demo.students import WORD_VECTORS, Student, files_of, write_class
from graders.course.assignment import handout_folder
from graders.sandbox.isolation import walls

OUT = Path("demo", "out")
SEED = 2024
"""Of the hidden cases, so that every run of the demo shows the same marks."""


def main(out: Path = OUT) -> int:
    """Run the demo in the folder out, which is emptied first; return 0 if all went as it should."""
    shutil.rmtree(out, ignore_errors=True)
    homework = out / "homework"
    shutil.copytree(handout_folder("a4"), homework)

    say("A student has answered question 1d, but joins the encoder's two directions in the wrong order.")
    save(homework, Student("student", bugs=("backward-first-hidden",)))
    wrong = run("python sanity_check.py 1d", [sys.executable, "sanity_check.py", "1d"], homework)

    say("The student changes that line and tries again.")
    save(homework, Student("student"))
    right = run("python sanity_check.py 1d", [sys.executable, "sanity_check.py", "1d"], homework)

    say("Eleven students have handed in: two right answers, the untouched stub, four with mistakes, a syntax error, an")
    say("endless loop, one that tries to forge its mark, and one that forgot a file. They are graded in parallel.")
    write_class(out / "class")
    graded = grade("a4", out / "class", out / "grades")

    say("\nTwo of them have also handed in assignment 2, of which the first part is graded.")
    write_class(out / "class-a2", WORD_VECTORS)
    also = grade("a2", out / "class-a2", out / "grades-a2", "--questions", "1a,1b,1c,1d,1e")
    return 0 if (wrong, right, graded, also) == (1, 0, 0, 0) else 1


def grade(assignment: str, submissions: Path, out: Path, *options: str) -> int:
    """Grade a class; return the exit status."""
    arguments = ["grade", assignment, f"{submissions}", "--out", f"{out}", "--seed", str(SEED), *options, *isolation()]
    return run(" ".join(["trivium", *arguments]), [sys.executable, "-m", "graders.cli", *arguments], Path())


def isolation() -> list[str]:
    """Return the options that this machine needs, and say why if it has no sandbox."""
    missing = [f"{wall}: {reason}" for wall, reason in walls().items() if reason]
    if missing:
        say(f"This machine has no sandbox ({missing[0]}); the samples are harmless.")
    return ["--isolation", "none"] if missing else []


def save(homework: Path, student: Student) -> None:
    """Write the student's files into the homework folder."""
    for name, text in files_of(student).items():
        (homework / name).write_text(text, encoding="utf-8")


def run(shown: str, command: list[str], folder: Path) -> int:
    """Show a command as one would type it, run it in folder, and return its exit status."""
    say(f"\n$ {shown}")
    return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL).returncode


def say(line: str) -> None:
    """Print a line now, before what a command prints."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
