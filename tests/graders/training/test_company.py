"""What a submission learns must translate a sentence as it does among others. Minutes: see `-m slow`.

Final states that are reshaped instead of joined cost no BLEU: attention finds in the encoder's states all that the
decoder's first state lacks. But then the decoder begins with what other sentences of the batch ended in.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.course.assignment import load_assignment
from graders.course.planted import load_bugs, reference_files
from graders.records.training import MOST_BATCH_SENSITIVE, Training, points_earned, student_line
from graders.sandbox.isolation import Isolation, walls
from graders.training.runner import train_one
from sanity.core.manifest import TrainedQuestion
from tests.support.tiny_corpus import a_job

pytestmark = pytest.mark.slow


def learnt(out: Path, files: dict[str, str]) -> tuple[Training, TrainedQuestion]:
    """A submission, trained on the toy languages until it has what earns all points."""
    isolation = Isolation.NONE if any(walls().values()) else Isolation.SANDLOCK
    coded = {name: text.encode() for name, text in files.items()}
    [trained] = load_assignment("a4").manifest.trained
    job = a_job(
        out, Path("toy"), coded, isolation=isolation, hyperparameters={}, budget=600, threshold=trained.threshold
    )
    return train_one(job), trained


def test_the_reference_translates_alike_in_any_company(tmp_path: Path) -> None:
    training, trained = learnt(tmp_path, reference_files(load_assignment("a4")))
    assert training.batch_sensitivity is not None and training.batch_sensitivity < MOST_BATCH_SENSITIVE / 4
    assert points_earned(training, trained, right=True) == trained.points


def test_reshaped_final_states_reach_the_bleu_and_earn_nothing(tmp_path: Path) -> None:
    [bug] = [bug for bug in load_bugs(load_assignment("a4")) if bug.id == "directions-viewed"]
    training, trained = learnt(tmp_path, bug.files)
    assert training.score is not None and training.score >= trained.threshold - 5
    assert training.batch_sensitivity is not None and training.batch_sensitivity > MOST_BATCH_SENSITIVE
    assert points_earned(training, trained, right=True) == 0
    assert "% of the answers change with the other sentences of the batch" in student_line(training, trained)
