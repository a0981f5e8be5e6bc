"""Hostile submissions that are trained to answer questions: they earn nothing that they did not learn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from graders.records.training import Training, mismatches_reference, points_earned
from graders.sandbox.isolation import Isolation, walls
from graders.training.runner import train_one
from graders.training.tasks.registry import trained_question
from tests.graders.training.test_transformer import A5, TRAINED, a_job, reference
from tests.hostile.attacks import PRELUDE
from tests.hostile.lab import Lab, running
from tests.hostile.training_attacks import Attack
from tests.hostile.transformer_attacks import ATTACKS

FROM_THE_PROSE = "answers from the prose"


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    for wall, reason in walls().items():
        if reason:
            pytest.skip(f"no walls here: {wall}: {reason}")
    return Isolation.SANDLOCK


@dataclass(frozen=True)
class Outcome:
    training: Training
    printed: str
    changed: list[str]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("answered"))
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def outcomes(lab: Lab, isolation: Isolation) -> Iterator[dict[str, Outcome]]:
    prelude = PRELUDE.format(
        canary=str(lab.folder / "canary"),
        port=lab.listeners["tcp"].getsockname()[1],
        socket=str(lab.unix),
        grader=os.getpid(),
        marker=lab.marker,
        outside=[str(path) for path in lab.outside],
    )
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIVIUM_TOKEN", lab.token)
        patch.setattr("tempfile.tempdir", str(lab.folder / "scratch"))
        patch.setattr("graders.training.loop.MAX_MESSAGES", 3000)
        for attack in ATTACKS:
            files = reference(*TRAINED)
            files["model_solution.py"] = (prelude + attack.before + "\n").encode() + files["model_solution.py"]
            question = "5g" if attack.name == FROM_THE_PROSE else "5f"
            job = a_job(Path(lab.folder / "out"), question, files, isolation=isolation)
            job = replace(job, submission=replace(job.submission, name=attack.name))
            job = replace(job, limits=replace(job.limits, silence=30.0 if attack.name == "sleep" else 60.0))
            before = lab.state()
            training = train_one(job)
            changed = sorted({path for path, _ in before ^ lab.state()})
            found[attack.name] = Outcome(training, (job.folder / "printed.txt").read_text(), changed)
    yield found


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack(outcomes: dict[str, Outcome], lab: Lab, attack: Attack) -> None:
    training, printed = outcomes[attack.name].training, outcomes[attack.name].printed
    assert (training.stop_reason, training.message[: len(attack.says)]) == (attack.stop_reason, attack.says), printed
    assert (training.score is not None) == attack.tested
    if training.score is not None:
        assert attack.score[0] <= training.score <= attack.score[1]
    assert attack.prints in printed
    for text in ("ALLOWED", "FOUND", "EXPLODED", lab.canary, lab.token, "\x1b"):
        assert text not in printed
    assert outcomes[attack.name].changed == []
    assert len(printed) < 100_000 and len(training.message) < 1000


@pytest.mark.slow
def test_answers_that_were_not_learnt_earn_nothing(outcomes: dict[str, Outcome]) -> None:
    training = outcomes[FROM_THE_PROSE].training
    assert training.score == 100
    assert mismatches_reference(training.reference_mismatch)
    assert points_earned(training, trained_question(A5, "5g"), right=True) == 0


@pytest.mark.slow
def test_nothing_was_reached(outcomes: dict[str, Outcome], lab: Lab) -> None:
    assert lab.reached() == []
    assert running(str(lab.folder)) == []
