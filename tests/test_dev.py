"""The developer's commands: `dev.py` installs with a word on each step, and hands arguments on to tox's tasks."""

from __future__ import annotations

import configparser
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]

PIP = """\
Obtaining file:///course
  Installing build dependencies: started
Collecting numpy==2.4.6 (from trivium==0.1.0)
  Downloading numpy-2.4.6-cp311.whl.metadata (61 kB)
Collecting torch>=2.3 (from trivium[torch]==0.1.0->trivium==0.1.0)
  Downloading https://example.org/packages/torch-2.13.0-cp311.whl (821.1 MB)
  Using cached tqdm-4.70.1-py3-none-any.whl (78 kB)
Building wheels for collected packages: trivium
Installing collected packages: tqdm, numpy, torch
Successfully installed numpy-2.4.6
"""

STEPS = [
    "installing build dependencies: started",
    "collecting numpy==2.4.6",
    "collecting torch>=2.3",
    "downloading torch-2.13.0-cp311.whl (821.1 MB)",
    "building wheels for collected packages: trivium",
    "installing 3 packages",
]


@pytest.fixture
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course whose .venv is up to date, and whose Python is the one of the tests."""
    for name in ("dev.py", "tox.ini", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    pinned = (tmp_path / "pyproject.toml").read_bytes() + (tmp_path / "constraints.txt").read_bytes()
    (tmp_path / ".venv/installed").write_text(hashlib.sha256(pinned).hexdigest())
    return tmp_path


def run(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "dev.py", *arguments], cwd=course, capture_output=True, text=True)


def test_what_follows_two_dashes_reaches_the_task(course: Path) -> None:
    pytest.importorskip("tox")
    (course / "benchmarks.py").write_text("import sys\nprint('measured', sys.argv[1:])\nsys.exit(len(sys.argv) - 3)\n")
    done = run(course, "bench", "--", "word2vec", "--repeats")
    assert "measured ['word2vec', '--repeats']" in done.stdout, done.stderr
    assert done.returncode == 0 and "installing" not in done.stdout
    assert run(course, "bench", "--", "word2vec", "--repeats", "3").returncode == 1


def test_without_a_task_tasks_are_listed(course: Path) -> None:
    pytest.importorskip("tox")
    done = run(course)
    assert done.returncode == 0 and "bench" in done.stdout and "what it does" not in done.stderr


def test_every_documented_command_names_tasks_that_exist_and_take_what_they_get() -> None:
    tasks = configparser.ConfigParser(interpolation=None)
    tasks.read(ROOT / "tox.ini")
    commands = [command for path in DOCUMENTS for command in re.findall(r"dev\.py([^#`\n]*)", path.read_text())]
    assert len(commands) > 5
    for command in (*commands, *re.findall(r"dev\.py(.*)", (ROOT / ".ci/run").read_text())):
        names, dashes, _ = command.partition(" -- ")
        for name in names.split():
            assert tasks.has_section(f"testenv:{name}"), f"dev.py {command}"
            assert not dashes or "{posargs}" in tasks[f"testenv:{name}"]["commands"], f"dev.py {command}"


def test_each_step_of_pip_is_shown(dev: ModuleType) -> None:
    assert [step for line in PIP.splitlines(keepends=True) if (step := dev.shown(line))] == STEPS


def pip(text: str, status: int) -> list[str]:
    """A command that prints what pip might."""
    return [
        sys.executable,
        "-c",
        f"import sys; print({text!r}, end=''); print('ERROR', file=sys.stderr); sys.exit({status})",
    ]


def test_steps_are_lines_of_their_own_in_a_file_and_errors_stay(
    dev: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    dev.run_pip(pip(PIP, 0))
    out, err = capfd.readouterr()
    assert (out.splitlines(), err) == (STEPS, "ERROR\n")
    with pytest.raises(subprocess.CalledProcessError):
        dev.run_pip(pip("Collecting nothing\nINFO: no such version\n", 3))
    out, err = capfd.readouterr()
    assert out == "collecting nothing\n" and "ERROR\n" in err and "INFO: no such version\n" in err


def test_a_terminal_has_one_line_for_all_steps(
    dev: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((20, 24)))
    dev.run_pip(pip(PIP, 0))
    assert capsys.readouterr().out.split("\r\033[K") == ["", *(step[:19] for step in STEPS), ""]


def test_a_failed_installation_is_one_line_more_and_tried_again(course: Path) -> None:
    (course / ".venv/installed").unlink()
    script = (course / "dev.py").read_text()
    script = script.replace("venv.create(VENV, with_pip=True, clear=True)", "pass")
    (course / "dev.py").write_text(script)
    (course / ".venv/bin/python").write_text("#!/bin/sh\necho Collecting torch\necho ERROR: no disk >&2\nexit 1\n")
    for _ in range(2):
        done = run(course, "test")
        assert done.returncode == 1
        assert done.stdout == "installing into .venv: some minutes, the first time\ncollecting torch\n"
        assert done.stderr.splitlines()[-1] == "dev.py: the installation failed (exit status 1); see above"
        assert "ERROR: no disk" in done.stderr


def test_on_windows_programs_are_elsewhere_and_there_are_no_control_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec and spec.loader
    dev = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dev)
    monkeypatch.undo()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert dev.BIN == ROOT / ".venv" / "Scripts"
    dev.run_pip([sys.executable, "-c", "print('Collecting numpy')"])
    assert capsys.readouterr().out == "collecting numpy\n"
