"""Autograders for tests: submissions that something is wrong with, and what otter says of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from graders.course.assignment import Assignment, course_root
from graders.course.notebooks import to_notebook
from graders.course.planted import ANSWER, Files, load_bugs, make_slip, reference_files
from graders.zips import write_zip
from sanity.core.manifest import solution_name

SCHEMA = jsonschema.Draft202012Validator(
    json.loads(Path(__file__).with_name("gradescope_results.schema.json").read_text(encoding="utf-8"))
)
EXITS = '__import__("os")._exit(0)'
SLEEPS = 'while True: __import__("time").sleep(0.1)'  # as endless as any loop, and it costs the tests no processor
BROKEN = "def (:"


def accidents(assignment: Assignment) -> Iterator[tuple[str, Files]]:
    """Yield submissions by name: three planted bugs, a line that is no Python, an endless loop and an exit."""
    yield "bugs", planted(assignment, 3)
    first, *_, last = (question.id for question in assignment.manifest.questions)
    for name, question, line in ("syntax", last, BROKEN), ("loop", last, SLEEPS), ("exit", first, EXITS):
        yield name, inserted(assignment, reference_files(assignment), {question: line})


def mishap(assignment: Assignment) -> Files:
    """Return one submission with all of it: what is no Python and the loop in one answer each, the exit in another."""
    ids = [question.id for question in assignment.manifest.questions]
    lines = {ids[0]: EXITS, ids[-2]: SLEEPS, ids[-1]: BROKEN}
    return inserted(assignment, reference_files(assignment), lines)


def planted(assignment: Assignment, count: int) -> Files:
    """Return the reference with so many planted bugs, each in another question."""
    files, questions = reference_files(assignment), set[str]()
    for bug in load_bugs(assignment):
        if bug.question not in questions and len(questions) < count:
            files[bug.file], found = make_slip(files[bug.file], bug.question, bug.slip)
            assert found == 1
            questions.add(bug.question)
    return files


def inserted(assignment: Assignment, files: Files, lines: Mapping[str, str]) -> Files:
    """Return files with a line before the first answer to each of some questions."""
    for question, line in lines.items():
        file = solution_name(assignment.manifest.question(question).file)
        found = next(found for found in ANSWER.finditer(files[file]) if found[2] == question)
        indent = found[1][: len(found[1]) - len(found[1].lstrip())]
        files = {**files, file: f"{files[file][: found.start(3)]}{indent}{line}\n{files[file][found.start(3) :]}"}
    return files


def handed_in(assignment: Assignment, files: Files) -> dict[str, bytes]:
    """Return the files as a student hands them in: a notebook is a notebook."""
    notebooks = {solution_name(name): name for name in assignment.manifest.submit if name.endswith(".ipynb")}
    return {
        notebooks.get(name, name): (to_notebook(text) if name in notebooks else text).encode()
        for name, text in files.items()
    }


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder; return it."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into an archive; return its path."""
    write_zip(path, files)
    return path


def otter_run(submission: Path, autograder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run `otter run` as a teaching assistant does; it writes results.json to `out`, which is made."""
    out.mkdir()
    return subprocess.run(
        [Path(sys.executable).with_name("otter"), "run", submission, "-a", autograder, "-o", out, "--no-logo"],
        env={**os.environ, "PYTHONPATH": str(course_root()), "XDG_CACHE_HOME": str(out / "cache")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def results_in(folder: Path) -> dict[str, Any]:
    """Return the results.json in a folder, which is as Gradescope documents it."""
    results: dict[str, Any] = json.loads((folder / "results.json").read_bytes())
    SCHEMA.validate(results)
    return results


def marks(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a student earns and reads, without times and names."""
    return {name: value for name, value in results.items() if name not in ("execution_time", "extra_data")}
