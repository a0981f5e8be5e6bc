"""Fixtures of the grader's tests: zygotes, a plan and a reference, started once and lent to every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graders.course.assignment import handout_folder, load_assignment
from graders.grading.plan import Plan, make_plan
from graders.grading.reference import Reference
from graders.sandbox.isolation import Isolation, walls
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import Zygote
from sanity.core.manifest import Manifest
from tests.support.lent import LentZygote


@pytest.fixture(scope="session")
def isolation() -> Isolation:
    """The strongest walls that stand here."""
    return Isolation.NONE if any(walls().values()) else Isolation.SANDLOCK


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return load_assignment("a4").manifest


@pytest.fixture(scope="session")
def reference_files(manifest: Manifest) -> dict[str, str]:
    """The files of a submission that gets full marks."""
    return {name: (load_assignment("a4").solutions / name).read_text() for name in manifest.submit}


@pytest.fixture(scope="session")
def stub_files(manifest: Manifest) -> dict[str, str]:
    """The files as a student receives them."""
    return {name: (handout_folder("a4") / name).read_text() for name in manifest.submit}


@pytest.fixture(scope="session")
def zygote(manifest: Manifest, isolation: Isolation) -> Iterator[Zygote]:
    with Zygote(Profile.answering(manifest), isolation) as zygote:
        zygote.wait_ready()
        yield zygote


@pytest.fixture(scope="session")
def plan() -> Plan:
    return make_plan(load_assignment("a4"), [], 1)


@pytest.fixture(scope="session")
def reference(plan: Plan, zygote: Zygote, isolation: Isolation) -> Iterator[Reference]:
    reference = Reference(plan, isolation)
    try:
        reference.prepare(zygote)
        yield reference
    finally:
        reference.close()


@pytest.fixture(scope="session")
def free_zygotes() -> Iterator[list[LentZygote]]:
    free: list[LentZygote] = []
    yield free
    for zygote in free:
        Zygote.close(zygote)


@pytest.fixture
def warm(free_zygotes: list[LentZygote], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engines of this test take zygotes that are already started, where there are any."""

    def lend(profile: Profile, isolation: Isolation) -> LentZygote:
        for index, zygote in enumerate(free_zygotes):
            if zygote.made_for == (profile, isolation) and zygote.works():
                return free_zygotes.pop(index)
        return LentZygote(profile, isolation, free_zygotes)

    monkeypatch.setattr("graders.grading.grader.Zygote", lend)
    monkeypatch.setattr("graders.grading.reference.Zygote", lend)
