"""Recordings of the reference on a few fixed cases: what `expect` is on the student's machine.

A recording holds cases, the reference's answers to them, and the answers that known slips give, so that a student
who makes one of those reads its name. Cases differ from those that mark a submission; those are drawn anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sanity.answer import unpack
from sanity.case import Case, Cases
from sanity.check import Answers, Check, Probe
from sanity.compare import agrees
from sanity.errors import CouldNotRun

SEED = 20221
"""Of the corner cases that are recorded."""

KINDS = ("f4", "f8", "i8", "b1")


def fixed_cases(cases: Cases) -> list[Case]:
    """Return the cases that are recorded: the smallest one, which is the easiest to look into, and the corners."""
    return [cases.case(), *cases.corner_cases(SEED)]


class Recordings:
    """What the reference and known slips answer, by probe and case."""

    def __init__(self, right: Mapping[str, Any], slips: Mapping[str, list[tuple[str, Any]]]) -> None:
        self.right = right
        self.slips = slips

    def expect(self, probe: Probe, case: Case) -> Answers:
        """Return the recorded outputs; raise CouldNotRun if there are none for this case."""
        key = key_of(probe, case)
        if key not in self.right:
            raise CouldNotRun("the recordings are of another version of the checks: reinstall trivium")
        return unpack(self.right[key], probe.form, probe.what)

    def slip(self, probe: Probe, case: Case, answers: Answers) -> str:
        """Return the diagnosis of the slip that gives these answers, or ""."""
        for diagnosis, slipped in self.slips.get(key_of(probe, case), ()):
            if alike(answers, unpack(slipped, probe.form, probe.what)):
                return diagnosis
        return ""


def key_of(probe: Probe, case: Case) -> str:
    """Name one question put to one case."""
    return f"{probe.name} {case.digest}"


def alike(got: Any, want: Any) -> bool:
    """Return whether two plain values are equal, arrays within tolerance."""
    if isinstance(want, np.ndarray):
        return agrees(got, want)
    if isinstance(want, Mapping):
        return isinstance(got, Mapping) and got.keys() == want.keys() and all(alike(got[k], want[k]) for k in want)
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(alike, got, want))
    if isinstance(want, float):
        return isinstance(got, float | int) and bool(np.isclose(got, want, rtol=1e-5))
    return type(got) is type(want) and bool(got == want)


def recording_path(assignment: str) -> Path:
    """Return where the recordings of an assignment lie."""
    return Path(__file__).parent / "recorded" / f"{assignment}.npz"


def save(recordings: Recordings, path: Path) -> None:
    """Write recordings: a JSON index, and one flat array for each kind of number."""
    flat: dict[str, list[np.ndarray[Any, Any]]] = {kind: [] for kind in KINDS}
    sizes = dict.fromkeys(KINDS, 0)

    def index(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            kind = value.dtype.str[1:]
            start, sizes[kind] = sizes[kind], sizes[kind] + value.size
            flat[kind].append(value.ravel())
            return {"$": [kind, start, list(value.shape)]}
        if isinstance(value, Mapping):
            return {key: index(item) for key, item in value.items()}
        return [index(item) for item in value] if isinstance(value, list | tuple) else value

    text = json.dumps(index({"right": recordings.right, "slips": recordings.slips}), sort_keys=True)
    arrays = {kind: np.concatenate([np.zeros(0, kind), *parts]) for kind, parts in flat.items()}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, index=np.frombuffer(text.encode(), np.uint8), **arrays)


def load(path: Path) -> Recordings:
    """Read recordings; raise CouldNotRun if they are not there or broken."""
    try:
        with np.load(path) as file:
            arrays = {kind: file[kind] for kind in KINDS}
            tree = json.loads(file["index"].tobytes())
    except (OSError, ValueError, KeyError, BadZipFile):
        raise CouldNotRun(f"no readable recordings at {path}: reinstall trivium") from None

    def value(node: Any) -> Any:
        if isinstance(node, dict) and "$" in node:
            kind, start, shape = node["$"]
            return arrays[kind][start : start + int(np.prod(shape))].reshape(shape)
        if isinstance(node, dict):
            return {key: value(item) for key, item in node.items()}
        return [value(item) for item in node] if isinstance(node, list) else node

    whole = value(tree)
    return Recordings(whole["right"], whole["slips"])


def diagnose(check: Check, run: Any, recordings: Recordings) -> str:
    """Return the name of a known slip that answers this check's fixed cases just as the submission does, or ""."""
    found: list[str] = []

    def watched(probe: Probe, case: Case) -> Answers:
        answers: Answers = run(probe, case)
        found.append(recordings.slip(probe, case, answers))
        return answers

    from sanity.judge import attempt

    for case in fixed_cases(check.cases):
        problem = attempt(check, watched, recordings.expect, case)
        if problem is not None:
            return next(filter(None, found), "")
    return ""
