"""For the tests of trainings: one zygote for all their trainers, for starting one takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graders.records.training import Training
from graders.sandbox.isolation import Isolation
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import Zygote
from graders.training import runner
from tests.support.lent import Lent


@pytest.fixture(scope="session")
def trainers(tmp_path_factory: pytest.TempPathFactory, isolation: Isolation) -> Iterator[Zygote]:
    """A zygote whose trainers may read and write in the folders of all tests."""
    folders = (str(tmp_path_factory.getbasetemp()),)
    with Zygote(Profile("a4", (), 2000, "graders.sandbox.inside.trainer", folders, folders), isolation) as zygote:
        yield zygote


@pytest.fixture(scope="session")
def run_warm(trainers: Zygote) -> Callable[..., Training]:
    """Return `runner.run`, with trainers of this zygote."""

    def run(*arguments: Any) -> Training:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(runner, "Zygote", lambda *profile: Lent(trainers))
            return runner.run(*arguments)

    return run
