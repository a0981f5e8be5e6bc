"""Hostile submissions that are trained: they get no BLEU that their translations do not deserve, and harm nobody.

Each is the reference with something before nmt_model.py. They are trained as a class, each in a sandbox of its own, on
a corpus whose last references of dev and test are secrets. Walls are tested in test_hostile.py; what is new here is a
folder to write to, hours of time, a voice, and the handout's own loop in the same process.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from attacks import PRELUDE
from lab import Lab, running, secret

from graders.sandbox import Isolation, walls
from graders.training.result import Ended, Training
from graders.training.runner import train_one

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
        says="training raised",
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
        says="training wrote more than 64 MB of files, or hid them",
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


def test_an_honest_neighbour_learns(trained: Trained) -> None:
    training = trained.trainings[NEIGHBOUR]
    assert training.ended is Ended.CONVERGED
    assert training.score is not None
    losses = [point.loss for point in training.curve if point.loss is not None]
    assert losses[-1] < losses[0]


def test_nothing_outside_has_changed_and_nothing_was_reached(trained: Trained, lab: Lab) -> None:
    assert trained.changed == []
    assert trained.reached == []
    assert list((lab.folder / "scratch").iterdir()) == []
    assert running(str(lab.folder)) == []
