"""What a student hands in is looked over before it is zipped."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from graders.course.assignment import course_root, handout_folder, load_assignment
from graders.intake.debuggers import debuggers
from graders.intake.pack import PackError, pack
from graders.intake.submission import read_submission
from sanity.core.manifest import ManifestError
from sanity.core.selection import select_in

FILES = ["utils.py", "model_embeddings.py", "bleu.py", "nmt_model.py"]


@pytest.fixture
def work(tmp_path):
    """A student's folder with everything answered."""
    folder = tmp_path / "work"
    shutil.copytree(handout_folder("a4"), folder)
    for name, content in load_assignment("a4").reference.items():
        (folder / name).write_bytes(content)
    written = folder / "written.md"
    written.write_text(written.read_text().replace("\n\n\n", "\n\nBecause.\n\n") + "\nBecause.\n")
    return folder


def refusal(folder: Path, out: Path) -> str:
    with pytest.raises(PackError) as error:
        pack(folder, out)
    return str(error.value)


def test_finished_work_is_zipped_without_a_warning(work, tmp_path):
    archive, warnings = pack(work, tmp_path / "mine.zip")
    assert (archive, warnings) == (tmp_path / "mine.zip", [])
    with ZipFile(archive) as submission:
        assert submission.namelist() == sorted([*FILES, "written.md"])
        for name in FILES:
            assert submission.read(name) == (work / name).read_bytes()


def test_it_is_written_here_unless_told_otherwise(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert pack(work)[0] == Path("a4-submission.zip")
    assert pack(work, work)[0] == work / "a4-submission.zip"
    assert (tmp_path / "a4-submission.zip").read_bytes() == (work / "a4-submission.zip").read_bytes()


def test_it_depends_on_nothing_but_the_files(work, tmp_path):
    first = pack(work, tmp_path / "1.zip")[0].read_bytes()
    for name in FILES:
        (work / name).chmod(0o700)
        os.utime(work / name, (1e9, 1e9))
    assert pack(work, tmp_path / "2.zip")[0].read_bytes() == first
    (work / "utils.py").write_bytes((work / "utils.py").read_bytes() + b"\n")
    assert pack(work, tmp_path / "3.zip")[0].read_bytes() != first


def test_part_of_the_work_is_packed_with_a_warning(work, tmp_path):
    shutil.copy(handout_folder("a4") / "utils.py", work)
    model = work / "nmt_model.py"
    model.write_text(
        model.read_text().replace("h_dec, _ = dec_state", 'raise NotImplementedError("1f: not implemented yet")')
    )
    archive, warnings = pack(work, tmp_path / "part.zip")
    assert archive.exists()
    assert warnings == ["utils.py: 1a is not answered yet", "nmt_model.py: 1f is not answered yet"]


def test_a_placeholder_in_a_comment_is_no_placeholder(work, tmp_path):
    utils = work / "utils.py"
    utils.write_text(utils.read_text() + '# raise NotImplementedError("1a: not implemented yet")\n')
    assert pack(work, tmp_path / "a.zip")[1] == []


def test_a_debugger_that_was_left_in_is_a_warning(work, tmp_path):
    model = work / "nmt_model.py"
    model.write_text("import pdb\n\n\ndef f():\n    pdb.set_trace()  # here\n" + model.read_text())
    (work / "helper.py").write_text(
        "from ipdb import set_trace\n# breakpoint()\nset_trace(context=5)\nx = 'breakpoint()'\n"
    )
    archive, warnings = pack(work, tmp_path / "a.zip")
    assert archive.exists()
    assert warnings == [
        "nmt_model.py, line 5: a debugger is left in: delete pdb.set_trace()",
        "helper.py, line 3: a debugger is left in: delete set_trace(context=5)",
    ]


def test_a_debugger_in_a_notebook_is_a_warning(tmp_path):
    cells = [{"cell_type": "code", "source": source} for source in ("x = 1", "%time\nif x:\n    breakpoint()")]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    assert debuggers(path) == ["a.ipynb, cell 2, line 3: a debugger is left in: delete breakpoint()"]
    path.write_text("{")
    assert debuggers(path) == []


def test_what_grading_takes_is_packed_and_earns_the_same(work, tmp_path):
    """Packing, the student's check and grading select files by the same code."""
    (work / "tools" / "deep").mkdir(parents=True)
    for name in ("tools/__init__.py", "tools/deep/__init__.py", "attention.py", "torch.py", "notes.txt", "old.py"):
        (work / name).write_text("x = 1\n")
    (work / "backup").mkdir()
    (work / "backup" / "utils.py").write_text("x = 2\n")
    (work / "old.py").write_text("#" * 1_000_001)
    archive, warnings = pack(work, tmp_path / "a.zip")
    manifest = load_assignment("a4").manifest
    folder, packed = (read_submission(path, manifest) for path in (work, archive))
    assert packed.digest == folder.digest and packed.files == folder.files
    assert set(packed.files) == {*FILES, "written.md", "attention.py", "tools/__init__.py", "tools/deep/__init__.py"}
    assert set(packed.files) == set(select_in(work, manifest).files)
    assert [line for line in folder.notes if line.startswith("left out")] == warnings


def test_the_untouched_handout_is_refused(tmp_path):
    folder = handout_folder("a4")
    expected = f"{folder}: no question is answered yet; is this the folder you worked in?"
    assert refusal(folder, tmp_path / "a.zip") == expected
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("## 1g. Masks\n\n## 1i. Kinds\nadditive\n# 2a\n \n", ["written.md: nothing below the headings of 1g, 2a"]),
        ("## 1g. Masks\n\n### 1.\nzero\n\n## 1i\n", ["written.md: nothing below the headings of 1g, 1i"]),
        ("1g: zero. 1i: additive. 2a: 0.6", []),
        ("## 1g. Masks\n\xff", []),
    ],
)
def test_headings_with_nothing_below_are_a_warning(work, tmp_path, text, warnings):
    (work / "written.md").write_text(text, encoding="latin-1")
    assert pack(work, tmp_path / "a.zip")[1] == warnings


