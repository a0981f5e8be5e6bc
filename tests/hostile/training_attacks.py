"""Submissions that are hostile when they are trained: each is the reference with something before nmt_model.py.

The names in capitals, `tried` and `hunt` are those of `PRELUDE` in attacks.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from graders.records.training import StopReason


@dataclass(frozen=True)
class Attack:
    name: str
    before: str
    stop_reason: StopReason = StopReason.CONVERGED
    says: str = "training ended by itself"
    """How the message begins."""
    score: tuple[float, float] = (0, 100)
    """Between what BLEU lies; an attack that nothing deserves has (0, 0)."""
    prints: str = ""
    tested: bool = True
    """Whether the test is answered."""


AT_UPDATE = """
import torch
import nmt.optimization
honest, count = nmt.optimization.ModelOptimizer.step, 0
def step(self, *arguments):
    global count
    count += 1
    if count == {update}:
        act(self)
    return honest(self, *arguments)
nmt.optimization.ModelOptimizer.step = step
"""


def at(update: int, *lines: str) -> str:
    """Do something at an update."""
    return AT_UPDATE.format(update=update) + "\ndef act(optimizer):\n" + "".join(f"    {line}\n" for line in lines)


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
from graders.sandbox.inside.protocol import Channel, Progress
[channel] = [thing for thing in gc.get_objects() if isinstance(thing, Channel)]
channel.send(Progress(10**9, 10**9, 0.0, 1.0, 1e300))
channel.send(Progress(10**9, 1, float("nan"), float("inf"), -1.0))
print("claimed")
""",
        prints="claimed",
    ),
    Attack(
        "a loop that claims BLEU 100",
        """
import nmt.training
def train(model, pairs, recipe, validate, *arguments, **named):
    print("no training at all")
nmt.training.train.__code__ = train.__code__
""",
        says="training ended by itself: it reached the recipe's limit, or the score on dev stopped rising; no test: ",
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
        stop_reason=StopReason.CRASHED,
        says="training raised TypeError",
        tested=False,
    ),
    Attack(
        "too few translations",
        "import nmt.search\nnmt.search.translate = lambda model, texts, *arguments, **named: [texts[0]]",
        stop_reason=StopReason.BROKEN,
        says="training broke the protocol: not one answer for each of 12 sentences",
        tested=False,
    ),
    Attack(
        "the judge patched",
        """
import graders.sandbox.inside.protocol as box
box.Channel.validate = lambda self, update, texts: box.DevScore(100.0, True)
""",
        says="training ended by itself: it reached the recipe's limit, or the score on dev stopped rising; no test: ",
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
for name in ("nmt.datasets", "sanity.nmt", "sanity.nmt.toy"):
    tried(name, lambda: __import__(name))
import sanity
for name in ("__init__.py", "toy.py"):
    tried(name, lambda: open(os.path.join(os.path.dirname(sanity.__file__), "nmt", name)).read(1))
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
tried("zygote's environ", lambda: hunt(open(f"/proc/{os.getppid()}/environ", "rb").read()))
tried("processes", lambda: os.listdir("/proc"))
tried("fork", os.fork)
tried("run", lambda: subprocess.run(["true"]))
tried("tcp", lambda: socket.create_connection(("127.0.0.1", PORT), 1))
tried("unix", lambda: socket.socket(socket.AF_UNIX).connect(SOCKET))
""",
        prints="fork refused",
    ),
    Attack(
        "files that run as root",
        """
import os
for mode in (0o4755, 0o2755):
    tried(f"made {mode:o}", lambda: os.open(f"run{mode}", os.O_CREAT | os.O_WRONLY, mode))
""",
        prints="made 4755 refused PermissionError",
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
        stop_reason=StopReason.CRASHED,
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
        stop_reason=StopReason.CRASHED,
        says="training ended its process; no test: answering the test raised an exception",
        prints="laid",
        tested=False,
    ),
    Attack(
        "a full folder",
        at(12, "for n in range(100): open(f'fill{n}', 'wb').write(bytes(2**23))", "while True: pass"),
        stop_reason=StopReason.CRASHED,
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
        stop_reason=StopReason.CRASHED,
        says="training wrote more than 64 MB or 1000 files, or hid them",
    ),
    Attack(
        "many empty files",
        at(12, "import time", "for n in range(1100): open(f'empty{n}', 'w').close()", "time.sleep(60)"),
        stop_reason=StopReason.CRASHED,
        says="training wrote more than 64 MB or 1000 files, or hid them",
        tested=False,
    ),
    Attack(
        "a full disk that is not full",
        at(12, "from sanity.training.atomic import SaveError", "raise SaveError('x: No space left on device')"),
        stop_reason=StopReason.CRASHED,
        says="training could not write a checkpoint",
    ),
    Attack(
        "ready again, without a GPU",
        at(
            12,
            "import gc",
            "from graders.sandbox.inside.protocol import Ready, Channel",
            "[channel] = [thing for thing in gc.get_objects() if isinstance(thing, Channel)]",
            "while True: channel.send(Ready('cpu', {str(n): 'x' * 2000 for n in range(100)}))",
        ),
        stop_reason=StopReason.BROKEN,
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
        stop_reason=StopReason.HUNG,
        says="training hung: no message for 30 s",
    ),
    Attack(
        "memory",
        at(12, "optimizer.kept = [torch.ones(2**26) for _ in range(100)]"),
        stop_reason=StopReason.OUT_OF_MEMORY,
        says="training ",  # ran out of it, or was seen to use more than it may
    ),
    Attack(
        "an error at update 12",
        at(12, "raise RuntimeError('x' * 10_000)"),
        stop_reason=StopReason.CRASHED,
        says="training raised RuntimeError in nmt_model.py, line ",
    ),
    Attack(
        "not a number",
        at(12, "for weight in optimizer.model.parameters(): weight.data.fill_(float('nan'))"),
        stop_reason=StopReason.DIVERGED,
        says="training diverged: the loss was no longer a finite number",
    ),
    Attack(
        "a flood of words",
        at(
            12,
            "import gc",
            "from graders.sandbox.inside.protocol import Channel, Progress",
            "[channel] = [thing for thing in gc.get_objects() if isinstance(thing, Channel)]",
            "while True: channel.send(Progress(12, 1, 1.0, 1.0, 1.0))",
        ),
        stop_reason=StopReason.BROKEN,
        says="training broke the protocol: more than 3000 messages",
    ),
    Attack(
        "a flood of text",
        at(12, "import sys", "for _ in range(2000): sys.stdout.write('\\x1b[31m' + 'x' * 10_000)"),
    ),
    Attack(
        "descriptors closed",
        at(12, "import os, time", "os.closerange(0, 100)", "time.sleep(60)"),
        stop_reason=StopReason.BROKEN,
        says="training broke the protocol: it closed its connection",
    ),
]
