"""`trivium doctor` lists versions and requirements; its exit status says whether grading is safe."""

from __future__ import annotations

import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from graders.cli.doctor import GRADER, LIBRARIES, STUDENT
from graders.cli.main import main
from graders.sandbox.threats import THREATS

PACKAGES = [*STUDENT, *LIBRARIES, *GRADER]


def test_with_a_sandbox(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.sandbox.isolation.walls", lambda: {"sandlock": "", "Landlock": ""})
    assert main(["doctor"]) == 0
    system, *lines = capsys.readouterr().out.splitlines()
    assert system == f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    assert [line.split()[0] for line in lines[: len(PACKAGES)]] == PACKAGES
    assert lines[1].split() == ["numpy", version("numpy")]
    assert lines[len(PACKAGES) :][:3] == ["sanity checks: available", "sandlock: available", "Landlock: available"]
    assert lines[-1] == "grading: in the sandbox"


@pytest.mark.skipif(sys.platform != "linux", reason="walls are Linux's")
def test_a_table_tells_what_a_submission_is_kept_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graders.sandbox.isolation.walls", lambda: {"sandlock": "", "Landlock": "", "seccomp": ""})
    monkeypatch.setattr("graders.sandbox.isolation.landlock_abi", lambda: 4)
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("what a submission is kept from, on a kernel with Landlock ABI 4:") + 1
    rows = [re.split("  +", line.strip()) for line in lines[start : start + 1 + len(THREATS)]]
    assert rows[0] == ["threat", "closed by", "here"]
    told = {row[0]: row[1:] for row in rows[1:]}
    assert list(told) == [threat.what for threat in THREATS]
    assert told["signals other processes"] == [
        "seccomp and Landlock since ABI 6",
        "by seccomp alone: Landlock would need Linux 6.12",
    ]


def test_without_a_sandbox(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "graders.sandbox.isolation.walls", lambda: {"sandlock": "", "Landlock": "the kernel offers ABI 1"}
    )
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[len(PACKAGES) + 1 :][:3] == [
        "sanity checks: available",
        "sandlock: available",
        "Landlock: the kernel offers ABI 1",
    ]
    assert lines[-1] == "grading: only with --isolation none, for code you trust"


def test_a_package_that_is_not_installed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def without_torch(package: str) -> str:
        if package == "torch":
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr("graders.cli.doctor.version", without_torch)
    main(["doctor"])
    assert "  torch         not installed" in capsys.readouterr().out.splitlines()


def test_a_students_install_needs_no_sandbox(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def light(package: str) -> str:
        if package in GRADER and package != "jinja2":  # which training in assignment 4 needs, too
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr("graders.cli.doctor.version", light)
    assert main(["doctor"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-2]] == [*STUDENT, *LIBRARIES]
    assert lines[-1].startswith("grading: not installed; students need no more.")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_kernel_that_does_not_tell_how_long_threads_wait_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for reason in "", "the kernel does not tell":
        monkeypatch.setattr("graders.cli.doctor.why_wall_time", lambda reason=reason: reason)
        main(["doctor"])
        said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("time limits: ")]
        assert said == ([f"time limits: by the wall clock, also on a busy machine: {reason}"] if reason else [])
