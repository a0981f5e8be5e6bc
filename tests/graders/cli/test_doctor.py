"""`trivium doctor` says what is installed and which walls stand, and its exit status whether grading is safe."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import pytest

from graders.cli.main import main

PACKAGES = ["trivium", "torch", "numpy", "hypothesis", "msgspec", "sandlock"]


def test_where_the_walls_stand(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.sandbox.isolation.walls", lambda: {"sandlock": "", "Landlock": ""})
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    assert [line.split()[0] for line in lines[1:7]] == PACKAGES
    assert lines[3].split() == ["numpy", version("numpy")]
    assert lines[7:] == [
        "  sandlock wall  stands",
        "  Landlock wall  stands",
        "submissions are graded in the sandbox",
    ]


def test_where_they_do_not(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "graders.sandbox.isolation.walls", lambda: {"sandlock": "", "Landlock": "the kernel offers ABI 4"}
    )
    assert main(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines()[7:] == [
        "  sandlock wall  stands",
        "  Landlock wall  does not stand: the kernel offers ABI 4",
        "only `--isolation none` works here: for code you trust",
    ]


def test_a_package_that_is_not_installed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def without_torch(package: str) -> str:
        if package == "torch":
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr("graders.cli.commands.version", without_torch)
    main(["doctor"])
    assert "  torch       not installed" in capsys.readouterr().out.splitlines()
