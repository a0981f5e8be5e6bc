"""Submissions that are hostile when they are trained to answer questions: the reference with something before it.

The names in capitals, `tried` and `hunt` are those of `PRELUDE` in attacks.py; `Attack` is that of training_attacks.py.
"""

from __future__ import annotations

from graders.records.training import StopReason
from tests.hostile.training_attacks import Attack

AT_UPDATE = """
import training.loop
honest, count = training.loop.Learner._update, 0
def counted(self, batch):
    global count
    count += 1
    if count == {update}:
        act(self)
    return honest(self, batch)
training.loop.Learner._update = counted
"""
NEVER = "training ended by itself: it reached the recipe's limit, or the score on dev stopped rising; no test: "


def at(update: int, *lines: str) -> str:
    """Do something at an update."""
    return AT_UPDATE.format(update=update) + "\ndef act(learner):\n" + "".join(f"    {line}\n" for line in lines)


FROM_THE_PROSE = r"""
import re, training.model
def answer(model, questions, *arguments):
    prose = open("../data/documents").read()
    found = [re.search(question[10:-6] + r" was born in (\w+)", prose) for question in questions]
    return [match[1] if match else "" for match in found]
training.model.answer = answer
"""

ATTACKS = [
    Attack(
        "claims",
        at(
            70,
            "import gc",
            "from graders.sandbox.inside.protocol import Channel, Progress",
            "[channel] = [thing for thing in gc.get_objects() if isinstance(thing, Channel)]",
            "channel.send(Progress(10**9, 10**9, 0.0, 1.0, 1e300))",
            "print('claimed')",
        ),
        prints="claimed",
    ),
    Attack(
        "a loop that claims to be right",
        """
import training.loop
def train(model, task, recipe, validate, *arguments):
    print("no training at all")
training.loop.train = train
""",
        says=NEVER,
        prints="no training at all",
        tested=False,
    ),
    Attack(
        "forged answers",
        "import training.model\ntraining.model.answer = lambda model, questions, *others: ['100.0'] * len(questions)",
        score=(0, 0),
    ),
    Attack(
        "answers that are not text",
        "import training.model\ntraining.model.answer = lambda model, questions, *others: [b'x'] * len(questions)",
        stop_reason=StopReason.BROKEN,
        says="training broke the protocol: a malformed frame",
        tested=False,
    ),
    Attack(
        "too few answers",
        "import training.model\ntraining.model.answer = lambda model, questions, *others: ['x']",
        stop_reason=StopReason.BROKEN,
        says="training broke the protocol: not one answer for each of ",
        tested=False,
    ),
    Attack(
        "the judge patched",
        """
import graders.sandbox.inside.protocol as box
box.Channel.validate = lambda self, update, texts: box.DevScore(100.0, True)
""",
        says=NEVER,
        tested=False,
    ),
    Attack(
        "answers from the prose",
        FROM_THE_PROSE,
        stop_reason=StopReason.CONVERGED,
        says="training ended by itself",
        score=(100, 100),
    ),
    Attack(
        "a hunt for the generator",
        """
import os
for top in ("/", CANARY, "..", "../..", "../../.."):
    tried(f"list {top}", lambda: os.listdir(top))
for name in ("sanity.pretraining", "sanity.pretraining.world", "sanity.nmt.toy"):
    tried(name, lambda: __import__(name))
import sanity
for name in ("__init__.py", "world.py", "strings.py"):
    tried(name, lambda: open(os.path.join(os.path.dirname(sanity.__file__), "pretraining", name)).read(1))
for name in ("../events.jsonl", "../training.json", "../code/model_solution.py", "../data/dev.questions"):
    tried(name, lambda: open(name, "a").write("x"))
for folder in OUTSIDE:
    tried(folder, lambda: open(os.path.join(folder, MARKER), "w"))
""",
        prints="list .. refused PermissionError",
    ),
    Attack(
        "checkpoints that are bombs",
        at(
            70,
            "import os, pickle, pathlib",
            "class Bomb:",
            "    def __reduce__(self): return print, ('EXPLODED',)",
            "pathlib.Path('checkpoints/checkpoint.pt').write_bytes(pickle.dumps(Bomb()))",
            "print('laid')",
            "os._exit(0)",
        ),
        stop_reason=StopReason.CRASHED,
        says="training ended its process; no test: ",
        prints="laid",
        tested=False,
    ),
    Attack(
        "a full folder",
        at(70, "for n in range(100): open(f'fill{n}', 'wb').write(bytes(2**23))", "while True: pass"),
        stop_reason=StopReason.CRASHED,
        says="training wrote more than 64 MB or 1000 files, or hid them",
    ),
    Attack(
        "sleep",
        at(70, "import time", "time.sleep(1e6)"),
        stop_reason=StopReason.HUNG,
        says="training hung: no message for 30 s",
    ),
    Attack(
        "memory",
        at(70, "import torch", "learner.kept = [torch.ones(2**26) for _ in range(100)]"),
        stop_reason=StopReason.OUT_OF_MEMORY,
        says="training ",
    ),
    Attack(
        "an error at update 70",
        at(70, "raise RuntimeError('x' * 10_000)"),
        stop_reason=StopReason.CRASHED,
        says="training raised RuntimeError in model_solution.py, line ",
    ),
    Attack(
        "not a number",
        at(70, "for weight in learner.model.parameters(): weight.data.fill_(float('nan'))"),
        stop_reason=StopReason.DIVERGED,
        says="training diverged: the loss was no longer a finite number",
    ),
    Attack(
        "a flood of words",
        at(
            70,
            "import gc",
            "from graders.sandbox.inside.protocol import Channel, Progress",
            "[channel] = [thing for thing in gc.get_objects() if isinstance(thing, Channel)]",
            "while True: channel.send(Progress(12, 1, 1.0, 1.0, 1.0))",
        ),
        stop_reason=StopReason.BROKEN,
        says="training broke the protocol: more than 3000 messages",
    ),
    Attack(
        "descriptors closed",
        at(70, "import os, time", "os.closerange(0, 100)", "time.sleep(60)"),
        stop_reason=StopReason.BROKEN,
        says="training broke the protocol: it closed its connection",
    ),
]
