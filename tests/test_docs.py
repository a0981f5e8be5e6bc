"""What the documents show is run, in a copy of the course, and must come out as shown; what they point to must exist.

In a Markdown file, from top to bottom:

    ```console            lines after `$ ` are run by bash, the others are the output; `...` stands for anything
    <!-- $ command -->    is run too, unseen
    <!-- write FILE -->   the next fenced block becomes this file, or with `append` goes to its end
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graders.course.assignment import course_root

ROOT = course_root()
DOCUMENTS = sorted(
    path
    for path in {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")}
    if not path.relative_to(ROOT).parts[0].startswith(".")
)
FOLDERS = ("assignments", "solutions", "sanity", "graders", "demo", "docs", "tests", "benchmarks")

STEP = re.compile(
    r"```console\n(?P<session>.*?)```"
    r"|<!-- \$ (?P<unseen>.*?) -->"
    r"|<!-- (?P<how>write|append) (?P<file>\S+) -->\n+```\w*\n(?P<text>.*?)```",
    re.DOTALL,
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
WHERE = "echo; pwd"
"""Appended to each command, so that a `cd` lasts."""


class Shell:
    """Runs commands in a copy of the course, one after the other."""

    def __init__(self, course: Path) -> None:
        self.folder = course
        # Our packages from the copy, our Python as `python`, and nothing that depends on who runs the tests where.
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(course),
            "HOME": str(course),
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def run(self, command: str) -> str:
        """Return what a command prints, on standard output and error."""
        script = f"{command}\n{WHERE}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        printed, _, folder = done.stdout.rstrip("\n").rpartition("\n")
        self.folder = Path(folder)
        return printed


def matches(printed: str, shown: str) -> bool:
    """Return whether printed is what is shown, where `...` stands for anything, and `…` for the rest of a line."""
    pattern = re.escape(trimmed(shown)).replace(re.escape("..."), ".*?").replace("…", "[^\n]*")
    return re.fullmatch(pattern, trimmed(printed), re.DOTALL) is not None


def trimmed(text: str) -> str:
    """Return text without what the eye does not see: spaces at the ends of lines, the lengths of rules."""
    return re.sub("─+", "─", "\n".join(line.rstrip() for line in text.strip("\n").splitlines()))


def commands(session: str) -> list[tuple[str, str]]:
    """Return the commands of a session, each with the output that is shown."""
    parts = re.split(r"(?m)^\$ (.*)\n?", session)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if STEP.search(read(path))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_is_shown_is_what_happens(document: Path, tmp_path: Path) -> None:
    course = tmp_path / "course"
    for name in ("assignments", "solutions", "sanity", "graders", "demo", "docs", "tests"):
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__", "out"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, course)
    shell = Shell(course)
    for step in STEP.finditer(read(document)):
        if step["file"]:
            path = course / step["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if step["how"] == "append" else "w", encoding="utf-8") as file:
                file.write(step["text"])
        elif step["unseen"]:
            shell.run(step["unseen"])
        else:
            for command, shown in commands(step["session"]):
                printed = shell.run(command)
                assert matches(printed, shown), f"$ {command}\n{printed}\n--- but the document shows:\n{shown}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_pointed_to_is_there(document: Path) -> None:
    text = read(document)
    links = [link.partition("#")[0] for link in LINK.findall(text) if not re.match(r"\w+:", link)]
    missing = [link for link in links if link and not (document.parent / link).exists()]
    written = "".join(f" {step['file']}" for step in STEP.finditer(text) if step["file"])
    mentioned = [code for code in CODE.findall(text) if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]+", code)]
    missing += [code for code in mentioned if not (ROOT / code).exists() and f" {code}" not in written]
    assert not missing


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("1/1 a: 35/35 (0.3 s)\n", "1/1 a: 35/35 (... s)\n", True),
        ("a  \nb\n", "a\nb\n", True),
        ("a\nb\nc\n", "a\n...\nc\n", True),
        ("a\nb\n", "a\n", False),
        ("35/35", "3./35", False),
        ("── a\ncut sho…", "───── a\ncut…", True),
        ("cut\nnext", "cut…", False),
    ],
)
def test_printed_and_shown_are_compared(printed: str, shown: str, same: bool) -> None:
    assert matches(printed, shown) is same


def test_a_session_is_read_as_commands_and_output() -> None:
    assert commands("$ one\na\nb\n$ two\n$ three\nc\n") == [("one", "a\nb\n"), ("two", ""), ("three", "c\n")]
