"""Derives stubs, the files that students edit, from the solutions.

A solution file marks each answer, and its stub has a placeholder instead:

    ### BEGIN SOLUTION 1d               # Question 1d: your code starts here.
    return self.encoder(words)          raise NotImplementedError("1d: not implemented yet")
    ### END SOLUTION                    # Question 1d: your code ends here.

Lines `### STUB <code>` inside a block replace the placeholder, for places where it should not raise. The stub of a
notebook is a notebook; its solution is a Python file with the cells in order.
"""

from __future__ import annotations

import re
from pathlib import Path

from graders.course.assignment import Assignment
from graders.course.notebooks import to_notebook
from sanity.core.errors import UserError, placeholder
from sanity.core.manifest import solution_name

BEGIN = re.compile(r"(?P<indent>\s*)### BEGIN SOLUTION(?: +(?P<question>[\w.]+))?\s*")
END = re.compile(r"\s*### END SOLUTION\s*")
STUB = re.compile(r"(?P<indent>\s*)### STUB (?P<code>.*\S)\s*")
# Anything else that looks like a marker is refused: a mistyped marker would reveal the answer.
MISTYPED = re.compile(r"\s*###|.*\b(BEGIN|END) SOLUTION\b")


class StubError(UserError):
    """A solution file is missing or its markers are wrong; the message names file and line."""


def derive(text: str, path: Path | str) -> str:
    r"""Return the stub of a solution file's text; raise StubError, which names `path`, for wrong markers.

    >>> print(derive("### BEGIN SOLUTION 1d\nx = 1\n### END SOLUTION", "a.py"))
    # Question 1d: your code starts here.
    raise NotImplementedError("1d: not implemented yet")
    # Question 1d: your code ends here.
    """
    stub: list[str] = []
    placeholders: list[str] = []
    begun, indent, question = 0, "", ""
    for number, line in enumerate(text.split("\n"), start=1):
        if match := BEGIN.fullmatch(line):
            if begun:
                raise StubError(f"{path}:{number}: ### BEGIN SOLUTION inside the block begun on line {begun}")
            if match["question"] is None:
                raise StubError(f"{path}:{number}: name the question, as in ### BEGIN SOLUTION 1d")
            begun, indent, question, placeholders = number, match["indent"], match["question"], []
        elif END.fullmatch(line):
            if not begun:
                raise StubError(f"{path}:{number}: ### END SOLUTION without a ### BEGIN SOLUTION")
            stub.append(f"{indent}# Question {question}: your code starts here.")
            stub += placeholders or [indent + placeholder(question)]
            stub.append(f"{indent}# Question {question}: your code ends here.")
            begun = 0
        elif match := STUB.fullmatch(line):
            if not begun:
                raise StubError(f"{path}:{number}: ### STUB outside a solution block")
            placeholders.append(match["indent"] + match["code"])
        elif MISTYPED.match(line):
            markers = "### BEGIN SOLUTION <question>, ### STUB <code> or ### END SOLUTION"
            raise StubError(f"{path}:{number}: not a marker: {line.strip()}; write {markers}")
        elif not begun:
            stub.append(line)
    if begun:
        raise StubError(f"{path}:{begun}: ### BEGIN SOLUTION {question} has no ### END SOLUTION")
    return "\n".join(stub)


def derive_stubs(assignment: Assignment) -> dict[Path, str]:
    """Return the text of each stub of an assignment by its path; raise StubError or CourseError."""
    folder, manifest = assignment.folder, assignment.manifest
    stubs = {}
    for name in manifest.submit:
        path = assignment.solutions / solution_name(name)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise StubError(f"{path}: cannot read the solution: {error.strerror}") from None
        stub = derive(text, path)
        stubs[folder / name] = to_notebook(stub) if name.endswith(".ipynb") else stub
        marked = sorted({match["question"] for line in text.split("\n") if (match := BEGIN.fullmatch(line))})
        listed = sorted(question.id for question in manifest.questions if question.file == name)
        if marked != listed:
            found, expected = ", ".join(marked) or "none", ", ".join(listed) or "none"
            raise StubError(f"{path}: has solutions of {found}; assignment.toml expects {expected}")
    return stubs


def stale_stubs(assignment: Assignment) -> list[Path]:
    """Return the paths of the stubs that are missing or differ from the solution's."""
    stubs = derive_stubs(assignment)
    return [path for path, text in stubs.items() if not path.exists() or path.read_bytes() != text.encode()]


def write_stubs(assignment: Assignment) -> list[Path]:
    """Write the stubs that are stale; return their paths. Raises StubError or CourseError."""
    stubs = derive_stubs(assignment)
    stale = stale_stubs(assignment)
    for path in stale:
        try:
            path.write_bytes(stubs[path].encode())
        except OSError as error:
            raise StubError(f"{path}: cannot write the stub: {error.strerror}") from None
    return stale
