"""Hostile parsers that are trained: they get no UAS that their trees do not deserve, and learn no tree.

Each is trained in a sandbox of its own, on a treebank where the last relation of dev and of the test is a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from graders.sandbox.isolation import Isolation, walls
from tests.hostile.lab import Lab, running, secret
from tests.hostile.parsing_attacks import ATTACKS
from tests.hostile.trained_class import TrainedClass, require_learnt, require_survived, train_attacks
from tests.hostile.training_attacks import Attack
from tests.support.tiny_treebank import a_job, reference_files, write_treebank

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("parsers"))
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def trained(lab: Lab) -> TrainedClass:
    for wall, reason in walls().items():
        if reason:
            pytest.skip(f"no walls here: {wall}: {reason}")
    known = secret()
    data = write_treebank(lab.folder / "treebank", secret=known)
    job = partial(a_job, data=data)
    return train_attacks(lab, Isolation.SANDLOCK, ATTACKS, "parser_model.py", reference_files(), job, known)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack(trained: TrainedClass, lab: Lab, attack: Attack) -> None:
    require_survived(trained, lab, attack)


def test_an_honest_neighbour_learns(trained: TrainedClass) -> None:
    require_learnt(trained)


def test_nothing_outside_has_changed_and_nothing_was_reached(trained: TrainedClass, lab: Lab) -> None:
    assert trained.changed == []
    assert trained.reached == []
    assert list((lab.folder / "scratch").iterdir()) == []
    assert running(str(lab.folder)) == []
