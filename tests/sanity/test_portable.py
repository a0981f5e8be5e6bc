"""What students run works without what only POSIX has: by its text, and with those parts of the platform taken away."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.course.assignment import handout_folder, load_assignment

ROOT = Path(__file__).resolve().parents[2]
STUDENTS = [path for room in ("sanity", "assignments") for path in sorted((ROOT / room).rglob("*.py"))]
MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog", "readline", "curses"}
SIGNALS = {
    "SIGALRM",
    "SIGPROF",
    "SIGVTALRM",
    "SIGKILL",
    "SIGHUP",
    "SIGUSR1",
    "SIGUSR2",
    "SIGCHLD",
    "SIGPIPE",
    "SIGQUIT",
}
TIMERS = {"setitimer", "getitimer", "alarm", "pause", "ITIMER_REAL", "ITIMER_PROF", "ITIMER_VIRTUAL"}
MASKS = {"pthread_kill", "pthread_sigmask", "sigwait", "siginterrupt"}
CALLS = {
    *(
        "fork",
        "forkpty",
        "wait",
        "wait3",
        "wait4",
        "uname",
        "getuid",
        "geteuid",
        "getgid",
        "getegid",
        "getpgid",
        "setsid",
    ),
    *("killpg", "nice", "chown", "chroot", "mkfifo", "mknod", "pipe2", "sync", "getloadavg", "statvfs", "sysconf"),
    *("sched_getaffinity", "sched_setaffinity", "posix_spawn", "posix_fadvise", "memfd_create", "pread", "pwrite"),
}
PLACES = ("/tmp", "/dev/", "/proc", "/sys/", "/etc", "/usr", "/bin", "/home")
ALLOWED = {
    "sanity/core/time_limit.py": "asks whether there are timers; otherwise a thread does it",
}
"""Files with what is not portable, and why they may have it."""


def not_portable(path: Path) -> Iterator[str]:
    """Yield what a file uses that Windows has not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names):
                yield from (f"import {alias.name}" for alias in names if alias.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in MODULES:
                yield f"from {module}"
            case ast.ImportFrom(module="os" | "signal" as module, names=names):
                yield from (f"{module}.{a.name}" for a in names if a.name in SIGNALS | TIMERS | MASKS | CALLS)
            case ast.Attribute(ast.Name("signal"), name) if name in SIGNALS | TIMERS | MASKS:
                yield f"signal.{name}"
            case ast.Attribute(ast.Name("os"), name) if name in CALLS:
                yield f"os.{name}"
            case ast.Constant(str(text)) if text.startswith(PLACES):
                yield text
            case ast.Call(ast.Attribute(value, attr="read_text" | "write_text" | "open" as name), args, keywords):
                binary = any(isinstance(a, ast.Constant) and "b" in str(a.value) for a in args[:1]) and name == "open"
                if (
                    ast.unparse(value) != "os"
                    and not binary
                    and not any(keyword.arg == "encoding" for keyword in keywords)
                ):
                    yield f"{name}() without encoding="
            case ast.Call(ast.Name("open"), args, keywords):
                mode = args[1].value if len(args) > 1 and isinstance(args[1], ast.Constant) else ""
                if "b" not in str(mode) and not any(keyword.arg == "encoding" for keyword in keywords):
                    yield "open() without encoding="


def test_what_students_run_uses_nothing_that_only_posix_has() -> None:
    found = {path.relative_to(ROOT).as_posix(): sorted(set(not_portable(path))) for path in STUDENTS}
    assert {name: uses for name, uses in found.items() if uses and name not in ALLOWED} == {}
    assert all(found[name] for name in ALLOWED), "an exception that is not needed"


@pytest.mark.parametrize(
    "text",
    [
        "import fcntl",
        "from resource import getrusage",
        "import os\nos.fork()",
        "from os import uname",
        "import signal\nsignal.signal(signal.SIGALRM, print)",
        "from signal import setitimer",
        "cache = '/tmp/words'",
        "from pathlib import Path\nPath('x').read_text()",
        "open('x', 'w')",
    ],
)
def test_each_of_those_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(text)
    assert len(list(not_portable(tmp_path / "x.py"))) == 1


FAKED = f"""
import sys, os, signal
# As they are here: what they do on Windows is not ours.
import numpy, msgspec, watchfiles, tqdm, hypothesis, platformdirs, platform, subprocess, uuid, random, tempfile
for name in {sorted(MODULES)!r}:
    sys.modules[name] = None
for name in {sorted(SIGNALS | TIMERS | MASKS)!r}:
    vars(signal).pop(name, None)
for name in {sorted(CALLS)!r}:
    vars(os).pop(name, None)
sys.platform = "win32"
assert not any(name.startswith("sanity") for name in sys.modules)
from pathlib import Path
from sanity.student.cli import main
for arguments in sys.argv[1:]:
    print("status", main(arguments.split(), Path.cwd()))
"""


@pytest.mark.parametrize(("assignment", "question"), [("a1", "1.1"), ("a2", "1a"), ("a4", "1a")])
def test_checks_run_where_those_are_missing(assignment: str, question: str, tmp_path: Path) -> None:
    course = load_assignment(assignment)
    folder = shutil.copytree(handout_folder(assignment), tmp_path / assignment)
    for name, content in course.reference.items():
        (folder / name).write_bytes(content)
    for notebook in folder.glob("*.ipynb"):
        notebook.unlink()
    done = run(folder, question, f"{question} --seed 3", "--list", "--doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if line.startswith("status")] == ["status 0"] * 4


def test_a_loop_is_stopped_where_those_are_missing(tmp_path: Path) -> None:
    folder = shutil.copytree(handout_folder("a4"), tmp_path / "a4")
    manifest = folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("seconds = 10", "seconds = 0.3"))
    (folder / "utils.py").write_text("def pad_sents(sents, pad_token):\n    while True:\n        len(sents)\n")
    done = run(folder, "1a")
    assert "pad_sents() took too long: it was in utils.py, line " in done.stdout
    assert done.stdout.endswith("\nstatus 1\n") and done.stderr == ""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", FAKED, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)
