"""Where hostile submissions are made and graded, with secrets laid out for them to find and listeners to reach."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import site
import socket
import sysconfig
import tempfile
import textwrap
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from graders.course.assignment import course_root, load_assignment
from graders.course.planted import reference_files
from graders.grading.plan import make_plan
from graders.grading.run import GradingRun
from graders.intake.submission import found_at
from graders.records.gradebook import Gradebook
from graders.records.result import Result
from graders.sandbox import inside
from graders.sandbox.isolation import Isolation
from sanity.core.manifest import QuestionLimits
from tests.hostile.attacks import PRELUDE, Attack

QUESTIONS = ["1a", "1b", "1f"]
FILES = {"1a": "utils.py", "1f": "nmt_model.py"}
SECONDS = 3.0
NEIGHBOUR = "an honest neighbour"


def secret() -> str:
    """Make a text that an attack would know for a secret."""
    return f"SECRET-{secrets.token_hex(8)}"


class Lab:
    """Where attacks are made and graded: secrets, listeners, and folders outside the sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marker = f"hostile-{secrets.token_hex(8)}"
        self.seed = 2**30 + secrets.randbits(30)
        self.canary, self.token, self.neighbour = secret(), secret(), secret()
        self.outside = [folder / "outside", folder / "grades", Path(tempfile.gettempdir()), Path("/dev/shm")]
        for path in (folder / "canary", folder / "scratch", *self.outside):
            path.mkdir(exist_ok=True)
        (folder / "canary" / "secret").write_text(self.canary)
        self.listeners = {
            "tcp": socket.create_server(("127.0.0.1", 0)),
            "unix": socket.socket(socket.AF_UNIX),
            "abstract": socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
        }
        self.listeners["udp"] = socket.socket(type=socket.SOCK_DGRAM)
        self.listeners["udp"].bind(self.listeners["tcp"].getsockname())
        self.unix = Path(tempfile.mkdtemp()) / "socket"  # its path may have a hundred characters at most
        self.listeners["unix"].bind(str(self.unix))
        self.listeners["unix"].listen()
        self.listeners["abstract"].bind("\0" + self.marker)

    def close(self) -> None:
        """Close the listeners."""
        for listener in self.listeners.values():
            listener.close()
        shutil.rmtree(self.unix.parent)

    def reached(self) -> list[str]:
        """Return the listeners that something has reached since the last call."""
        found = []
        for name, listener in self.listeners.items():
            listener.setblocking(False)
            try:
                listener.recv(1) if listener.type == socket.SOCK_DGRAM else listener.accept()
                found.append(name)
            except BlockingIOError:
                pass
        return found

    def state(self) -> set[tuple[str, object]]:
        """Return what must stay as it is: the canary, the course, and that nobody has left a marker."""
        state: set[tuple[str, object]] = set()
        canary, ours = self.folder / "canary", Path(inside.__file__).parent
        for path in (canary, *canary.iterdir(), *load_assignment("a4").solutions.glob("*.py"), *ours.glob("*.py")):
            status = path.stat()
            content = path.read_bytes() if path.is_file() else b""
            attributes = tuple(os.listxattr(path))
            state.add((str(path), (status.st_mode, status.st_uid, status.st_mtime, attributes, content)))
        homes = [Path("/"), Path.home(), Path.cwd(), course_root(), *map(Path, (*site.getsitepackages(), stdlib()))]
        for folder in (*self.outside, *homes):
            state.update((str(path), "marker") for path in folder.glob(self.marker))
        state.update((str(path), "there") for folder in self.outside[:2] for path in folder.iterdir())
        return state

    def submission(self, attack: Attack, name: str) -> Path:
        """Write an attack as a student would hand it in."""
        lines = PRELUDE.format(
            canary=str(self.folder / "canary"),
            port=self.listeners["tcp"].getsockname()[1],
            socket=str(self.unix),
            grader=os.getpid(),
            marker=self.marker,
            outside=[str(path) for path in self.outside],
        )
        files = self.reference()
        file = FILES[attack.question]
        if attack.body:
            files[file] = answered(files[file], attack.question, attack.body)
        files[file] = lines + attack.before + "\n" + files[file]
        return self.written(files | attack.files, name)

    def written(self, files: dict[str, str], name: str) -> Path:
        """Write the files of a submission."""
        for path, text in files.items():
            target = self.folder / "class" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(re.sub(r" *### (BEGIN|END) SOLUTION.*\n", "", text))
        return self.folder / "class" / name

    @staticmethod
    def reference() -> dict[str, str]:
        """Return the files of the reference."""
        return reference_files(load_assignment("a4"))


def stdlib() -> str:
    """Return the folder of Python's own modules."""
    return sysconfig.get_paths()["stdlib"]


def answered(text: str, question: str, body: str) -> str:
    """Return the reference with another answer to a question."""
    pattern = re.compile(rf"( *)### BEGIN SOLUTION {question}\n.*?### END SOLUTION\n", re.DOTALL)
    return pattern.sub(lambda found: textwrap.indent(body.strip() + "\n", found[1]), text, count=1)


@dataclass(frozen=True)
class Graded:
    """What grading a class came to."""

    results: dict[str, Result]
    changed: list[str]
    """What outside the sandbox is not as it was before."""
    reached: list[str]
    """The listeners that were."""
    failures: list[str]
    """Submissions that could not be graded."""


def grade_class(lab: Lab, paths: list[Path], isolation: Isolation) -> Graded:
    """Grade submissions as `trivium grade` does, with less time for each question."""
    plan = make_plan(load_assignment("a4"), QUESTIONS, lab.seed)
    limits = QuestionLimits(SECONDS, plan.manifest.limits.memory_mb)
    manifest = msgspec.structs.replace(plan.manifest, limits=limits)
    plan = replace(plan, assignment=replace(plan.assignment, manifest=manifest))
    before = lab.state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIVIUM_TOKEN", lab.token)
        patch.setattr("tempfile.tempdir", str(lab.folder / "scratch"))
        with GradingRun(plan, isolation, jobs=2) as grader, Gradebook(lab.folder / f"{isolation}.sqlite") as book:
            grader.grade_all([found_at(path) for path in paths], book, lambda result: None, lambda result, known: None)
            results = [*book.results(), *grader.failures.values()]
    changed = sorted({path for path, _ in before ^ lab.state()})
    return Graded({result.submission: result for result in results}, changed, lab.reached(), list(grader.failures))


def running(text: str) -> list[str]:
    """Return the command lines of the processes that name text, as zygotes and workers name their folders."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            lines.append(path.read_bytes().decode(errors="replace"))
    return [line for line in lines if text in line]
