"""Who imports what an answer should do without is noted, in Python files and in notebooks."""

from __future__ import annotations

import json

import pytest

from graders.course.assignment import assignment_names, course_root, load_assignment
from graders.grading.import_rules import notes_on_imports
from sanity.core.assignment_toml import read_manifest

MANIFEST = read_manifest(course_root() / "assignments" / "a2")


def notes(source: str, file: str = "word2vec.py") -> tuple[str, ...]:
    return notes_on_imports({file: source.encode()}, MANIFEST)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import torch", "torch"),
        ("x = 1\n    from scipy.special import expit", "scipy"),
        ("import numpy as np, re, sklearn.utils as u", "sklearn"),
        ("from sanity.gradients import numeric_gradient", "sanity"),
        ("import numpy; from sanity.a2.linear import is_measured", "sanity"),
        ("m = importlib.import_module('graders.zips')\nn = __import__( \"torch\")", "graders, torch"),
    ],
)
def test_an_import_is_noted(source: str, names: str) -> None:
    said = f"imports {names}, which an answer here should do without"
    assert [note.partition(" ")[2].replace(" and ", ", ") for note in notes(source)] == [said]
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": ["import re\n", *source.splitlines(True)]}]})
    assert [note.partition(" ")[2] for note in notes(notebook, "a.ipynb")] == [said]


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nimport re, sys\nfrom utils.gradcheck import gradcheck_naive",
        "# torch would do it: import torch is what we leave out",
        "import torchvision_like\nfrom scipyx import y\nfrom utils import torch",
        "words = ['sanity', 'torch']",
        "from sanity import check",
    ],
)
def test_anything_else_is_not(source: str) -> None:
    assert notes(source) == ()


@pytest.mark.parametrize("name", assignment_names())
def test_the_reference_and_the_handout_do_without(name: str) -> None:
    assignment = load_assignment(name)
    assert notes_on_imports(assignment.reference, assignment.manifest) == ()


def test_a_long_line_takes_no_time() -> None:
    """The pattern never goes back over what it has read: a megabyte made for it is read in a moment."""
    for source in ("import " + "a" * 10**6, "import " + "a," * 500_000, "import a" * 120_000, ";import a," * 100_000):
        assert notes(source) == ()
