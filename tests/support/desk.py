"""A graded class to mark: submissions in a folder, and the gradebook that grading them would have written."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from graders.course.assignment import load_assignment
from graders.desk.serve import DeskOptions, DeskServer
from graders.intake.submission import read_submission
from graders.records.gradebook import Gradebook
from graders.records.result import QuestionResult, Result
from graders.records.student import Student
from graders.text.sanitize import clean_text
from sanity.core.manifest import WRITTEN
from sanity.core.verdict import Verdict
from tests.support.results import PASSED, made

CODE = "class NMT:\n    def encode(self, source_padded, source_lengths):\n        return 1\n"
ANSWERS = "# Answers\n\n## 1g. Masks\n\n{}\n\n## 1i. Kinds of attention\n\nDot product.\n"


def submitted(folder: Path, answer: str, code: str = CODE) -> Path:
    """Write a submission for assignment 4: all its files, and an answer to 1g."""
    folder.mkdir(parents=True)
    for name in load_assignment("a4").manifest.submit:
        (folder / name).write_text(code if name == "nmt_model.py" else "x = 1\n", encoding="utf-8")
    (folder / WRITTEN).write_text(ANSWERS.format(answer), encoding="utf-8")
    return folder


def graded(folder: Path, *verdicts: Verdict, students: tuple[Student, ...] = ()) -> Result:
    """Return the result of a submission with all questions of assignment 4; those without verdicts have all points."""
    manifest = load_assignment("a4").manifest
    submission = read_submission(folder, manifest)
    own = {question.id: question for question in made("", *(verdicts or (PASSED,))).questions}
    questions = [
        msgspec.structs.replace(own[q.id], max_points=q.points)
        if q.id in own
        else QuestionResult(q.id, q.name, q.points, q.points, ())
        for q in manifest.questions
    ]
    return msgspec.structs.replace(
        made(submission.name),
        digest=submission.digest,
        questions=tuple(questions),
        written=clean_text(submission.files[WRITTEN].decode()),
        students=students,
    )


def class_at(folder: Path, answers: Mapping[str, str]) -> Path:
    """Write a class with these answers to 1g, by name; return the folder of its gradebook."""
    out = folder / "grades"
    with Gradebook(out / "gradebook.sqlite") as book:
        for name, answer in answers.items():
            source = submitted(folder / "class" / name, answer)
            book.put(name, graded(source), source.resolve())
    return out


@contextmanager
def served(options: DeskOptions) -> Iterator[DeskServer]:
    """Serve a desk from a thread."""
    server = DeskServer(options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
