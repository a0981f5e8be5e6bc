"""Hostile submissions that are trained: they get no BLEU that their translations do not deserve, and harm nobody.

Each is the reference with something before nmt_model.py. They are trained as a class, each in a sandbox of its own, on
a corpus whose last references of dev and test are secrets. Walls are tested in test_hostile.py; what is new here is a
folder to write to, hours of time, a voice, and the handout's own loop in the same process.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from attacks import PRELUDE
from lab import Lab, running, secret

from graders.sandbox import Isolation, SandboxError, walls
from graders.training.attempt import Look, refuse_full_disk
from graders.training.command import progress
from graders.training.nmt import translation
from graders.training.process import MAX_FILES, Used, taken_mb, unnamed_mb
from graders.training.result import Ended, Training
from graders.training.runner import train_one
from graders.training.verdicts import died, raised
from sanity.asking import Raised

sys.path.append(str(Path(__file__).parents[1] / "graders" / "training"))
from tiny_corpus import a_job, reference_files, write_corpus

NEIGHBOUR = "an honest neighbour"


@dataclass(frozen=True)
class Attack:
    name: str
    before: str
    ended: Ended = Ended.CONVERGED
    says: str = "training ended by itself"
    """How the message begins."""
    score: tuple[float, float] = (0, 100)
    """Between what BLEU lies; an attack that nothing deserves has (0, 0)."""
    prints: str = ""
    tested: bool = True
    """Whether the test is answered."""


AT_UPDATE = """
import torch
import nmt.descent
honest, count = nmt.descent.Descent.step, 0
def step(self, *arguments):
    global count
    count += 1
    if count == {update}:
        act(self)
    return honest(self, *arguments)
nmt.descent.Descent.step = step
"""


def at(update: int, *lines: str) -> str:
    """Do something at an update."""
    return AT_UPDATE.format(update=update) + "\ndef act(descent):\n" + "".join(f"    {line}\n" for line in lines)


ATTACKS = [
    Attack(
        "fake logs and results",
        """
import json, os
print("epoch 9, iter 9999, avg. loss 0.00, avg. ppl 1.00 cum. examples 9, speed 9e9 words/sec, time elapsed 1.00 sec")
print("validation: iter 9999, dev. BLEU 100.00")
fake = '{"type":"Scored","update":1,"seconds":0.1,"cpu_seconds":0.1,"score":100.0}'
for name in ("../events.jsonl", "../training.json", "../../seed", "../code/nmt_model.py", "../data/dev.src"):
    tried(name, lambda: open(name, "a").write(fake))
for name in ("events.jsonl", "training.json"):
    open(name, "w").write(fake)
""",
        prints="../events.jsonl refused PermissionError",
    ),
    Attack(
        "claims",
        """
import gc
from graders.box.talk import Talk, Progress
[talk] = [thing for thing in gc.get_objects() if isinstance(thing, Talk)]
talk.say(Progress(10**9, 10**9, 0.0, 1.0, 1e300))
talk.say(Progress(10**9, 1, float("nan"), float("inf"), -1.0))
print("claimed")
""",
        prints="claimed",
    ),
    Attack(
        "a loop that claims BLEU 100",
        """
import nmt.training
def train(model, pairs, recipe, validate, *arguments):
    print("no training at all")
nmt.training.train.__code__ = train.__code__
""",
        says="training ended by itself: the recipe's limit was reached, or dev had stopped to rise; no test: ",
        prints="no training at all",
        tested=False,
    ),
    Attack(
        "forged translations",
        """
import nmt.search
nmt.search.translate = lambda model, texts, *arguments, **named: ["BLEU = 100.00 100.0/100.0/100.0/100.0"] * len(texts)
""",
        score=(0, 0),
    ),
    Attack(
        "translations that are not text",
        """
import nmt.search
class Equal(str):
    def __eq__(self, other): return True
    def split(self, *arguments): return ["right"]
nmt.search.translate = lambda model, texts, *arguments, **named: [Equal("\\x1b[2J\\x00") for text in texts]
""",
        ended=Ended.CRASHED,
        says="training raised TypeError",
        tested=False,
    ),
    Attack(
        "too few translations",
        "import nmt.search\nnmt.search.translate = lambda model, texts, *arguments, **named: [texts[0]]",
        ended=Ended.BROKEN,
        says="training broke the protocol: 1 answers for 12 sentences",
        tested=False,
    ),
    Attack(
        "the judge patched",
        """
