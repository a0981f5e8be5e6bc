"""Zygotes: starting, dying, and ending without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from graders.course.assignment import load_assignment
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.profile import Profile
from graders.sandbox.session import Session
from graders.sandbox.zygote import ENVIRONMENT, Zygote
from sanity.a4.padding import SENTENCES, pad
from tests.support.processes import descriptors, process_of, running

HELPER = b"def pad_sents(sents, pad_token):\n    import os\n    return {**os.environ, 'cwd': os.getcwd()}\n"


@pytest.fixture
def light() -> Profile:
    """The workers of assignment 2, whose zygote starts quickly: it imports no torch."""
    return Profile.answering(load_assignment("a2").manifest)


def test_a_submission_sees_no_environment_but_ours(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    with Session(zygote, {"utils.py": HELPER}) as session:
        session.begin("utils", 10)
        seen = session(pad, SENTENCES.case())["padded"]
    folder = seen.pop("cwd")
    assert Path(folder).parent == zygote.scratch
    extra = {name: value for name, value in seen.items() if name not in ENVIRONMENT}
    assert {name: value for name, value in seen.items() if name in ENVIRONMENT} == ENVIRONMENT
    assert extra.pop("HOME") == folder
    assert extra.pop("TMPDIR") == folder
    assert not extra.keys() & os.environ.keys()


def test_a_zygote_that_cannot_start_says_why_and_leaves_nothing(light: Profile, isolation: Isolation) -> None:
    before = descriptors()
    with Zygote(replace(light, assignment="nope"), isolation) as zygote:
        for start in zygote.wait_ready, lambda: zygote.fork({"utils.py": b""}, 1):
            with pytest.raises(SandboxError) as error:
                start()
            assert str(error.value) == "the sandbox did not start: ModuleNotFoundError: No module named 'sanity.nope'"
    assert not zygote.scratch.exists()
    assert descriptors() == before


def test_a_killed_zygote_is_an_error_and_leaves_nothing(light: Profile, isolation: Isolation) -> None:
    before = descriptors()
    with Zygote(light, isolation) as zygote:
        zygote.wait_ready()
        worker = zygote.fork({"utils.py": b""}, 1)
        os.kill(process_of(zygote), signal.SIGKILL)
        with pytest.raises(SandboxError, match=r"^a zygote died: it gave no reason$"):
            zygote.reap(worker)
        with pytest.raises(SandboxError, match=r"^a zygote died: |: cannot write a submission's files: "):
            zygote.fork({"utils.py": b""}, 1)
    assert not zygote.alive()
    assert not zygote.scratch.exists()
    assert descriptors() == before
    with pytest.raises(SandboxError):
        zygote.fork({"utils.py": b""}, 1)
    zygote.close()


def test_a_submission_that_cannot_be_laid_out_is_an_error(zygote: Zygote) -> None:
    before = descriptors()
    with pytest.raises(SandboxError, match=r"/w\d+: cannot write a submission's files: File exists$"):
        zygote.fork({"a": b"", "a/b": b""}, 1)
    assert descriptors() == before


def test_a_zygote_outlives_the_thread_that_made_it(light: Profile, isolation: Isolation) -> None:
    made: list[Zygote] = []
    thread = threading.Thread(target=lambda: made.append(Zygote(light, isolation)))
    thread.start()
    thread.join()
    with made[0] as zygote:
        zygote.wait_ready()
        worker = zygote.fork({"package/utils.py": b"x = 1"}, 1)
        assert (worker.folder / "package" / "utils.py").read_bytes() == b"x = 1"
        assert zygote.reap(worker)["status"] == signal.SIGKILL
        assert not worker.folder.exists()


KILLED = """
import os, sys
from graders.course.assignment import load_assignment
from graders.sandbox.inside.wire import Ask, encode
from graders.sandbox.isolation import Isolation
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import Zygote

zygote = Zygote(Profile.answering(load_assignment("a2").manifest), Isolation(sys.argv[1]))
zygote.wait_ready()
worker = zygote.fork({"sgd.py": b"print(1, flush=True)\\nwhile True: pass"}, 60)
worker.channel.sendall(encode(Ask(1, "sgd")))
os.set_blocking(worker.output, True)
os.read(worker.output, 1)
print(zygote.scratch, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("around", list(Isolation))
def test_a_killed_grader_leaves_no_process_and_no_folder(isolation: Isolation, around: Isolation) -> None:
    """Not even a worker in an endless loop."""
    if around is Isolation.SANDLOCK and isolation is Isolation.NONE:
        pytest.skip("no sandbox here")
    command = [sys.executable, "-c", KILLED, around]
    grader = subprocess.run(command, capture_output=True, text=True, check=False)
    assert grader.returncode == -signal.SIGKILL, grader.stderr
    scratch = Path(grader.stdout.strip())
    deadline = time.monotonic() + 30
    while scratch.exists() or running(str(scratch)):
        assert time.monotonic() < deadline, running(str(scratch))
        time.sleep(0.05)
