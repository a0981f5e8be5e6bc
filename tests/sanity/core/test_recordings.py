"""Recordings: bit for bit what was saved, and what they say of a submission."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sanity.core.recordings
from sanity.core.case import Case
from sanity.core.compare import same
from sanity.core.errors import CouldNotRun
from sanity.core.probe import Probe
from sanity.core.recordings import (
    KINDS,
    Recordings,
    RecordingsError,
    diagnose,
    fixed_cases,
    key_of,
    load,
    recording_path,
    save,
)
from tests.support.drawn import SIZES, alike, make_check, plain_values

PROBE = Probe("size", "size()", "size", {}, lambda code, case: None)


def recordable(value: Any) -> bool:
    """Whether a value can be saved: arrays of the kinds that models answer, and no key that marks an array."""
    if isinstance(value, np.ndarray):
        return value.dtype.str[1:] in KINDS
    if isinstance(value, dict):
        return "$" not in value and all(map(recordable, value.values()))
    return all(map(recordable, value)) if isinstance(value, list) else True


VALUES = plain_values().filter(recordable)


@given(
    st.dictionaries(st.text(), VALUES, max_size=4).filter(recordable),
    st.lists(st.tuples(st.lists(st.text(), max_size=2), VALUES), max_size=3),
)
def test_what_is_loaded_is_what_was_saved(right, diagnoses):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a0.npz"
        save(Recordings(right, {"a probe": diagnoses}), path)
        loaded = load(path)
        first = path.read_bytes()
        save(loaded, path)
        assert path.read_bytes() == first
    assert alike(loaded.right, right)
    assert alike(loaded.diagnoses, {"a probe": diagnoses})


def test_the_file_does_not_depend_on_the_order_of_asking(tmp_path):
    right = {"encode": [np.ones(2)], "step": {"a": np.zeros(3), "b": np.full(1, 7.0)}}
    turned = {"step": dict(reversed(right["step"].items())), "encode": right["encode"]}
    for name, asked in (("one", right), ("two", turned)):
        save(Recordings(asked, {}), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"text", b"PK\x03\x04 cut", "no index"])
def test_recordings_that_cannot_be_read_are_named(tmp_path, content):
    path = tmp_path / "a0.npz"
    if content == "no index":
        np.savez(path, f4=np.zeros(1))
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingsError) as error:
        load(path)
    assert str(error.value) == f"no readable recordings at {path}: reinstall trivium"


def test_no_code_is_loaded_with_them(tmp_path):
    np.savez(tmp_path / "a0.npz", index=np.array([print], dtype=object), **{kind: np.zeros(1) for kind in KINDS})
    with pytest.raises(RecordingsError):
        load(tmp_path / "a0.npz")


def test_a_case_that_was_not_recorded_is_a_mix_up_of_versions():
    recordings = Recordings({key_of(PROBE, SIZES.case()): 1}, {})
    assert recordings.expect(PROBE, SIZES.case()) == {"size": 1}
    with pytest.raises(CouldNotRun, match=r"^the recordings are of another version of the checks: reinstall trivium$"):
        recordings.expect(PROBE, SIZES.case(n=2))


def test_the_smallest_case_comes_first():
    assert [case.n for case in fixed_cases(SIZES)] == [1, 2, 5]
    assert [case.digest for case in fixed_cases(SIZES)] == [case.digest for case in fixed_cases(SIZES)]


@pytest.mark.parametrize(
    ("got", "want", "equal"),
    [
        (np.array([1.0, 2]), np.array([1.0, 2 + 1e-12]), True),
        (np.array([1.0, 2]), np.array([1.0, 2.1]), False),
        (np.array([1.0, 2]), np.array([[1.0, 2]]), False),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0, np.nan]), np.array([np.nan, 1.0]), False),
        (np.array([1.0, 2.0]), np.array([1.0, np.nan]), False),
        ([1.0, {"a": "b"}], [1 + 1e-9, {"a": "b"}], True),
        ([1.0], [1.0, 2.0], False),
        ({"a": 1}, {"b": 1}, False),
        (1, True, False),
        (None, None, True),
        ("text", np.array(1.0), False),
        (np.array(1.0), "text", False),
    ],
)
def test_answers_are_compared_within_tolerance(got, want, equal):
    assert sanity.core.recordings.alike(got, want) == equal


def counts(run: Any, expect: Any, case: Case) -> None:
    same(run(PROBE, case), expect(PROBE, case), {"size": ""})


MISTAKES = {"doubles": lambda n: 2.0 * n, "squares": lambda n: float(n**2), "counts to two": lambda n: min(n, 2.0)}


def recordings() -> Recordings:
    cases = fixed_cases(SIZES)  # of 1, 2 and 5
    diagnoses = {key_of(PROBE, case): [([name], np.array(f(case.n))) for name, f in MISTAKES.items()] for case in cases}
    return Recordings({key_of(PROBE, case): np.array(float(case.n)) for case in cases}, diagnoses)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_known_mistake_is_told_from_those_that_look_alike_on_some_cases(name):
    def run(probe: Any, case: Case) -> dict[str, Any]:
        return {"size": np.array(MISTAKES[name](case.n))}

    assert diagnose(make_check(counts), run, recordings()) == name


@pytest.mark.parametrize("answer", [lambda n: 2.0 * n if n < 5 else 11.0, lambda n: 2.0 if n == 2 else n + 3.0])
def test_what_fits_no_mistake_on_every_case_has_no_diagnosis(answer):
    def run(probe: Any, case: Case) -> dict[str, Any]:
        return {"size": np.array(answer(case.n))}

    assert diagnose(make_check(counts), run, recordings()) == ""


def test_the_recordings_are_small():
    assert 10_000 < recording_path("a4").stat().st_size < 2**20