import graders.box.talk as box
box.Talk.judged = lambda self, update, texts: box.Judged(100.0, True)
""",
        says="training ended by itself: the recipe's limit was reached, or dev had stopped to rise; no test: ",
        tested=False,
    ),
    Attack(
        "a hunt for references",
        """
import os, sys, gc
for top in ("/", CANARY, "..", "../..", "../../..", "../../an_honest_neighbour", "../../an honest neighbour/work"):
    tried(f"list {top}", lambda: os.listdir(top))
for folder, _, names in os.walk(os.path.abspath("..")):
    for name in names:
        hunt(open(os.path.join(folder, name), "rb").read())
for name in ("../data", "../code", "../code/nmt"):
    for path in os.listdir(name):
        if os.path.isfile(os.path.join(name, path)):
            hunt(open(os.path.join(name, path), "rb").read())
hunt(repr([thing for thing in gc.get_objects() if isinstance(thing, (str, list, dict))][:100_000]).encode())
tried("toy", lambda: __import__("nmt.toy"))
""",
        prints="list .. refused PermissionError",
    ),
    Attack(
        "other processes",
        """
import glob, os, signal, socket, subprocess
for process in (os.getppid(), GRADER):
    tried("signal", lambda: os.kill(process, signal.SIGTERM))
    tried("memory", lambda: open(f"/proc/{process}/mem", "rb").read(1))
for file in ("environ", "cmdline", "maps"):
    tried(file, lambda: open(f"/proc/{GRADER}/{file}", "rb").read(1))
hunt(open(f"/proc/{os.getppid()}/environ", "rb").read())  # that of the zygote, which is as clean
print("processes", len([name for name in os.listdir("/proc") if name.isdigit()]))
tried("fork", os.fork)
tried("run", lambda: subprocess.run(["true"]))
tried("tcp", lambda: socket.create_connection(("127.0.0.1", PORT), 1))
tried("unix", lambda: socket.socket(socket.AF_UNIX).connect(SOCKET))
""",
        prints="fork refused",
    ),
    Attack(
        "outside",
        """
import os
for folder in OUTSIDE + [os.path.expanduser("~/..")]:
    tried(folder, lambda: open(os.path.join(folder, MARKER), "w"))
if not os.path.lexists("canary"):
    os.symlink(CANARY, "canary")
tried("through a link", lambda: os.listdir("canary"))
tried("canary", lambda: open(CANARY + "/secret").read())
""",
        prints="through a link refused PermissionError",
    ),
    Attack(
        "checkpoints elsewhere",
        "import os, shutil\nshutil.rmtree('checkpoints')\nos.symlink(CANARY, 'checkpoints')",
        ended=Ended.CRASHED,
        says="training could not write a checkpoint",
        tested=False,
    ),
    Attack(
        "checkpoints that are bombs",
        at(
            15,
            "import os, pickle, pathlib",
            "class Bomb:",
            "    def __reduce__(self): return print, ('EXPLODED',)",
            "for path in pathlib.Path('checkpoints').iterdir():",
            "    path.write_bytes(pickle.dumps(Bomb()))",
            "print('laid')",
            "os._exit(0)",
        ),
        ended=Ended.CRASHED,
        says="training ended its process; no test: answering the test raised an exception",
        prints="laid",
        tested=False,
    ),
    Attack(
        "a full folder",
        at(12, "for n in range(100): open(f'fill{n}', 'wb').write(bytes(2**23))", "while True: pass"),
        ended=Ended.CRASHED,
        says="training wrote more than 64 MB or 1000 files, or hid them",
    ),
    Attack(
        "files without names",
        at(
            12,
            "import os, time",
            "files = []",
            "for n in range(8):",
            "    files.append(open('hidden', 'wb'))",
            "    os.unlink('hidden')",
            "    files[-1].write(bytes(2**24))",
            "time.sleep(60)",
        ),
        ended=Ended.CRASHED,
        says="training wrote more than 64 MB or 1000 files, or hid them",
    ),
    Attack(
        "many empty files",
        at(12, "import time", "for n in range(1100): open(f'empty{n}', 'w').close()", "time.sleep(60)"),
        ended=Ended.CRASHED,
        says="training wrote more than 64 MB or 1000 files, or hid them",
        tested=False,
    ),
    Attack(
        "a full disk that is not full",
        at(12, "from nmt.checkpoint import SaveError", "raise SaveError('x: No space left on device')"),
        ended=Ended.CRASHED,
        says="training could not write a checkpoint",
    ),
    Attack(
        "ready again, without a GPU",
        at(
            12,
            "import gc",
            "from graders.box.talk import Ready, Talk",
            "[talk] = [thing for thing in gc.get_objects() if isinstance(thing, Talk)]",
            "while True: talk.say(Ready('cpu', {str(n): 'x' * 2000 for n in range(100)}))",
        ),
        ended=Ended.BROKEN,
        says="training broke the protocol: it was ready twice",
    ),
    Attack(
        "long translations",
        """
