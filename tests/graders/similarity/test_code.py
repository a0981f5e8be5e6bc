"""Whatever bytes are submitted become text, or a note."""

from __future__ import annotations

import codecs
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.similarity import code as code_module
from graders.similarity.code import File, code_of, decoded


def notebook(*cells: tuple[str, str]) -> bytes:
    parts = [{"cell_type": kind, "metadata": {}, "source": source.splitlines(True)} for kind, source in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": parts}).encode()


def test_of_a_notebook_only_code_counts() -> None:
    files, notes = code_of({"a.ipynb": notebook(("markdown", "# Text"), ("code", "x = 1\ny = 2"), ("code", "z"))})
    assert files == (File("a.ipynb", "# Cell 1\nx = 1\ny = 2\n\n# Cell 2\nz\n"),)
    assert not notes


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x = 1\r\ny\rz", "x = 1\ny\nz"),
        (codecs.BOM_UTF8 + b"x", "x"),
        (codecs.BOM_UTF16_LE + "x = é".encode("utf-16-le"), "x = é"),
        (b"# coding: cp1252\nx = '\x80'", "# coding: cp1252\nx = '€'"),
        (b"# coding: rot13\nx", "# coding: rot13\nx"),
        (b"# coding: no-such\n\xff", "# coding: no-such\n�"),
        (b"a\0b", "a\0b"),
        (b"", ""),
    ],
)
def test_a_file_in_any_encoding_is_text(content: bytes, text: str) -> None:
    assert decoded(content) == text


@given(st.binary())
def test_any_bytes_are_text_or_a_note(content: bytes) -> None:
    files, notes = code_of({"a.py": content, "b.ipynb": content})
    assert [file.name for file in files] == ["a.py"]
    assert len(notes) == 1 and notes[0].startswith("not compared: b.ipynb is not a notebook")


def test_written_answers_are_no_code() -> None:
    assert code_of({"written.md": b"text", "a.py": b"x"})[0] == (File("a.py", "x"),)


def test_what_is_too_long_is_cut_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_module, "MOST_CHARACTERS", 10)
    files, notes = code_of({"a.py": b"x" * 7, "b.py": b"y" * 7, "c.py": b"z"})
    assert [file.text for file in files] == ["x" * 7, "yyy", ""]
    assert notes[0] == "b.py: only the first 3 of 7 characters are compared"


def test_binary_files_are_compared_without_an_error() -> None:
    files, _ = code_of({"a.py": random.Random(1).randbytes(10_000)})
    assert len(files) == 1
