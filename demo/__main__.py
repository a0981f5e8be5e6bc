"""Show the main job on embedded samples: a student's check of one answer, then a class, graded in parallel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from demo.students import Student, files_of, write_class
from graders.course import handout_folder
from graders.sandbox import walls

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
    options = ["--out", f"{out / 'grades'}", "--seed", str(SEED), *isolation()]
    shown = " ".join(["trivium grade a4", f"{out / 'class'}", *options])
    graded = run(shown, [sys.executable, "-m", "graders.cli", "grade", "a4", f"{out / 'class'}", *options], Path())
    return 0 if (wrong, right, graded) == (1, 0, 0) else 1


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
