"""Our own use of Landlock: what it restricts, with the kernel's ABI and with older ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graders.sandbox.isolation import NEEDED_ABI, landlock_abi, walls

RESTRICTED = """
import os, sys
from graders.sandbox.inside import landlock
abi, readable, writable = int(sys.argv[1]), sys.argv[2], sys.argv[3]
landlock.restrict(abi, [readable, readable + "/file"], [writable, "/dev/null"])

def tried(what, action):
    try:
        action()
        print(what + ": done")
    except OSError as error:
        print(what + ":", error.strerror)

tried("read", lambda: open(readable + "/file").read())
tried("read elsewhere", lambda: open(readable + "/../other").read())
tried("write", lambda: open(readable + "/file", "a"))
tried("make", lambda: open(readable + "/new", "w"))
tried("remove", lambda: os.remove(readable + "/file"))
tried("nothing", lambda: open("/dev/null", "w").write("x"))
os.chdir(writable)
tried("own file", lambda: open("own", "w").write("x"))
tried("own folders", lambda: (os.mkdir("a"), os.mkdir("b"), os.link("own", "a/c"), os.rename("a/c", "b/c")))
tried("own removed", lambda: (os.remove("b/c"), os.rmdir("b")))
tried("pipe", lambda: os.mkfifo("pipe"))
tried("run", lambda: os.execv("/bin/true", ["true"]))
tried("moved out", lambda: os.rename("own", readable + "/own"))
"""


@pytest.mark.parametrize("abi", [NEEDED_ABI, 3, 4, 5, 6])
def test_files_are_restricted_by_every_abi(tmp_path: Path, abi: int) -> None:
    if abi > landlock_abi():
        pytest.skip(f"Landlock: {walls()['Landlock'] or 'an older kernel'}")
    readable, writable = tmp_path / "readable", tmp_path / "writable"
    readable.mkdir(), writable.mkdir()
    (readable / "file").write_text("x"), (tmp_path / "other").write_text("x")
    command = [sys.executable, "-c", RESTRICTED, str(abi), str(readable), str(writable)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert not ended.stderr
    assert dict(line.split(": ") for line in ended.stdout.splitlines()) == {
        **dict.fromkeys(("read", "nothing", "own file", "own folders", "own removed"), "done"),
        **dict.fromkeys(("read elsewhere", "write", "make", "remove", "pipe", "run", "moved out"), "Permission denied"),
    }


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    if reason := walls()["Landlock"]:
        pytest.skip(reason)
    command = [sys.executable, "-c", RESTRICTED, "2", str(tmp_path), str(tmp_path / "none")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "FileNotFoundError" in ended.stderr
