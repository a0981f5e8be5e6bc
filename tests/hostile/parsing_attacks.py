"""Submissions that are hostile when trained to parse: each is the reference with something before parser_model.py."""

from __future__ import annotations

from graders.records.training import StopReason
from tests.hostile.training_attacks import Attack

ENDED = "training ended by itself: it reached the recipe's limit, or the score on dev stopped rising"

ATTACKS = [
    Attack(
        "fake logs and results",
        """
fake = '{"type":"Scored","update":1,"seconds":0.1,"cpu_seconds":0.1,"score":100.0}'
for name in ("../events.jsonl", "../training.json", "../../seed", "../code/parser_model.py", "../data/dev.json"):
    tried(name, lambda: open(name, "a").write(fake))
for name in ("events.jsonl", "training.json"):
    open(name, "w").write(fake)
""",
        prints="../events.jsonl refused PermissionError",
    ),
    Attack(
        "a loop that claims UAS 100",
        """
import parsing.training
def train(model, instances, vocabulary, recipe, validate, *arguments, **named):
    print("no training at all")
parsing.training.train.__code__ = train.__code__
""",
        says=f"{ENDED}; no test: ",
        prints="no training at all",
        tested=False,
    ),
    Attack(
        "forged trees",
        """
import graders.sandbox.inside.parsing as box
box._parse = lambda model, vocabulary, sentences, *others: ["0:root " * len(one.forms) for one in sentences]
""",
        score=(0, 30),
    ),
    Attack(
        "trees of nothing",
        """
import graders.sandbox.inside.parsing as box
box._parse = lambda model, vocabulary, sentences, *others: ["-1:x 1e9: \\x1b[2J nan:" for one in sentences]
""",
        score=(0, 0),
    ),
    Attack(
        "too few trees",
        """
import graders.sandbox.inside.parsing as box
box._parse = lambda model, vocabulary, sentences, *others: ["0:root"]
""",
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
        says=f"{ENDED}; no test: ",
        tested=False,
    ),
    Attack(
        "incomparable, it says",
        """
import os
from graders.sandbox.inside.protocol import Channel, Finished
if os.path.exists("../data/test.json"):
    honest = Channel.send
    Channel.send = lambda self, message: honest(self, Finished("incomparable"))
""",
        says=f"{ENDED}; no test: answering the test with these weights is not possible",
        tested=False,
    ),
    Attack(
        "a hunt for trees",
        """
import gc, os
for top in ("/", CANARY, "..", "../..", "../../..", "../../an_honest_neighbour"):
    tried(f"list {top}", lambda: os.listdir(top))
for name in ("../data", "../code", "../code/parsing"):
    for path in os.listdir(name):
        if os.path.isfile(os.path.join(name, path)):
            hunt(open(os.path.join(name, path), "rb").read())
hunt(repr([thing for thing in gc.get_objects() if isinstance(thing, (str, list, dict))][:100_000]).encode())
for name in ("sanity.parsing", "sanity.parsing.toy", "sanity.parsing.grammar"):
    tried(name, lambda: __import__(name))
import sanity
tried("toy.py", lambda: open(os.path.join(os.path.dirname(sanity.__file__), "parsing", "toy.py")).read(1))
""",
        prints="list .. refused PermissionError",
    ),
    Attack(
        "checkpoints that are bombs",
        """
import parsing.training
honest = parsing.training.Training.validate
def validate(self, *arguments):
    import pathlib, pickle
    class Bomb:
        def __reduce__(self): return print, ("EXPLODED",)
    honest(self, *arguments)
    if self.state.update == 10:  # of 30: later ones are written whole
        for path in pathlib.Path("checkpoints").iterdir():
            path.write_bytes(pickle.dumps(Bomb()))
        print("laid")
parsing.training.Training.validate = validate
""",
        says=ENDED,
        prints="laid",
    ),
    Attack(
        "gone",
        "import os\nos._exit(0)",
        stop_reason=StopReason.CRASHED,
        says="training ",
        tested=False,
    ),
]
