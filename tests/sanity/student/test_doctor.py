"""`sanity_check.py --doctor` says what is installed, and what is missing for which question."""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path

import pytest

from sanity.student.cli import main
from sanity.student.imports import all_imports


def test_with_everything_there(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--doctor"], reference) == 0
    system, *lines = capsys.readouterr().out.splitlines()
    assert system == f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    assert [line.split()[0] for line in lines[:-1]] == [
        *("trivium", "numpy", "hypothesis", "msgspec", "watchfiles", "platformdirs", "tqdm", "torch")
    ]
    assert lines[-1] == "a4: ready"


def test_a_library_is_missing_for_some_questions(
    reference: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("sanity.student.doctor.installed", lambda package: "" if package == "torch" else "1.0")
    assert main(["--doctor"], reference) == 1
    out = capsys.readouterr().out
    assert "  torch         not installed\n" in out
    assert "  missing torch, for 1b, 1c, 1d, 1e, 1f: install trivium with its extra [torch], see " in out
    assert out.endswith("a4: something is missing, see above\n")


def test_files_that_are_missing_or_hide_a_module_are_named(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (reference / "nmt_model.py").unlink()
    (reference / "vocab.py").unlink()
    (reference / "random.py").write_text("")
    (reference / "utils.py").write_text("import nowhere_at_all\nfrom model_embeddings import ModelEmbeddings\n")
    assert main(["--doctor"], reference) == 1
    said = " ".join(capsys.readouterr().out.split())
    for name in "nmt_model.py", "vocab.py":
        assert f"missing {reference / name}" in said
    assert "note left out: random.py would hide a module of that name: rename it" in said
    assert "note utils.py imports nowhere_at_all, which is not installed: pip install nowhere_at_all" in said
    assert "imports model_embeddings" not in said


def test_imports_are_followed_through_the_students_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b\nfrom os import path\ndef f():\n    import json.decoder\n")
    (tmp_path / "b.py").write_text("from a import f\nimport torch.nn as nn\n")
    assert all_imports(tmp_path / "a.py") == {"a", "b", "os", "json", "torch"}
    (tmp_path / "b.py").write_text("import torch (\n")
    assert all_imports(tmp_path / "a.py") == {"b", "os", "json"}
    assert all_imports(tmp_path / "none.py") == set()
    assert importlib.util.find_spec("nowhere_at_all") is None
