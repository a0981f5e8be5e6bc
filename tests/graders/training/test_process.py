"""The disk usage of a trainer is counted, even of hidden and deleted files."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import PIPE, Popen

from graders.training.process import MAX_FILES, deleted_open_mb, folder_mb


def test_a_folder_of_very_many_files_counts_as_full(tmp_path: Path) -> None:
    for number in range(MAX_FILES):
        (tmp_path / str(number)).touch()
    assert folder_mb(tmp_path, 64) == MAX_FILES * 4096 // 2**20
    (tmp_path / "another").touch()
    assert folder_mb(tmp_path, 64) == 64


def test_files_count_that_are_open_and_removed(tmp_path: Path) -> None:
    this = Path("/proc/self")
    before = deleted_open_mb(this)
    with (tmp_path / "file").open("wb") as file:
        file.write(bytes(8 * 2**20))
        file.flush()
        assert deleted_open_mb(this) == before
        (tmp_path / "file").unlink()
        assert deleted_open_mb(this) == before + 8
    assert deleted_open_mb(Path("/proc/0")) == 0


HIDDEN = """
import ctypes, os, sys, threading
ready = threading.Event()
def hide():
    os.close(os.open(".", os.O_RDONLY))
    assert ctypes.CDLL(None).unshare(0x400) == 0  # CLONE_FILES: what this thread opens from now on is in its own table
    with open("file", "wb", 0) as file:
        os.unlink("file")
        file.write(bytes(8 * 2**20))
        ready.set()
        sys.stdin.read()
threading.Thread(target=hide).start()
ready.wait()
print("hidden", flush=True)
"""


def test_files_count_that_a_thread_has_open_for_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HIDDEN]
    with Popen(command, cwd=tmp_path, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hidden\n"
        assert deleted_open_mb(Path(f"/proc/{process.pid}")) == 8
