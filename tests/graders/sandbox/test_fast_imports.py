"""Imports in a zygote ask for the status of a file once, and nothing of that is left when a worker is forked."""

from __future__ import annotations

import importlib
import os
import posix
import sys
from importlib import _bootstrap_external
from pathlib import Path
from typing import Any

import pytest

from graders.sandbox.inside.fast_imports import cached_status, fast_imports
from graders.sandbox.session import Session
from graders.sandbox.zygote import Zygote
from sanity.a4.asked import PAD
from sanity.a4.cases import SENTENCES

EXTERNAL: Any = _bootstrap_external


def replaced() -> list[object]:
    return [os.stat, os.lstat, EXTERNAL._path_stat, EXTERNAL.FileLoader.get_data]


def test_the_status_of_a_file_is_asked_for_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def status(path: Any, **options: Any) -> os.stat_result:
        asked.append(path)
        return Path(path).stat(**options)

    cached = cached_status(status, ())
    there, absent = str(tmp_path), str(tmp_path / "absent")
    assert cached(there) == cached(there) == tmp_path.stat()
    for _ in range(2):
        with pytest.raises(FileNotFoundError) as error:
            cached(absent)
        assert (error.value.filename, error.value.strerror) == (absent, "No such file or directory")
    assert asked == [there, absent]


def test_what_may_change_is_asked_for_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    new = tmp_path / "new"
    cached = cached_status(os.stat, (str(tmp_path),))
    with new.open("wb") as file:
        for path, options in (
            (str(new), {}),
            ("new", {}),
            (new, {}),
            (file.fileno(), {}),
            (str(new), {"dir_fd": None}),
        ):
            before = cached(path, **options).st_size
            file.write(b"x")
            file.flush()
            assert cached(path, **options).st_size == before + 1


def test_modules_are_imported_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fast_one.py").write_text("import fast_two\n\nVALUE = fast_two.VALUE + 1\n")
    (tmp_path / "fast_two.py").write_text(f"TEXT = {'é' * 2**20!r}\nVALUE = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    before = replaced()
    with fast_imports(()):
        assert not set(replaced()) & set(before)
        assert importlib.import_module("fast_one").VALUE == 2
        assert len(sys.modules["fast_two"].TEXT) == 2**20
    assert replaced() == before


def test_links_are_followed_as_ever(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "broken").symlink_to("nowhere")
    link, broken = str(tmp_path / "link"), str(tmp_path / "broken")
    with fast_imports(()):
        for _ in range(2):
            assert os.stat(link) == os.stat(str(tmp_path / "file")) == (tmp_path / "file").stat()  # noqa: PTH116
            assert os.path.realpath(link) == str(tmp_path / "file")
            assert os.path.islink(broken) and not os.path.exists(broken)  # noqa: PTH110, PTH114
            with pytest.raises(FileNotFoundError) as error:
                os.stat(broken)  # noqa: PTH116
            assert error.value.filename == broken


def test_everything_is_as_before_even_after_a_failed_import() -> None:
    before = replaced()
    with pytest.raises(ModuleNotFoundError), fast_imports(()):
        importlib.import_module("no_module_of_this_name")
    assert replaced() == before
    assert (os.stat, os.lstat) == (posix.stat, posix.lstat)


ASKING = b"""
import os, posix
from importlib import _bootstrap_external as external

def pad_sents(sents, pad_token):
    own = [os.stat is posix.stat, os.lstat is posix.lstat]
    return own + [f.__module__ for f in (external._path_stat, external.FileLoader.get_data)]
"""


def test_a_worker_has_the_functions_of_the_standard_library(zygote: Zygote) -> None:
    with Session(zygote, {"utils.py": ASKING}) as session:
        session.begin("utils", 10)
        answer = session(PAD, SENTENCES.case())["padded"]
    assert answer == [True, True, "_frozen_importlib_external", "_frozen_importlib_external"]
