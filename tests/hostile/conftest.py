"""A class of hostile submissions, graded once, with secrets laid out for them to find and listeners to reach."""

from __future__ import annotations

import os
import re
import secrets
import site
import socket
import sysconfig
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from attacks import ATTACKS, HARMLESS, PRELUDE, Attack

from graders.course import course_root, solution_folder
from graders.engine import Engine
from graders.exam import set_exam
from graders.gradebook import Gradebook
from graders.result import Result
from graders.sandbox import Isolation, walls

QUESTIONS = ["1a", "1b", "1f"]
FILES = {"1a": "utils.py", "1f": "nmt_model.py"}
SECONDS = 3.0
NEIGHBOUR = "an honest neighbour"


@pytest.fixture(scope="session")
def sandlock() -> None:
    """Skip where the walls do not stand."""
    for wall, reason in walls().items():
        if reason:
            pytest.skip(f"no walls here: {wall}: {reason}")


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
        self.outside = [folder / "outside", folder / "grades", *map(Path, ("/tmp", "/var/tmp", "/dev/shm"))]
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
        # A path of a unix socket has a hundred characters at most.
        self.unix = Path("/tmp", self.marker + "-socket")
        self.listeners["unix"].bind(str(self.unix))
        self.listeners["unix"].listen()
        self.listeners["abstract"].bind("\0" + self.marker)

    def close(self) -> None:
        """Close the listeners."""
        for listener in self.listeners.values():
            listener.close()
        self.unix.unlink()

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
        kept = [self.folder / "canary", *(course_root() / place for place in ("solutions/a4", "graders/box"))]
        for path in (
            path for folder in kept for path in (folder, *folder.rglob("*")) if "__pycache__" not in str(path)
        ):
            status = path.stat()
            content = path.read_bytes() if path.is_file() else b""
            attributes = tuple(os.listxattr(path))
            state.add((str(path), (status.st_mode, status.st_uid, status.st_mtime, attributes, content)))
        homes = [Path("/"), Path.home(), Path.cwd(), course_root(), *map(Path, (*site.getsitepackages(), stdlib()))]
        for folder in (*self.outside, *homes):
            state.update((str(path), "marker") for path in folder.glob(f"{self.marker}") if path != self.unix)
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
        return {path.name: path.read_text() for path in solution_folder("a4").glob("*.py")}


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


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("hostile"))
    yield lab
    lab.close()


def grade_class(lab: Lab, paths: list[Path], isolation: Isolation) -> Graded:
    """Grade submissions as `trivium grade` does, with less time for each question."""
    exam = set_exam("a4", QUESTIONS, lab.seed)
    exam = replace(exam, manifest=replace(exam.manifest, seconds=SECONDS))
    before = lab.state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIVIUM_TOKEN", lab.token)
        patch.setattr("tempfile.tempdir", str(lab.folder / "scratch"))
        with Engine(exam, isolation, jobs=2) as engine, Gradebook(lab.folder / f"{isolation}.sqlite") as book:
            results = engine.grade_class(paths, book, lambda result: None, lambda result, known: None)
    changed = sorted({path for path, _ in before ^ lab.state()})
    return Graded({result.submission: result for result in results}, changed, lab.reached(), engine.failures)


@pytest.fixture(scope="session")
def graded(lab: Lab, sandlock: None) -> Graded:
    """All attacks, graded in the sandbox as one class, with an honest submission in the middle."""
    paths = [lab.submission(attack, attack.id) for attack in ATTACKS]
    honest = lab.reference()
    honest["utils.py"] = f"# {lab.neighbour}\n{honest['utils.py']}\nMINE = {lab.neighbour!r}\n"
    paths.insert(len(paths) // 2, lab.written(honest, NEIGHBOUR))
    return grade_class(lab, paths, Isolation.SANDLOCK)


@pytest.fixture(scope="session")
def unconfined(lab: Lab) -> Graded:
    """A few attacks that harm nobody, graded without walls: to show that it is the walls that stop them."""
    return grade_class(lab, [lab.submission(attack, attack.id) for attack in HARMLESS], Isolation.NONE)
