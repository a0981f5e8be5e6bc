"""Hostile submissions that are trained: they get no BLEU that their translations do not deserve, and harm nobody.

Those of training_attacks.py are trained as a class, each in a sandbox of its own, on a corpus whose last references of
dev and test are secrets. Walls are tested in test_hostile.py; what is new here is a folder to write to, hours of time,
a voice, and the handout's own loop in the same process.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from graders.cli.train import _progress
from graders.records.training import StopReason
from graders.sandbox.isolation import Isolation, SandboxError, walls
from graders.training.endings import classify_error
from graders.training.loop import TrainingStatus, refuse_full_disk
from graders.training.tasks.registry import load_task
from sanity.core.calling import SubmissionError
from tests.hostile.lab import Lab, running, secret
from tests.hostile.trained_class import TrainedClass, require_learnt, require_survived, train_attacks
from tests.hostile.training_attacks import ATTACKS, Attack
from tests.support.tiny_corpus import a_job, reference_files, write_corpus


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


@pytest.fixture(scope="module")
def trained(lab: Lab, isolation: Isolation) -> TrainedClass:
    known = secret()
    data = write_corpus(lab.folder / "corpus", secret=f"a {known} b")
    return train_attacks(lab, isolation, ATTACKS, "nmt_model.py", reference_files(), partial(a_job, data=data), known)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.slow
def test_an_attack(trained: TrainedClass, lab: Lab, attack: Attack) -> None:
    require_survived(trained, lab, attack)


@pytest.mark.slow
def test_an_honest_neighbour_learns(trained: TrainedClass) -> None:
    require_learnt(trained)


@pytest.mark.slow
def test_nothing_outside_has_changed_and_nothing_was_reached(trained: TrainedClass, lab: Lab) -> None:
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
