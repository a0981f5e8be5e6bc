"""The versions that marks depend on: what an assignment's modules import, found by reading them."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from graders.course.assignment import load_assignment
from graders.course.versions import library_versions
from graders.sandbox.session import Session
from graders.sandbox.zygote import Zygote
from sanity.a4.asked import PAD
from sanity.a4.cases import SENTENCES

BASE = {"python": platform.python_version(), "numpy": version("numpy")}


@pytest.mark.parametrize(
    ("source", "more"),
    [
        (b"import os\nimport sanity.core\nfrom . import rich\nfrom .rich import box\n", {}),
        (b"import no_library_of_this_name, utils", {}),
        (b"import os, rich.box as box; import msgspec", {"rich": version("rich")}),
        (b"def f():\n    from msgspec.json import encode\n", {"msgspec": version("msgspec")}),
        (b"import sklearn  # whose distribution has another name", {"sklearn": version("scikit-learn")}),
        (b"this is not Python\nimport rich\n\xff\0", {"rich": version("rich")}),
    ],
)
def test_what_a_module_imports_has_a_version(source: bytes, more: dict[str, str]) -> None:
    assert library_versions([b"", source]) == {**BASE, **more}


def test_only_what_an_assignment_uses_is_in_its_versions() -> None:
    assert not {"torch", "sklearn"} & load_assignment("a2").versions.keys()
    assert {"gensim", "matplotlib", "sklearn"} < load_assignment("a1").versions.keys()
    assert "torch" not in load_assignment("a1").versions
    assert load_assignment("a4").versions["torch"] == version("torch")


ASKING = b"""
import platform, numpy, torch

def pad_sents(sents, pad_token):
    return [platform.python_version(), numpy.__version__, str(torch.__version__)]
"""


def test_they_are_those_of_a_worker(zygote: Zygote) -> None:
    with Session(zygote, {"utils.py": ASKING}) as session:
        session.begin("utils", 10)
        answer = session(PAD, SENTENCES.case())["padded"]
    versions = load_assignment("a4").versions
    assert answer == [versions["python"], versions["numpy"], versions["torch"]]


def test_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shouts.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert library_versions([b"import shouts"]) == BASE
