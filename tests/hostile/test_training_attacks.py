"""Hostile submissions that are trained: they get no BLEU that their translations do not deserve, and harm nobody.

Those of training_attacks.py are trained as a class, each in a sandbox of its own, on a corpus whose last references of
dev and test are secrets. Walls are tested in test_hostile.py; what is new here is a folder to write to, hours of time,
a voice, and the handout's own loop in the same process.
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

import pytest

from graders.cli.train import _progress
from graders.records.training import StopReason, Training
from graders.sandbox.isolation import Isolation, SandboxError, walls
from graders.training.endings import classify_error
from graders.training.loop import TrainingStatus, refuse_full_disk
from graders.training.runner import train_one
from graders.training.tasks.registry import load_task
from sanity.core.calling import SubmissionError
from tests.hostile.attacks import PRELUDE
from tests.hostile.lab import Lab, running, secret
from tests.hostile.training_attacks import ATTACKS, Attack
from tests.support.tiny_corpus import a_job, reference_files, write_corpus

NEIGHBOUR = "an honest neighbour"


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
class TrainedQuestion:
    trainings: dict[str, Training]
    printed: dict[str, str]
    changed: list[str]
    reached: list[str]
    secret: str


@pytest.fixture(scope="module")
def trained(lab: Lab, isolation: Isolation) -> TrainedQuestion:
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
        job = replace(job, limits=replace(job.limits, silence=30.0 if attack.name == "sleep" else 60.0))
        jobs.append(job)
    before = lab.state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIVIUM_TOKEN", lab.token)
        patch.setattr("tempfile.tempdir", str(lab.folder / "scratch"))
        patch.setattr("graders.training.loop.MAX_MESSAGES", 3000)
        with ThreadPoolExecutor(2) as pool:
            trainings = {training.submission: training for training in pool.map(train_one, jobs)}
    changed = sorted({path for path, _ in before ^ lab.state()})
    printed = {job.submission.name: (job.folder / "printed.txt").read_text() for job in jobs}
    return TrainedQuestion(trainings, printed, changed, lab.reached(), known)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.slow
def test_an_attack(trained: TrainedQuestion, lab: Lab, attack: Attack) -> None:
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


@pytest.mark.slow
def test_an_honest_neighbour_learns(trained: TrainedQuestion) -> None:
    training = trained.trainings[NEIGHBOUR]
    assert training.stop_reason is StopReason.CONVERGED
    assert training.score is not None
    losses = [point.loss for point in training.curve if point.loss is not None]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_nothing_outside_has_changed_and_nothing_was_reached(trained: TrainedQuestion, lab: Lab) -> None:
    assert trained.changed == []
    assert trained.reached == []
    assert list((lab.folder / "scratch").iterdir()) == []
    assert running(str(lab.folder)) == []


def test_a_scored_flood_of_long_translations_is_forgotten(tmp_path: Path) -> None:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    task = load_task(a_job(tmp_path, write_corpus(tmp_path / "corpus"), {}))
    for answers, score in ((task.dev, task.dev_score), (task.test, task.test_scores)):
        score([f"{number} " + "x" * 9000 for number in range(len(answers))])
        assert Tokenizer13a.__call__.cache_info().currsize == 0


def test_a_disk_that_is_full_is_no_fault_of_the_submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = a_job(tmp_path, tmp_path, {})
    job.folder.mkdir(parents=True)
    error = SubmissionError("SaveError", "checkpoint.bin: can't be written: No space left on device", "", 0, "trace")
    refuse_full_disk(error, job)
    assert classify_error(error, "training", {})[:2] == (StopReason.CRASHED, "training could not write a checkpoint")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(2**40, 2**40, 2**20))
    refuse_full_disk(replace(error, text="File too large"), job)
    with pytest.raises(SandboxError) as refusal:
        refuse_full_disk(error, job)
    advice = "free some space, and run the same command again to resume"
    assert str(refusal.value) == f"{job.folder}: the disk is full; {advice}"


def test_a_name_is_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with _progress() as on_status:
        on_status(a_job(tmp_path, tmp_path, {}, "[@click(]ada"), TrainingStatus(3, 1.0, 20.0, validated=True))
    assert "[@click(]ada: update 3" in terminal.getvalue()


@pytest.mark.parametrize("name", ["seed", ".seed"])
def test_no_submission_takes_the_place_of_the_seed(tmp_path: Path, name: str) -> None:
    assert a_job(tmp_path, tmp_path, {}, name).folder != tmp_path / "training" / ".seed"