def test_missing_files_are_all_named(work, tmp_path):
    (work / "utils.py").unlink()
    (work / "nmt_model.py").rename(work / "nmt_model (1).py")
    expected = f"{work}: missing utils.py, nmt_model.py; hand in {', '.join(FILES)}"
    assert refusal(work, tmp_path / "a.zip") == expected


def test_a_folder_that_is_no_assignment_is_refused(tmp_path):
    with pytest.raises(ManifestError, match=r"assignment\.toml: not found; run this in an assignment's folder"):
        pack(tmp_path, tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"import os\n\ndef pad_sents(:\n", "line 3, column 15: invalid syntax"),
        (b"x = (1,\n", "line 1, column 5: '(' was never closed"),
        (b"if True:\npass\n", "line 2, column 1: expected an indented block after 'if' statement on line 1"),
        (b"return 3\n", "line 1, column 1: 'return' outside function"),
        (b"name = 'Jos\xe9'\n", "not UTF-8: byte 0xe9 at offset 11; save the file as UTF-8"),
        (b"\xff\xfeu\0t\0f\0", "not UTF-8: byte 0xff at offset 0; save the file as UTF-8"),
        (b"# coding: klingon\n", "not Python: unknown encoding: klingon"),
        (b"x = 1\0\n", "not Python: source code string cannot contain null bytes"),
        (b"-" * 100_000 + b"1\n", "not Python: nested too deeply"),
        (b"+".join([b"1"] * 100_000) + b"\n", "not Python: nested too deeply"),
    ],
)
def test_what_is_not_python_is_refused_with_its_place(work, tmp_path, source, message):
    (work / "utils.py").write_bytes(source)
    assert refusal(work, tmp_path / "a.zip") == f"{work / 'utils.py'}: {message}"
    assert not (tmp_path / "a.zip").exists()


def test_a_byte_order_mark_is_harmless(work, tmp_path):
    (work / "utils.py").write_bytes(b"\xef\xbb\xbf" + (work / "utils.py").read_bytes().replace(b"\n", b"\r\n"))
    assert pack(work, tmp_path / "a.zip")[1] == []


def test_a_folder_in_a_files_place_is_refused(work, tmp_path):
    (work / "utils.py").unlink()
    (work / "utils.py").mkdir()
    assert refusal(work, tmp_path / "a.zip") == (f"{work}: missing utils.py; hand in {', '.join(FILES)}")


def test_an_unwritable_place_is_named(work, tmp_path):
    out = work / "utils.py" / "a.zip"
    assert refusal(work, out) == f"{out}: cannot write the submission: no folder {out.parent}"


def test_work_is_not_overwritten_by_mistake(work):
    before = (work / "utils.py").read_bytes()
    assert refusal(work, work / "utils.py") == f"{work / 'utils.py'}: the archive's name must end in .zip"
    assert (work / "utils.py").read_bytes() == before


LIGHT = """
import sys
from pathlib import Path
for name in ("sandlock", "rich", "jinja2", "torch", "numpy", "hypothesis"):
    sys.modules[name] = None
from graders.intake.debuggers import debuggers
from graders.intake.pack import pack
print(pack(Path(sys.argv[1]), Path(sys.argv[2]))[1])
"""


def test_it_needs_only_the_light_install(work, tmp_path):
    command = [sys.executable, "-c", LIGHT, work, tmp_path / "a.zip"]
    done = subprocess.run(command, cwd=course_root(), capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", "[]\n")
