"""A class of hostile submissions, trained: what each task's attacks have in common."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from graders.records.training import StopReason, Training
from graders.sandbox.isolation import Isolation
from graders.training.job import Job
from graders.training.runner import train_one
from tests.hostile.attacks import PRELUDE
from tests.hostile.lab import Lab
from tests.hostile.training_attacks import Attack

NEIGHBOUR = "an honest neighbour"


@dataclass(frozen=True)
class TrainedClass:
    trainings: dict[str, Training]
    printed: dict[str, str]
    changed: list[str]
    reached: list[str]
    secret: str


def train_attacks(
    lab: Lab,
    isolation: Isolation,
    attacks: Sequence[Attack],
    target: str,
    reference: Mapping[str, bytes],
    a_job: Callable[..., Job],
    known: str,
) -> TrainedClass:
    """Train the reference with each attack before its file `target`, and an honest neighbour.

    `known` is the secret that the data outside the sandbox holds.
    """
    prelude = PRELUDE.format(
        canary=str(lab.folder / "canary"),
        port=lab.listeners["tcp"].getsockname()[1],
        socket=str(lab.unix),
        grader=os.getpid(),
        marker=lab.marker,
        outside=[str(path) for path in lab.outside],
    )
    jobs = []
    for attack in [Attack(NEIGHBOUR, ""), *attacks]:
        files = {name: re.sub(rb" *### (BEGIN|END) SOLUTION.*\n", b"", text) for name, text in reference.items()}
        files[target] = (prelude + attack.before + "\n").encode() + files[target]
        job = a_job(lab.folder / "out", files=files, name=attack.name, isolation=isolation)
        jobs.append(replace(job, limits=replace(job.limits, silence=30.0 if attack.name == "sleep" else 60.0)))
    before = lab.state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIVIUM_TOKEN", lab.token)
        patch.setattr("tempfile.tempdir", str(lab.folder / "scratch"))
        patch.setattr("graders.training.loop.MAX_MESSAGES", 3000)
        with ThreadPoolExecutor(2) as pool:
            trainings = {training.submission: training for training in pool.map(train_one, jobs)}
    changed = sorted({path for path, _ in before ^ lab.state()})
    printed = {job.submission.name: (job.folder / "printed.txt").read_text() for job in jobs}
    return TrainedClass(trainings, printed, changed, lab.reached(), known)


def require_survived(trained: TrainedClass, lab: Lab, attack: Attack) -> None:
    """Raise AssertionError unless an attack ended as it should, and has found and told nothing."""
    training, printed = trained.trainings[attack.name], trained.printed[attack.name]
    assert (training.stop_reason, training.message[: len(attack.says)]) == (attack.stop_reason, attack.says), printed[
        -3000:
    ]
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


def require_learnt(trained: TrainedClass) -> None:
    """Raise AssertionError unless the neighbour was trained as if it were alone."""
    training = trained.trainings[NEIGHBOUR]
    assert training.stop_reason is StopReason.CONVERGED
    assert training.score is not None
    losses = [point.loss for point in training.curve if point.loss is not None]
    assert losses[-1] < losses[0]
