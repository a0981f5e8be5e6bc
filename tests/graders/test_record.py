"""The recordings are fresh, enough for every right submission, and name the slips of the planted bugs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import graders.record
from graders.bugs import Bug, Variant, load_bugs, load_variants, reference_files
from graders.bugs.live import live
from graders.record import RecordError, record, stale, write_recordings
from sanity.check import load_checks
from sanity.errors import CheckFailed
from sanity.judge import Remembering, attempt
from sanity.recorded import Recordings, diagnose, fixed_cases, load, recording_path, save

CHECKS, BUGS = load_checks("a4"), load_bugs("a4")
RIGHT = [Variant("reference", reference_files("a4")), *load_variants("a4")]
MAX_BYTES = 300_000


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    return load(recording_path("a4"))


def said(bug: Bug, recordings: Recordings) -> tuple[str, list[str]]:
    """Return what a bug should read, and what it reads of each differential check of its question that it fails."""
    with live("a4", bug.files) as child:
        run = Remembering(child)
        failing = [
            check
            for check in CHECKS
            if check.question == bug.question and not check.law
            if any(isinstance(attempt(check, run, recordings.expect, c), CheckFailed) for c in fixed_cases(check.cases))
        ]
        return bug.says, [diagnose(check, run, recordings) for check in failing]


@pytest.mark.slow
def test_the_recordings_are_fresh() -> None:
    assert stale("a4") == []


def test_the_recordings_are_small_and_the_same_bytes_if_saved_again(recordings: Recordings, tmp_path: Path) -> None:
    save(recordings, tmp_path / "a4.npz")
    assert (tmp_path / "a4.npz").read_bytes() == recording_path("a4").read_bytes()
    assert recording_path("a4").stat().st_size < MAX_BYTES


@pytest.mark.parametrize("submission", RIGHT, ids=lambda submission: submission.id)
def test_the_recordings_answer_all_that_a_right_submission_makes_the_checks_expect(
    submission: Variant, recordings: Recordings
) -> None:
    with live("a4", submission.files) as child:
        run = Remembering(child)
        for check in CHECKS:
            for case in fixed_cases(check.cases):
                assert attempt(check, run, recordings.expect, case) is None, (check.name, case.words)


def test_slips_are_named(recordings: Recordings) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda bug: said(bug, recordings), BUGS))
    wrong = [(says, read) for says, read in answers if read]
    assert len(wrong) > len(BUGS) / 2
    named = [says for says, read in wrong if says in read]
    assert len(named) >= 0.9 * len(wrong)
    misnamed = [(says, other) for says, read in wrong for other in read if other not in ("", says)]
    assert len(misnamed) <= 0.05 * len(wrong), misnamed


def test_what_is_stale_is_named(recordings: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a4.npz"
    monkeypatch.setattr(graders.record, "recording_path", lambda assignment: path)
    monkeypatch.setattr(graders.record, "record", lambda assignment: recordings)
    assert stale("a4") == [f"no readable recordings at {path}: reinstall trivium"]
    assert write_recordings("a4") == path
    assert stale("a4") == []
    key = next(iter(recordings.right))
    save(Recordings({**recordings.right, key: "changed"}, recordings.slips), path)
    assert stale("a4") == [f"{path}: answers"]
    save(Recordings(recordings.right, {}), path)
    assert stale("a4") == [f"{path}: slips"]


def test_a_variant_that_fails_is_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = next(bug for bug in BUGS if bug.id == "pads-one-too-many")
    monkeypatch.setattr(graders.record, "load_variants", lambda assignment: [Variant("wrong", bug.files)])
    with pytest.raises(RecordError) as error:
        record("a4")
    assert str(error.value) == (
        "variant wrong does not pass pads_on_the_right: sentence 0 has 2 words after padding, expected 1"
    )
