"""Where the answers of a submission lie: the paths of its files in a repository, and the lines of its functions."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TypeGuard

from graders.course.assignment import Assignment
from graders.exports.annotations import Places
from graders.intake.submission import Submission

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def answer_places(assignment: Assignment, submission: Submission, repository: Path) -> Places:
    """Return the places of a submission's files and answers.

    Args:
        assignment: its stubs say which function answers which question.
        submission: as it was read.
        repository: the folder that paths are relative to. What lies elsewhere, or in an archive, keeps its name.
    """
    paths = {}
    for name in submission.files:
        there = (submission.source / submission.paths.get(name, name)).resolve()
        inside = there.is_file() and there.is_relative_to(repository.resolve())
        paths[name] = there.relative_to(repository.resolve()).as_posix() if inside else name
    answers = {}
    for question in assignment.manifest.questions:
        name = assignment.manifest.spelling(question.file, submission.files) or question.file
        stub, text = assignment.folder / question.file, submission.files.get(name, b"").decode(errors="replace")
        both_python = stub.suffix == ".py" and name.endswith(".py")
        answers[question.id] = name, answer_line(stub.read_text("utf-8"), text, question.id) if both_python else 0
    return Places(paths, answers)


def repository_of(path: Path) -> Path | None:
    """Return the root of the clone that a path is in; None if it is in none.

    A job may have its checkout in a folder, and what it prints is of files in the repository.
    """
    path = path.resolve()
    return next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), None)


def answer_line(stub: str, text: str, question: str) -> int:
    r"""Return the line of a text on which the function begins that answers a question first; 0 if there is none.

    The text is searched, not parsed: it is a submission's, and may be no Python.

    >>> stub = "class NMT:\n  def encode(self):\n    # Question 1d: your code starts here.\n    pass"
    >>> answer_line(stub, "import torch\n\nclass NMT:\n  def encode(self):\n    return 1", "1d")
    4
    """
    marker = f"# Question {question}: your code starts here."
    at = next((number for number, line in enumerate(stub.splitlines(), start=1) if line.strip() == marker), 0)
    around = [node for node in ast.walk(ast.parse(stub)) if _spans(node, at)]  # from the outermost to the innermost
    start = 0
    lines = text.split("\n")
    for node in around:
        header = re.compile(rf"\s*(async\s+def|def|class)\s+{re.escape(node.name)}\b")
        found = next((place for place in range(start, len(lines)) if header.match(lines[place])), None)
        if found is None:
            return 0
        start = found
    return start + 1 if around else 0


def _spans(node: ast.AST, line: int) -> TypeGuard[Definition]:
    return isinstance(node, Definition) and node.lineno <= line <= (node.end_lineno or node.lineno)
