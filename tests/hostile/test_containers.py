"""The walls where a container has less: no name for the user, no HOME, a root that is read-only, no /dev/shm …

Each is a namespace of its own, made by `unshare` as root; a hostile submission of assignment 2 is graded in it beside
the reference.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from graders.course.assignment import load_assignment
from graders.records.gradebook import Gradebook
from graders.sandbox.isolation import walls
from tests.hostile.attacks import PRELUDE
from tests.hostile.attacks_kernel import CALLS

ROOT = Path(__file__).parents[2]
ATTACKS = (
    CALLS
    + """
tried("signal", lambda: os.kill(ZYGOTE, 0))
tried("signal to the grader", lambda: os.kill(GRADER, 0))
tried("secret", lambda: open(CANARY + "/secret").read())
tried("write", lambda: open(OUTSIDE[0] + "/" + MARKER, "w"))
tried("shared memory", lambda: open("/dev/shm/" + MARKER, "w"))
tried("zygote", lambda: open(f"/proc/{ZYGOTE}/mem", "rb"))
tried("locks", lambda: open("/proc/locks").read())
tried("socket", lambda: socket.create_connection(("127.0.0.1", PORT)))
tried("asynchronous I/O", lambda: call("io_setup", 1, ctypes.create_string_buffer(8)))
tried("fork", os.fork)
print("attacked")
"""
)
NAMELESS = "setpriv --reuid 12345 --regid 12345 --clear-groups"
PLACES = {
    "without a name and HOME": f"{NAMELESS} env -u HOME",
    "read-only root": "unshare -m sh -c 'mount --bind $OUT $OUT && mount -t tmpfs none $SMALL && "
    'mount -o remount,bind,ro / && TMPDIR=$SMALL "$@"\' sh',
    "small TMPDIR": "unshare -m sh -c 'mount -t tmpfs -o size=400k none $SMALL && TMPDIR=$SMALL \"$@\"' sh",
    "no /dev/shm": "unshare -m sh -c 'mount -t tmpfs -o size=4k,mode=0 none /dev/shm && \"$@\"' sh",
    "no /proc/sys": "unshare -m sh -c 'mount -t tmpfs none /proc/sys && \"$@\"' sh",
    "processes of its own": "unshare -mpf --mount-proc",
    "a user of its own": "unshare -Ur",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare") or any(walls().values()),
        reason="takes root, unshare and the walls",
    ),
]


def grade(place: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Grade two submissions in a place."""
    small, out = folder / "small", folder / "out"
    small.mkdir(), out.mkdir()
    for path in (folder, small, out):
        path.chmod(0o777)
    reference = {name: content.decode() for name, content in load_assignment("a2").reference.items()}
    outside = str(folder)
    prelude = PRELUDE.format(canary=outside, port=9, socket="", grader=os.getpid(), marker="marker", outside=[outside])
    for name, before in ("honest", ""), ("hostile", prelude + ATTACKS):
        (folder / "class" / name).mkdir(parents=True)
        for file, text in reference.items():
            start = text.replace("from __future__ import annotations\n", "")
            (folder / "class" / name / file).write_text(before + start if file == "sgd.py" else text)
    (folder / "secret").write_text("secret")
    (folder / "secret").chmod(0o644)
    command = f"{place} {sys.executable} -m graders.cli grade a2 class/honest class/hostile -j 1 --out $OUT"
    environment = {**os.environ, "SMALL": str(small), "OUT": str(out), "PYTHONPATH": str(ROOT), "TMPDIR": "/tmp"}
    if subprocess.run(f"{place} true", shell=True, env=environment, capture_output=True, check=False).returncode:
        pytest.skip(f"cannot be made here: {place}")
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("place", PLACES)
def test_the_walls_stand_and_marks_are_right(place: str) -> None:
    # Not in pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        graded = grade(PLACES[place], folder)
        assert graded.returncode == 0, graded.stderr
        with Gradebook(next(folder.glob("*/gradebook.sqlite"))) as book:
            results = {result.submission: result for result in book.results()}
    for result in results.values():
        assert [question.points for question in result.questions] == [q.max_points for q in result.questions]
    printed = "".join(question.printed for question in results["hostile"].questions)
    assert "attacked" in printed
    assert printed.count("refused") >= 10
    assert "ALLOWED" not in printed


def test_without_proc_the_refusal_says_so() -> None:
    place = "unshare -m sh -c 'umount -l /proc && \"$@\"' sh"
    with tempfile.TemporaryDirectory() as name:
        graded = grade(place, Path(name))
    assert graded.returncode == 2
    assert graded.stderr.splitlines()[-1].startswith(
        "trivium grade: the sandbox is not available: /proc: not mounted. "
    )
