"""What was handed in is shown as text: code with its lines, notebooks as code, and the rest by its size."""

from __future__ import annotations

import json

from graders.course.assignment import load_assignment
from graders.desk.work import answer_in_words, files_of
from graders.grading.handed_in import HandedIn
from tests.support.desk import CODE

FILES = {
    "utils.py": b"x = 1\r\n",
    "nmt_model.py": CODE.encode(),
    "written.md": b"## 1g\nMasks.\n",
    "picture.py": b"\x89PNG\0\0",
}


def shown(question: str, files: dict[str, bytes] = FILES) -> dict[str, tuple[tuple[str, ...], int, bool]]:
    found = files_of(HandedIn(files), load_assignment("a4"), question, lambda text: text)
    return {file.name: (file.lines, file.answer, file.is_open) for file in found}


def test_the_file_with_the_answer_comes_first_and_says_where_it_begins() -> None:
    found = shown("1d")
    assert list(found) == ["nmt_model.py", "picture.py", "utils.py", "written.md"]
    assert found["nmt_model.py"] == (tuple(CODE.split("\n")), 2, True)
    assert found["picture.py"] == (("6 bytes that are no text",), 0, False)
    assert found["utils.py"] == (("x = 1", ""), 0, False)
    assert next(iter(shown("1g"))) == "written.md"


def test_a_notebook_is_its_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": "<img src=http://example.com>", "metadata": {}},
        {"cell_type": "code", "source": ["def f():\n", "    return 1"], "metadata": {}, "outputs": [{"data": "x"}]},
    ]
    notebook = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    [lines] = [lines for lines, _, _ in shown("1d", {"a.ipynb": notebook}).values()]
    assert lines == ("# cell 1", "def f():", "    return 1")
    [lines] = [lines for lines, _, _ in shown("1d", {"a.ipynb": b"{"}).values()]
    assert "a.ipynb" in lines[0]


def test_an_answer_in_words_is_what_stands_below_its_heading() -> None:
    written = "# Answers\n## 1g. Masks\n\nThey hide.\n\n# 2a: BLEU\n0.5\n## 1g again\nMore.\n"
    assert answer_in_words(written, "1g") == "They hide.\n\nMore."
    assert answer_in_words(written, "1i") == written.strip()
    assert answer_in_words("", "1g") == ""
