from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.atomic import remove_leftovers, write_atomically
from graders.text.safe_names import safe_names
from tests.support.results import HOSTILE, texts


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_text_and_bytes_and_makes_the_folder(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.txt", "naïve\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "naïve\n".encode()
    write_atomically(tmp_path / "a" / "b.txt", b"new")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"new"
    assert files(tmp_path / "a") == ["b.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
    with pytest.raises(OSError):
        write_atomically(tmp_path, "over a folder")
    assert files(tmp_path) == ["a.txt"] and not list(tmp_path.parent.glob(".*.tmp"))


def test_only_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    fresh, stale, other = (tmp_path / f".{name * 32}.tmp" for name in ("a", "b", "_"))
    for path in (fresh, stale, other):
        path.touch()
    os.utime(stale, (0, 0))
    os.utime(other, (0, 0))
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([fresh, other])


def test_a_reader_that_has_the_old_file_open_keeps_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    with path.open() as reader:
        write_atomically(path, "new")
        assert reader.read() == "old"


@given(st.lists(texts(), max_size=12))
def test_names_are_single_components_and_distinct_anywhere(names: list[str]) -> None:
    safe = safe_names(names)
    assert len(safe) == len(names)
    assert len({unicodedata.normalize("NFC", name.casefold()) for name in safe}) == len(names)
    for name in safe:
        assert re.fullmatch(r"[\w.~-]+", name) and name[0] not in ".-" and name[-1] != "."
        assert len(f"{name}.json".encode()) <= 255
        assert name.split(".")[0].casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@given(st.lists(texts(), max_size=12))
def test_the_file_system_takes_each_name_as_a_file_of_its_own(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in safe_names(names):
            write_atomically(Path(folder) / f"{name}.json", "")
        assert len(files(Path(folder))) == len(names)


def test_plain_names_stay_and_others_and_twins_end_in_a_hash() -> None:
    names = ["ada", "ben.zip", "李小龍", "Anna", "anna", "../x", "con", "nul.txt", "José", "Jose\u0301", ""]
    safe = safe_names(names)
    assert safe[:3] == names[:3]
    assert [re.sub(r"~[0-9a-f]{16}", "~#", name) for name in safe[3:]] == [
        "Anna~#", "anna~#", "_x~#", "_con~#", "_nul.txt~#", "José~#", "José~#", "unnamed~#",
    ]  # fmt: skip


@pytest.mark.parametrize("twins", [("Anna", "anna"), ("straße", "STRASSE"), ("ﬁn", "fin"), ("a\n", "a\t"), ("x", "x")])
def test_twins_get_files_of_their_own_everywhere(twins: tuple[str, str]) -> None:
    assert all("~" in name for name in safe_names(twins)) and len(set(safe_names(twins))) == 2


def test_a_name_cannot_take_the_file_of_another() -> None:
    (target,) = safe_names(["../x"])
    assert target not in safe_names(["../x", target])[1:]


@pytest.mark.parametrize("device", ["con", "NUL", "Aux", "prn", "COM1", "com¹", "lpt9"])
def test_devices_of_windows_are_no_file_names(device: str) -> None:
    endings = ["", ".txt", ".tar.gz", "..txt", ".a..b"]
    safe = safe_names([device + ending for ending in endings])
    assert [re.sub(r"~[0-9a-f]{16}", "", name) for name in safe] == [f"_{device}{ending}" for ending in endings]
    assert safe_names([f"{device}x.txt", f"a.{device}"]) == [f"{device}x.txt", f"a.{device}"]


def test_a_name_does_not_depend_on_the_order() -> None:
    assert safe_names(HOSTILE) == safe_names(HOSTILE[::-1])[::-1]
