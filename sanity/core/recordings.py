"""Recordings of the reference on fixed cases: the `expect` of checks on the student's machine.

They hold the reference's answers, and those of the planted bugs, so that a student who makes a known mistake reads its
name. Their cases are never those that mark a submission: the grader draws new ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Check
from sanity.core.compare import agrees
from sanity.core.errors import CouldNotRun, UserError
from sanity.core.forms import unpack
from sanity.core.judge import attempt
from sanity.core.probe import Answers, Probe, Run
from sanity.core.values import Unsupported
from sanity.core.verdict import Outcome, Verdict

SEED = 20221
"""Of the corner cases that are recorded."""

KINDS = ("f4", "f8", "i8", "b1")


def fixed_cases(cases: Cases) -> list[Case]:
    """Return the cases that are recorded: the smallest one, which is the easiest to look into, and the corners."""
    return [cases.case(), *cases.corner_cases(SEED)]


class RecordingsError(UserError):
    """The recordings of an assignment are missing or damaged."""


class Recordings:
    """The answers of the reference and of known mistakes, by probe and case."""

    def __init__(self, right: Mapping[str, Any], diagnoses: Mapping[str, list[tuple[list[str], Any]]]) -> None:
        self.right = right
        self.diagnoses = diagnoses
        """By probe and case, the answers of mistakes, with the names of all that give them."""

    def expect(self, probe: Probe, case: Case) -> Answers:
        """Return the recorded outputs; raise CouldNotRun if there are none for this case."""
        key = key_of(probe, case)
        if key not in self.right:
            raise CouldNotRun("the recordings are of another version of the checks: reinstall trivium")
        return unpack(self.right[key], probe.form, probe.what)

    def compared(self, probe: Probe, case: Case, answers: Answers) -> dict[str, bool]:
        """Return for each diagnosis recorded for this case whether that mistake gives these answers."""
        given: dict[str, bool] = {}
        for names, mistaken in self.diagnoses.get(key_of(probe, case), ()):
            same = alike(answers, unpack(mistaken, probe.form, probe.what))
            given |= {name: same or given.get(name, False) for name in names}
        return given


def key_of(probe: Probe, case: Case) -> str:
    """Return the key of a probe called on a case."""
    return f"{probe.name} {case.digest}"


def alike(got: Any, want: Any) -> bool:
    """Return whether two plain values are equal, arrays within tolerance."""
    if isinstance(want, np.ndarray) and np.isnan(want).any():
        return isinstance(got, np.ndarray) and all(map(agrees, _split_nan(got), _split_nan(want)))
    if isinstance(want, np.ndarray):
        return agrees(got, want)
    if isinstance(want, Mapping):
        return isinstance(got, Mapping) and got.keys() == want.keys() and all(alike(got[k], want[k]) for k in want)
    if isinstance(want, list | tuple):
        return isinstance(got, list | tuple) and len(got) == len(want) and all(map(alike, got, want))
    if isinstance(want, float):
        return isinstance(got, float | int) and bool(np.isclose(got, want, rtol=1e-5))
    return type(got) is type(want) and bool(got == want)


def _split_nan(array: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return where an array is NaN, and the array with zeros there."""
    nan = np.asarray(np.isnan(array))
    return nan, np.where(nan, 0, array)


def recording_path(assignment: str) -> Path:
    """Return where the recordings of an assignment lie."""
    return Path(__file__).parents[1] / "recorded" / f"{assignment}.npz"


