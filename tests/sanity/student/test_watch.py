"""--watch: checks again on every save, with torch kept imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

import sanity
from sanity.student.watch import saved_at

SECONDS = 60
"""How long to wait for a line before giving up: long, since it says nothing of the code how fast a machine is."""

WATCHING = "watching; save a file to check again, Ctrl-C to stop"


class Watching:
    """A `sanity_check.py --watch` that runs."""

    def __init__(self, folder: Path, *args: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(Path(sanity.__file__).parents[1])}
        command = [sys.executable, "-u", "sanity_check.py", *args, "--watch"]
        self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=-1, stderr=subprocess.STDOUT, text=True)
        self.lines: Queue[str] = Queue()
        Thread(target=lambda: [self.lines.put(line.rstrip()) for line in self.process.stdout], daemon=True).start()

    def report(self) -> list[str]:
        """Return the lines up to the next `watching`."""
        lines: list[str] = []
        while WATCHING not in lines:
            lines.append(self.lines.get(timeout=SECONDS))
        return [line for line in lines[:-1] if line]


@pytest.fixture
def watching(reference: Path) -> Iterator[Watching]:
    # Each import of torch leaves a line: there must be one, however often the file is saved.
    (reference / "utils.py").write_text(
        "import torch\nprint('utils', id(torch))\n" + (reference / "utils.py").read_text()
    )
    running = Watching(reference, "1a", "--seed", "3")
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def save(path: Path, text: str) -> None:
    """Replace a file at once, as editors do."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_it_checks_again_whenever_a_file_is_saved(watching, reference):
    utils, before = reference / "utils.py", {path.name for path in reference.iterdir()}
    right = utils.read_text()
    torch, *lines = watching.report()
    assert torch.startswith("utils ") and lines[-1] == "All Sanity Checks Passed for Question 1a: Padding!"

    save(utils, right.replace("[pad_token] * (", "[pad_token] * 2 * ("))
    torch_again, *lines = watching.report()
    assert torch_again == torch
    assert lines[1] == "1 of 2 checks did not pass for Question 1a: Padding."

    save(utils, "def pad_sents(:\n")
    assert any("utils.py is not valid Python: SyntaxError at line 1" in line for line in watching.report())

    utils.unlink()
    assert watching.report() == [f"{utils}: not found; it must stand beside sanity_check.py"]

    save(utils, right)
    torch_again, *lines = watching.report()
    assert torch_again == torch and lines[-1] == "All Sanity Checks Passed for Question 1a: Padding!"

    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(SECONDS) == 130
    assert watching.lines.empty()
    assert {path.name for path in reference.iterdir()} - before <= {"__pycache__"}


def test_a_save_is_a_new_time_or_size_of_a_python_file(tmp_path):
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "notes.txt").write_text("1")
    first = saved_at(tmp_path)
    assert set(first) == {tmp_path / "a.py"}
    (tmp_path / "notes.txt").write_text("22")
    assert saved_at(tmp_path) == first
    os.utime(tmp_path / "a.py", (1, 1))
    second = saved_at(tmp_path)
    (tmp_path / "a.py").write_text("22")
    os.utime(tmp_path / "a.py", (1, 1))
    assert first != second != saved_at(tmp_path)
