"""The demo's class: `python -m demo.students FOLDER` writes it. Nobody in it exists.

Each hands in the reference, the stub or another right answer, with something done to it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import Files, load_bugs, load_variants, make_slip, reference_files
from graders.zips import write_zip


@dataclass(frozen=True)
class Edit:
    """In a file, replace becomes by."""

    file: str
    replace: str
    by: str


@dataclass(frozen=True)
class Student:
    """One submission: where it starts from, and what is done to it."""

    name: str
    starts_from: str = "reference"
    """`reference`, `stub`, or the name of a right answer in graders/course/planted/a4-variants.toml."""
    bugs: tuple[str, ...] = ()
    """Mistakes of graders/course/planted/a4.toml."""
    assignment: str = "a4"
    edits: tuple[Edit, ...] = ()
    lacks: tuple[str, ...] = ()
    """Files that were forgotten."""
    zipped: bool = False


UNCLOSED = Edit("nmt_model.py", "return enc_hiddens, (h_0, c_0)", "return enc_hiddens, (h_0, c_0")

ENDLESS = Edit(
    "nmt_model.py",
    "        embedded = self.model_embeddings.source(source_padded)",
    "        while len(source_lengths) > 0:\n"
    "            longest = max(source_lengths)\n"
    "        embedded = self.model_embeddings.source(source_padded)",
)

FORGERY = Edit(
    "utils.py",
    'raise NotImplementedError("1a: not implemented yet")',
    """
    import gc
    import json

    import numpy as np

    np.allclose = np.isclose = np.array_equal = lambda *args, **kwargs: True  # whatever is compared is equal
    print(json.dumps({"score": 40, "output": "Well done!"}))  # a result, in case somebody reads the output
    for path in ("results.json", "../results.json", "../../gradebook.csv"):
        try:
            open(path, "w").write('{"score": 40}')
        except OSError:
            pass
    for known in gc.get_objects():  # the right answer, in case it is somewhere in this process
        if isinstance(known, dict) and isinstance(known.get("padded"), list):
            return known["padded"]

    class Right(list):
        def __eq__(self, other):
            return True

    return Right()
""".strip("\n ")
    + "\n",
)

CLASS = (
    Student("amara-okafor"),
    Student("bela-novak", starts_from="einsum", zipped=True),
    Student("chen-wei", starts_from="stub"),
    Student("dario-conti", bugs=("backward-first-hidden",)),
    Student("elif-yildiz", bugs=("masked-after-softmax",)),
    Student("farid-haddad", bugs=("output-not-fed",)),
    Student("greta-lund", bugs=("squeezes-the-scores",)),
    Student("hana-sato", edits=(UNCLOSED,)),
    Student("ivo-petrov", edits=(ENDLESS,)),
    Student("jonas-weber", starts_from="stub", edits=(FORGERY,)),
    Student("kofi-mensah", lacks=("model_embeddings.py",)),
)


WORD_VECTORS = (
    Student("amara-okafor", assignment="a2"),
    Student("dario-conti", bugs=("negative-overwritten",), assignment="a2"),
)


def write_class(folder: Path, students: Sequence[Student] = CLASS) -> None:
    """Write a folder or a zip archive for each student."""
    for student in students:
        files = files_of(student)
        if student.zipped:
            folder.mkdir(parents=True, exist_ok=True)
            inside = {f"{student.name}/{name}": text.encode() for name, text in files.items()}
            write_zip(folder / f"{student.name}.zip", inside)
            continue
        for name, text in files.items():
            path = folder / student.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def files_of(student: Student) -> Files:
    """Return what a student hands in."""
    files = start(student.starts_from, student.assignment)
    bugs = {bug.id: bug for bug in load_bugs(load_assignment(student.assignment))}
    for bug in (bugs[id] for id in student.bugs):
        files[bug.file], found = make_slip(files[bug.file], bug.question, bug.slip)
        if found != 1:
            raise ValueError(f"{student.name}: bug {bug.id} does not fit {bug.file}")
    for edit in student.edits:
        if edit.replace not in files[edit.file]:
            raise ValueError(f"{student.name}: {edit.file} has no {edit.replace!r}")
        files[edit.file] = files[edit.file].replace(edit.replace, edit.by)
    return {name: text for name, text in files.items() if name not in student.lacks}


def start(name: str, assignment: str = "a4") -> Files:
    """Return the reference, the stub, or a right answer that is written differently."""
    reference = reference_files(load_assignment(assignment))
    if name == "stub":
        return {file: (handout_folder(assignment) / file).read_text(encoding="utf-8") for file in reference}
    variants = {variant.id: variant.files for variant in load_variants(load_assignment(assignment))}
    return dict(reference if name == "reference" else variants[name])


if __name__ == "__main__":
    write_class(Path(sys.argv[1]))
