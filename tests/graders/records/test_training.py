"""Trainings: their points, the line for the student, and training.json."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.records.training import (
    StopReason,
    Training,
    TrainingError,
    points_earned,
    read,
    student_line,
    training_path,
    write,
)
from tests.support.trainings import REACHED, TRAINED, trained, trainings


@pytest.mark.parametrize(
    ("score", "earned"),
    [(None, 0), (0.0, 0), (19.99, 0), (20.0, 2), (49.99, 2), (50.0, 4), (89.99, 4), (89.996, 8), (90.0, 8), (100.0, 8)],
)
def test_points_go_by_thresholds_on_the_score_as_it_is_shown(score: float | None, earned: float) -> None:
    assert points_earned(trained(score=score), TRAINED, right=True) == earned


@given(trainings(), trainings())
def test_a_higher_score_never_earns_less(one: Training, other: Training) -> None:
    low, high = sorted(points_earned(trained(score=t.score), TRAINED, right=True) for t in (one, other))
    assert 0 <= low <= high <= TRAINED.points
    if one.score is not None and other.score is not None and one.score <= other.score:
        assert points_earned(trained(score=one.score), TRAINED, right=True) <= points_earned(
            trained(score=other.score), TRAINED, right=True
        )


@pytest.mark.parametrize("stop_reason", StopReason)
def test_what_was_reached_counts_whatever_ended_it(stop_reason: StopReason) -> None:
    assert points_earned(trained(stop_reason=stop_reason, score=60.0), TRAINED, right=True) == 4


def test_other_data_than_the_questions_earn_nothing() -> None:
    other = trained(data="multi30k")
    assert points_earned(other, TRAINED, right=True) == 0
    assert (
        student_line(other, TRAINED)
        == "trained on multi30k, but only toy earns points; training reached the required score on dev"
    )


@pytest.mark.parametrize(("batch_sensitivity", "earned"), [(None, 8), (0.0, 8), (0.02, 8), (0.021, 0), (1.0, 0)])
def test_answers_that_depend_on_other_sentences_earn_nothing(batch_sensitivity: float | None, earned: float) -> None:
    assert points_earned(trained(batch_sensitivity=batch_sensitivity), TRAINED, right=True) == earned


@pytest.mark.parametrize(("reference_mismatch", "earned"), [(None, 8), (0.0, 8), (0.05, 8), (0.06, 0), (1.0, 0)])
def test_a_right_model_that_answers_otherwise_than_its_weights_earns_nothing(
    reference_mismatch: float | None, earned: float
) -> None:
    assert points_earned(trained(reference_mismatch=reference_mismatch), TRAINED, right=True) == earned
    assert (
        points_earned(trained(reference_mismatch=reference_mismatch), TRAINED, right=False) == 8
    )  # its mistakes may be the reason


def test_the_student_is_told_the_score_and_what_the_next_points_need() -> None:
    assert student_line(REACHED, TRAINED) == f"BLEU 93.46 (91 to 95.25) on toy; {REACHED.message}"
    stop_reason = trained(score=20.0, low=None, message="the time is up")
    assert student_line(stop_reason, TRAINED) == "BLEU 20 on toy; BLEU 50 earns 4 points; the time is up"
    assert student_line(trained(score=None, message="it crashed"), TRAINED) == "no BLEU; it crashed"


@given(trainings())
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, training: Training) -> None:
    out = tmp_path_factory.mktemp("out")
    path = write(training, out)
    assert path == training_path(out, training.submission, "1h")
    assert path.parents[2] == out / "training"
    assert read(out, training.submission, "1h") == training


def test_nothing_is_there_before_training(tmp_path: Path) -> None:
    assert read(tmp_path, "ada", "1h") is None


def broken_files() -> st.SearchStrategy[bytes]:
    whole = msgspec.json.encode(REACHED)
    cut = st.integers(0, len(whole) - 1).map(lambda size: whole[:size])
    reference_mismatch = st.sampled_from(
        [b"{}", b"[1]", b"\xff\xfe", whole.replace(b'"reached"', b'"won"'), b"null", whole * 2]
    )
    return cut | reference_mismatch


@given(broken_files())
def test_a_file_that_is_no_training_is_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    out = tmp_path_factory.mktemp("out")
    path = write(REACHED, out)
    path.write_bytes(content)
    with pytest.raises(TrainingError) as error:
        read(out, "ada", "1h")
    message = str(error.value)
    assert message.startswith(f"{path}: not a training of this version: ") and message.endswith("; train again")
    assert "\n" not in message


def test_a_folder_in_its_place_is_one_line(tmp_path: Path) -> None:
    path = training_path(tmp_path, "ada", "1h")
    path.mkdir(parents=True)
    with pytest.raises(TrainingError) as error:
        read(tmp_path, "ada", "1h")
    assert str(error.value) == f"{path}: cannot be read: Is a directory"


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write(REACHED, tmp_path)
    write(trained(score=1.0), tmp_path)
    again = read(tmp_path, "ada", "1h")
    assert again is not None and again.score == 1.0
    assert [path.name for path in training_path(tmp_path, "ada", "1h").parent.iterdir()] == ["training.json"]
