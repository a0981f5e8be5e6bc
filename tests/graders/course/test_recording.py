"""The recordings are fresh and small, and what is stale or wrong in them is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import graders.course.recording
from graders.course.assignment import assignment_names, load_assignment
from graders.course.planted import Variant, load_bugs
from graders.course.recording import RecordError, record, stale, write_recordings
from sanity.core.recordings import Recordings, load, recording_path, save

MAX_BYTES = 300_000


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    return load(recording_path("a4"))


@pytest.mark.slow
@pytest.mark.parametrize("assignment", assignment_names())
def test_the_recordings_are_fresh(assignment: str) -> None:
    assert stale(load_assignment(assignment)) == []


def test_the_recordings_are_small_and_the_same_bytes_if_saved_again(recordings: Recordings, tmp_path: Path) -> None:
    first, again = tmp_path / "a4.npz", tmp_path / "again.npz"
    save(recordings, first)
    save(load(first), again)
    assert first.read_bytes() == again.read_bytes()
    if sys.version_info >= (3, 11, 4):  # earlier ones write another version number into the headers of a zip
        assert first.read_bytes() == recording_path("a4").read_bytes()
    assert recording_path("a4").stat().st_size < MAX_BYTES


def test_what_is_stale_is_named(recordings: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a4.npz"
    monkeypatch.setattr(graders.course.recording, "recording_path", lambda assignment: path)
    monkeypatch.setattr(graders.course.recording, "record", lambda assignment: recordings)
    assert stale(load_assignment("a4")) == [f"no readable recordings at {path}: reinstall trivium"]
    assert write_recordings(load_assignment("a4")) == path
    assert stale(load_assignment("a4")) == []
    key = next(iter(recordings.right))
    save(Recordings({**recordings.right, key: "changed"}, recordings.diagnoses), path)
    assert stale(load_assignment("a4")) == [f"{path}: answers"]
    save(Recordings(recordings.right, {}), path)
    assert stale(load_assignment("a4")) == [f"{path}: diagnoses"]


def test_a_variant_that_fails_is_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = next(bug for bug in load_bugs(load_assignment("a4")) if bug.id == "pads-one-too-many")
    monkeypatch.setattr(graders.course.recording, "load_variants", lambda assignment: [Variant("wrong", bug.files)])
    with pytest.raises(RecordError) as error:
        record(load_assignment("a4"))
    assert str(error.value) == (
        "variant wrong does not pass pads_on_the_right of question 1a: sentence 0 has 3 words after padding, "
        "expected 2 (got ['w51', 'w27', '<pad>'], expected ['w51', 'w27'])"
    )
