"""`trivium doctor` says what is installed and works, and its exit status whether the role that is installed works."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import pytest

from graders.cli.doctor import GRADER, LIBRARIES, STUDENT
from graders.cli.main import main


def doctor(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    status = main(["doctor"])
    return status, capsys.readouterr().out.splitlines()


def walls(monkeypatch: pytest.MonkeyPatch, landlock: str) -> None:
    monkeypatch.setattr("graders.sandbox.isolation.walls", lambda: {"sandlock": "", "Landlock": landlock})


def test_where_the_sandbox_works(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    walls(monkeypatch, "")
    status, lines = doctor(capsys)
    packages = (*STUDENT, *LIBRARIES, *GRADER)
    assert lines[0] == f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    assert [line.split()[0] for line in lines[1 : 1 + len(packages)]] == list(packages)
    assert lines[2].split() == ["numpy", version("numpy")]
    assert (status, lines[1 + len(packages) :]) == (
        0,
        ["sanity checks: available", "sandlock: available", "Landlock: available", "grading: in the sandbox"],
    )


def test_where_it_does_not(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    walls(monkeypatch, "the kernel offers ABI 4")
    status, lines = doctor(capsys)
    assert status == 1
    assert lines[-3:] == [
        "sandlock: available",
        "Landlock: the kernel offers ABI 4",
        "grading: only with --isolation none, for code you trust",
    ]


def test_a_student_needs_no_grader(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def light(package: str) -> str:
        if package not in STUDENT:
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr("graders.cli.doctor.version", light)
    status, lines = doctor(capsys)
    assert status == 0
    assert "  torch         not installed" in lines
    assert lines[-2:] == [
        "sanity checks: available",
        "grading: not installed; students need no more. Staff: pip install 'trivium[graders]'",
    ]
