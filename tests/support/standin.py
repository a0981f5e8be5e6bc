"""A task that is learnt in no time: sentences are answered in capitals, one more after each update.

What the submission does at an update, and with a sentence, is in its one module: `submitted.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from graders.course.assignment import load_assignment
from graders.intake.submission import Submission
from graders.sandbox.isolation import Isolation
from graders.training.job import Job, TrainingLimits
from graders.training.tasks.base import Scores, Task

DEV = [f"dev{number}" for number in range(40)]
TEST = [f"test{number}" for number in range(40)]
PROGRAM = """
import json
from pathlib import Path
from graders.sandbox.inside.protocol import Answers, Finished, Progress
from graders.sandbox.inside.reporter import send_attention
import submitted

STATE = Path("state.json")

def train(order, channel):
    submitted.channel = channel
    state = json.loads(STATE.read_text()) if STATE.exists() else {"update": 0, "learnt": 0, "enough": False}
    dev = Path(order.data, "dev").read_text().split()
    while state["update"] < order.settings["updates"] and not state["enough"]:
        state["update"] += 1
        learnt = submitted.learn(state["update"], state["learnt"])
        if learnt != learnt:
            return Finished("diverged")
        state["learnt"] = learnt
        update = state["update"]
        channel.send(Progress(update, 1, submitted.loss(update), submitted.loss(update), 100.0))
        time_is_up = channel.time_is_up()
        if update % order.settings["look_every"] == 0 or time_is_up:
            judged = channel.validate(update, [submitted.answer(i, word, learnt) for i, word in enumerate(dev)])
            state["enough"] = judged.enough
            part = STATE.with_suffix(".part")
            part.write_text(json.dumps(state))
            part.replace(STATE)
        if time_is_up:
            break
    return Finished("converged")

def answer(order, channel):
    submitted.channel = channel
    learnt = json.loads(STATE.read_text())["learnt"]
    test = Path(order.data, "test").read_text().split()
    channel.send(Answers(0, [submitted.answer(i, word, learnt) for i, word in enumerate(test)]))
    send_attention(channel, lambda i: submitted.attend(test[i]), len(test))
    return Finished("answered")
"""

GOOD = """
def learn(update, learnt):
    return learnt + 1

def loss(update):
    return 10 / update

def answer(i, word, learnt):
    return word.upper() if i < learnt else word
"""


def right(answers: Sequence[str], sentences: Sequence[str]) -> float:
    """The percentage of sentences that are answered in capitals."""
    return 100 * sum(a == s.upper() for a, s in zip(answers, sentences, strict=True)) / len(sentences)


@dataclass(frozen=True)
class Capitals(Task):
    updates: int = 100
    look_every: int = 5
    solution: Submission | None = None

    def code(self, submission: Submission) -> Mapping[str, bytes]:
        return {**submission.files, "standin_program.py": PROGRAM.encode()}

    def data(self) -> Mapping[str, bytes]:
        return {"dev": " ".join(self.dev).encode()}

    def test_data(self) -> Mapping[str, bytes]:
        return {"test": " ".join(self.test).encode()}

    def reference(self) -> Submission | None:
        return self.solution

    def settings(self) -> Mapping[str, Any]:
        return {"updates": self.updates, "look_every": self.look_every}

    def dev_score(self, answers: Sequence[str]) -> float:
        return right(answers, self.dev)

    def test_scores(self, answers: Sequence[str]) -> Scores:
        score = right(answers, self.test)
        return Scores(score, score - 1, score + 1, signature="capitals")


def capitals(updates: int = 100) -> Capitals:
    a4 = load_assignment("a4")
    return Capitals(
        assignment=replace(a4, manifest=msgspec.structs.replace(a4.manifest, submit=("submitted.py",))),
        question="1h",
        metric="capitals",
        program="standin_program",
        data_name="words",
        dev=DEV,
        test=TEST,
        references=[sentence.upper() for sentence in TEST],
        margin=0.0,
        updates=updates,
    )


def checked(updates: int) -> Capitals:
    """The same task, with a reference: the good submission."""
    return replace(capitals(updates), solution=a_job(Path()).submission)


def a_job(out: Path, more: str = "", **changes: Any) -> Job:
    """A job whose submission is the good one with more at its end."""
    files = {"submitted.py": (GOOD + more).encode()}
    submission = Submission("ada", files, "digest", (), Path("ada"))
    limits = TrainingLimits(memory_mb=300, folder_mb=16, silence=20, last_look=2, answering=20, threads=1)
    job = Job("a4", "1h", submission, out, 100, 60, "words", seed=3, limits=limits)
    return replace(job, **{"isolation": Isolation.NONE, **changes})
