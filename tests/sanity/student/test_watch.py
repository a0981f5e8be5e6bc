"""--watch: checks again on every save, with torch kept imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Self

import pytest

import sanity

SECONDS = 60
"""How long to wait for a line before giving up: long, since it says nothing of the code how fast a machine is."""

WATCHING = "watching; save a file to check again, Ctrl-C to stop"


class Watching:
    """A command that watches a folder."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        env = {**os.environ, "PYTHONPATH": str(Path(sanity.__file__).parents[1])}
        self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=-1, stderr=subprocess.STDOUT, text=True)
        self.lines: Queue[str] = Queue()
        Thread(target=lambda: [self.lines.put(line.rstrip()) for line in self.process.stdout], daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

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
    command = [sys.executable, "-u", "sanity_check.py", "1a", "--seed", "3", "--watch"]
    with Watching(reference, command) as running:
        yield running


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
    assert lines[1] == "2 of 3 checks did not pass for Question 1a: Padding."

    save(utils, "def pad_sents(:\n")
    assert any("utils.py is not valid Python: SyntaxError at line 1" in line for line in watching.report())

    utils.unlink()
    assert watching.report() == [f"{utils}: not found; it must be in the same folder as sanity_check.py"]

    save(utils, right)
    torch_again, *lines = watching.report()
    assert torch_again == torch and lines[-1] == "All Sanity Checks Passed for Question 1a: Padding!"

    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(SECONDS) == 130
    assert watching.lines.empty()
    assert {path.name for path in reference.iterdir()} - before <= {"__pycache__"}


RUNS = """
import sys, time
from pathlib import Path
import sanity.student.watch
sanity.student.watch.QUIET_MS = 250  # a save may stop in the middle for long, where other work is on the cores
sanity.student.watch.watch(Path.cwd(), lambda: (print("run", flush=True), time.sleep(float(sys.argv[1]))))
"""


class Runs(Watching):
    """A `watch` that runs nothing but a pause, in a folder with a file of the student's."""

    def __init__(self, folder: Path, seconds: float = 0.0) -> None:
        (folder / "a.py").write_text("1")
        super().__init__(folder, command=[sys.executable, "-c", RUNS, str(seconds)])

    def settled(self) -> int:
        """Return how often it has run since this was last asked, once it runs no more."""
        lines = []
        with suppress(Empty):
            while True:
                waits = bool(lines) and lines[-1] == WATCHING  # else a run has begun, however slow the machine is
                lines.append(self.lines.get(timeout=1.0 if waits else SECONDS))
        assert lines == ["run", WATCHING] * (len(lines) // 2)
        return len(lines) // 2


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    with Runs(tmp_path) as running:
        assert running.settled() == 1
        yield running


def in_steps(path: Path) -> None:
    """Save as an editor does that empties a file first, and writes it piece by piece."""
    with path.open("w") as file:
        for piece in ("x = 1\n", "y = 2\n", "z = 3\n"):
            time.sleep(0.01)
            file.write(piece)
            file.flush()


def with_a_backup(path: Path) -> None:
    """Save as vim does: the old file becomes a backup, a new one is written in its place, the backup goes."""
    backup, trial = path.with_name(f"{path.name}~"), path.with_name("4913")
    trial.touch()
    trial.unlink()
    path.rename(backup)
    path.write_text("vim = 1\n")
    path.chmod(0o644)
    backup.unlink()


def by_renaming(path: Path) -> None:
    save(path, "renamed = 1\n")


def through_a_hidden_file(path: Path) -> None:
    """Save as Jupyter does, and emacs with its locks."""
    hidden = path.with_name(f".~{path.name}")
    hidden.write_text("jupyter = 1\n")
    hidden.replace(path)


def with_a_new_time(path: Path) -> None:
    os.utime(path, (1, 1))


@pytest.mark.parametrize(
    ("how", "name"),
    [
        (in_steps, "a.py"),
        (in_steps, "new.py"),
        (by_renaming, "a.py"),
        (through_a_hidden_file, "notebook.ipynb"),
        (with_a_backup, "a.py"),
        (with_a_new_time, "a.py"),
        (Path.unlink, "a.py"),
    ],
)
def test_one_save_is_one_run(runs: Runs, tmp_path: Path, how: Callable[[Path], None], name: str) -> None:
    how(tmp_path / name)
    assert runs.settled() == 1


def test_files_that_are_not_the_students_are_no_save(runs: Runs, tmp_path: Path) -> None:
    for name in ("notes.txt", ".#a.py", ".~notebook.ipynb", "a.py~", "4913", "__pycache__/a.py", "trained/b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    time.sleep(0.5)
    (tmp_path / "a.py").write_text("2")
    assert runs.settled() == 1


def test_a_save_during_a_run_is_not_missed(tmp_path: Path) -> None:
    with Runs(tmp_path, seconds=1.0) as running:
        for text in "23":
            assert running.lines.get(timeout=SECONDS) == "run"
            (tmp_path / "a.py").write_text(text)
            assert running.lines.get(timeout=SECONDS) == WATCHING
        assert running.settled() == 1


def test_ctrl_c_ends_a_run_and_the_waiting(tmp_path: Path) -> None:
    for seconds in (0, SECONDS):
        with Runs(tmp_path, seconds) as running:
            assert running.lines.get(timeout=SECONDS) == "run"
            if not seconds:
                assert running.lines.get(timeout=SECONDS) == WATCHING
            running.process.send_signal(signal.SIGINT)
            assert running.process.wait(SECONDS) == -signal.SIGINT