import itertools, nmt.search
count = itertools.count()
nmt.search.translate = lambda model, texts, *arguments, **named: [f"{next(count)}" + " \u4e2d.," * 2000 for _ in texts]
""",
        score=(0, 0),
    ),
    Attack(
        "sleep",
        at(12, "import time", "time.sleep(1e6)"),
        ended=Ended.HUNG,
        says="training hung: nothing was heard of it for 6 s",
    ),
    Attack(
        "memory",
        at(12, "descent.kept = [torch.ones(2**26) for _ in range(100)]"),
        ended=Ended.OUT_OF_MEMORY,
        says="training ",  # ran out of it, or was seen to use more than it may
    ),
    Attack(
        "an error at update 12",
        at(12, "raise RuntimeError('x' * 10_000)"),
        ended=Ended.CRASHED,
        says="training raised RuntimeError in nmt_model.py, line ",
    ),
    Attack(
        "not a number",
        at(12, "for weight in descent.model.parameters(): weight.data.fill_(float('nan'))"),
        ended=Ended.DIVERGED,
        says="training diverged: the loss was no longer a finite number",
    ),
    Attack(
        "a flood of words",
        at(
            12,
            "import gc",
            "from graders.box.talk import Talk, Progress",
            "[talk] = [thing for thing in gc.get_objects() if isinstance(thing, Talk)]",
            "while True: talk.say(Progress(12, 1, 1.0, 1.0, 1.0))",
        ),
        ended=Ended.BROKEN,
        says="training broke the protocol: more than 3000 messages",
    ),
    Attack(
        "a flood of text",
        at(12, "import sys", "for _ in range(2000): sys.stdout.write('\\x1b[31m' + 'x' * 10_000)"),
    ),
    Attack(
        "descriptors closed",
        at(12, "import os, time", "os.closerange(0, 100)", "time.sleep(60)"),
        ended=Ended.BROKEN,
        says="training broke the protocol: it closed its end of the wire",
    ),
]


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    for wall, reason in walls().items():
        if reason:
            pytest.skip(f"no walls here: {wall}: {reason}")
    return Isolation.SANDLOCK


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("trained"))
    yield lab
    lab.close()


@dataclass(frozen=True)
class Trained:
    trainings: dict[str, Training]
    printed: dict[str, str]
    changed: list[str]
    reached: list[str]
    secret: str


@pytest.fixture(scope="module")
def trained(lab: Lab, isolation: Isolation) -> Trained:
    known, out = secret(), lab.folder / "out"
    data = write_corpus(lab.folder / "corpus", secret=f"a {known} b")
    prelude = PRELUDE.format(
        canary=str(lab.folder / "canary"),
        port=lab.listeners["tcp"].getsockname()[1],
        socket=str(lab.unix),
        grader=os.getpid(),
        marker=lab.marker,
        outside=[str(path) for path in lab.outside],
    )
    jobs = []
    for attack in [Attack(NEIGHBOUR, ""), *ATTACKS]:
        files = {
            name: re.sub(rb" *### (BEGIN|END) SOLUTION.*\n", b"", text) for name, text in reference_files().items()
        }
        files["nmt_model.py"] = (prelude + attack.before + "\n").encode() + files["nmt_model.py"]
        job = a_job(out, data, files, attack.name, isolation=isolation)
        job = replace(job, limits=replace(job.limits, silence=6.0 if attack.name == "sleep" else 60.0))
        jobs.append(job)
    before = lab.state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIVIUM_TOKEN", lab.token)
        patch.setattr("tempfile.tempdir", str(lab.folder / "scratch"))
        patch.setattr("graders.training.attempt.MAX_MESSAGES", 3000)
        with ThreadPoolExecutor(2) as pool:
            trainings = {training.submission: training for training in pool.map(train_one, jobs)}
    changed = sorted({path for path, _ in before ^ lab.state()})
    printed = {job.submission.name: (job.folder / "printed.txt").read_text() for job in jobs}
    return Trained(trainings, printed, changed, lab.reached(), known)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.slow
def test_an_attack(trained: Trained, lab: Lab, attack: Attack) -> None:
    training, printed = trained.trainings[attack.name], trained.printed[attack.name]
    assert (training.ended, training.message[: len(attack.says)]) == (attack.ended, attack.says), printed[-3000:]
    assert (training.score is not None) == attack.tested
    if training.score is not None:
        assert attack.score[0] <= training.score <= attack.score[1] + 0.001
        assert training.score < 90
    assert attack.prints in printed
    assert "ALLOWED" not in printed
    assert "FOUND" not in printed
    assert "EXPLODED" not in printed
    for text in (trained.secret, lab.canary, lab.token):
        assert text not in printed
    assert "\x1b" not in printed + training.message
    assert len(printed) < 100_000
    assert len(training.message) < 1000


@pytest.mark.slow
def test_an_honest_neighbour_learns(trained: Trained) -> None:
    training = trained.trainings[NEIGHBOUR]
    assert training.ended is Ended.CONVERGED
    assert training.score is not None
    losses = [point.loss for point in training.curve if point.loss is not None]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_nothing_outside_has_changed_and_nothing_was_reached(trained: Trained, lab: Lab) -> None:
    assert trained.changed == []
    assert trained.reached == []
    assert list((lab.folder / "scratch").iterdir()) == []
    assert running(str(lab.folder)) == []


def test_a_scored_flood_of_long_translations_is_forgotten(tmp_path: Path) -> None:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    task = translation(a_job(tmp_path, write_corpus(tmp_path / "corpus"), {}))
    for answers, score in ((task.dev, task.dev_score), (task.test, task.test_scores)):
        score([f"{number} " + "x" * 9000 for number in range(len(answers))])
        assert Tokenizer13a.__call__.cache_info().currsize == 0


def test_a_folder_of_very_many_files_counts_as_full(tmp_path: Path) -> None:
    for number in range(MAX_FILES):
        (tmp_path / str(number)).touch()
    assert taken_mb(tmp_path, 64) == MAX_FILES * 4096 // 2**20
    (tmp_path / "another").touch()
    assert taken_mb(tmp_path, 64) == 64


def test_files_count_that_are_open_and_removed(tmp_path: Path) -> None:
    this = Path("/proc/self")
    before = unnamed_mb(this)
    with (tmp_path / "file").open("wb") as file:
        file.write(bytes(8 * 2**20))
        file.flush()
        assert unnamed_mb(this) == before
        (tmp_path / "file").unlink()
        assert unnamed_mb(this) == before + 8
    assert unnamed_mb(Path("/proc/0")) == 0


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
        assert unnamed_mb(Path(f"/proc/{process.pid}")) == 8


def test_a_disk_that_is_full_is_no_fault_of_the_submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = a_job(tmp_path, tmp_path, {})
    job.folder.mkdir(parents=True)
    error = Raised("SaveError", "checkpoint.bin: can't be written: No space left on device", "", 0, "trace")
    refuse_full_disk(error, job)
    assert raised(error, "training", ())[:2] == (Ended.CRASHED, "training could not write a checkpoint")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(2**40, 2**40, 2**20))
    refuse_full_disk(replace(error, text="File too large"), job)
    with pytest.raises(SandboxError) as refusal:
        refuse_full_disk(error, job)
    assert str(refusal.value) == f"{job.folder}: the disk is full; make room, and the same command goes on"


def test_more_threads_than_cores_are_not_called_a_want_of_memory() -> None:
    killed = Used(status=9, cpu_seconds=100.0, rss_mb=0)
    said = "training used more processor time than its cores have: leave the number of threads as it is"
    assert died(killed, "training", 100.0)[:2] == (Ended.CRASHED, said)
    assert died(killed, "training", 101.0).ended is Ended.OUT_OF_MEMORY


def test_a_name_is_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress(a_job(tmp_path, tmp_path, {}, "[@click(]ada")) as tell:
        tell(Look(3, 1.0, 20.0, judged=True))
    assert "[@click(]ada: update 3" in terminal.getvalue()


@pytest.mark.parametrize("name", ["seed", ".seed"])
def test_no_submission_takes_the_place_of_the_seed(tmp_path: Path, name: str) -> None:
    assert a_job(tmp_path, tmp_path, {}, name).folder != tmp_path / "training" / ".seed"