def save(recordings: Recordings, path: Path) -> None:
    """Write recordings: a JSON index, and one flat array for each kind of number; "$" marks what JSON has not."""
    flat: dict[str, list[np.ndarray[Any, Any]]] = {kind: [] for kind in KINDS}
    sizes = dict.fromkeys(KINDS, 0)

    def index(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            kind = value.dtype.str[1:]
            start, sizes[kind] = sizes[kind], sizes[kind] + value.size
            flat[kind].append(value.ravel())
            return {"$": [kind, start, list(value.shape)]}
        if isinstance(value, Unsupported):
            return {"$": value.type}
        if isinstance(value, Mapping):
            return {key: index(value[key]) for key in sorted(value)}
        return [index(item) for item in value] if isinstance(value, list | tuple) else value

    text = json.dumps(index({"right": recordings.right, "diagnoses": recordings.diagnoses}))
    arrays = {kind: np.concatenate([np.zeros(0, kind), *parts]) for kind, parts in flat.items()}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, index=np.frombuffer(text.encode(), np.uint8), **arrays)


def load(path: Path) -> Recordings:
    """Read recordings; raise RecordingsError if they are missing or damaged."""
    try:
        with np.load(path) as file:
            arrays = {kind: file[kind] for kind in KINDS}
            tree = json.loads(file["index"].tobytes())
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        raise RecordingsError(f"no readable recordings at {path}: reinstall trivium") from None

    def value(node: Any) -> Any:
        if isinstance(node, dict) and isinstance(node.get("$"), str):
            return Unsupported(node["$"])
        if isinstance(node, dict) and "$" in node:
            kind, start, shape = node["$"]
            return arrays[kind][start : start + int(np.prod(shape))].reshape(shape)
        if isinstance(node, dict):
            return {key: value(item) for key, item in node.items()}
        return [value(item) for item in node] if isinstance(node, list) else node

    whole = value(tree)
    return Recordings(whole["right"], whole["diagnoses"])


def named(checks: Sequence[Check], verdicts: Sequence[Verdict], run: Run, recordings: Recordings) -> list[Verdict]:
    """Return the verdicts on a question's checks with the names of known mistakes as diagnoses.

    Where one answers as the submission does, the guesses of other checks, which fail for the same reason, are left out.
    A mistake that answers otherwise in any check of the question is named only if all that fit do. Of several the one
    that explains the most checks is named; if it is not clear which, none.
    """
    pairs = list(zip(checks, verdicts, strict=True))
    fits = {c.name: _compared(c, run, recordings) for c, verdict in pairs if verdict.outcome is Outcome.FAILED}
    if not any(True in found.values() for found in fits.values()):
        return list(verdicts)
    passed = [_compared(check, run, recordings) for check, verdict in pairs if verdict.outcome is Outcome.PASSED]
    unlike = {name for found in (*fits.values(), *passed) for name, same in found.items() if not same}
    fitting = {check: [name for name, same in found.items() if same] for check, found in fits.items()}
    everywhere = {check: [name for name in own if name not in unlike] for check, own in fitting.items()}
    names = everywhere if any(everywhere.values()) else fitting
    explains = Counter(name for own in names.values() for name in own)
    most = {check: max((explains[name] for name in own), default=0) for check, own in names.items()}
    best = {check: [name for name in own if explains[name] == most[check]] for check, own in names.items()}
    surest = {check: own[0] for check, own in best.items() if len(own) == 1}
    return [replace(verdict, diagnosis=surest.get(verdict.check, "")) for verdict in verdicts]


def diagnose(check: Check, run: Run, recordings: Recordings) -> str:
    """Return the diagnosis of a known mistake that answers this check's fixed cases as the submission does, or ""."""
    return next((name for name, same in _compared(check, run, recordings).items() if same), "")


def _compared(check: Check, run: Run, recordings: Recordings) -> dict[str, bool]:
    """Return for each mistake that is recorded for a check whether it answers alike in all of its fixed cases."""
    fits: dict[str, bool] = {}

    def watched(probe: Probe, case: Case) -> Answers:
        answers: Answers = run(probe, case)
        for diagnosis, same in recordings.compared(probe, case, answers).items():
            fits[diagnosis] = same and fits.get(diagnosis, True)
        return answers

    for case in fixed_cases(check.cases):
        attempt(check, watched, recordings.expect, case)
    return fits
