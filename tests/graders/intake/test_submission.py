from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import handout_folder, load_assignment
from graders.intake.discovery import find_class
from graders.intake.path_policy import IntakeError, IntakeLimits
from graders.intake.submission import Submission, read, read_submission
from sanity.core.file_names import shown
from sanity.core.manifest import Manifest, QuestionLimits, WrittenQuestion
from sanity.core.selection import select_files

TOY = Manifest("toy", "A toy", ("model.py", "utils.py"), ("vocab.py",), (), limits=QuestionLimits(1, 1))
WHOLE = {"model.py": b"import utils\n", "utils.py": b"x = 1\n"}
HandIn = Callable[..., Submission]


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(params=["folder", "zip"])
def hand_in(request: pytest.FixtureRequest, tmp_path: Path) -> HandIn:
    """Return a function that takes files in, as a folder and as a zip: every rule holds for both."""

    def take(files: Mapping[str, bytes], limits: IntakeLimits | None = None) -> Submission:
        write = write_folder if request.param == "folder" else write_zip
        return read_submission(write(tmp_path / "hw", files), TOY, limits or IntakeLimits())

    return take


# What is taken


def test_a_whole_submission_has_no_notes(hand_in: HandIn, tmp_path: Path) -> None:
    submission = hand_in(WHOLE)
    assert submission.name == "hw"
    assert dict(submission.files) == WHOLE
    assert submission.notes == ()
    assert submission.source == tmp_path / "hw"


def test_the_reference_enters_by_the_same_door() -> None:
    manifest = load_assignment("a4").manifest
    submission = read_submission(load_assignment("a4").solutions, manifest)
    assert list(submission.files) == sorted(manifest.submit)
    staff = len(list(load_assignment("a4").solutions.glob("staff/*.py")))
    [note] = submission.notes
    assert note.startswith("left out: staff/ablations.py, staff/") and f" and {staff - 3} more: only a folder" in note


def test_from_a_whole_handout_only_what_is_asked_for_is_taken(tmp_path: Path) -> None:
    manifest = load_assignment("a4").manifest
    handout = {p.name: p.read_bytes() for p in handout_folder("a4").iterdir() if p.is_file()}
    forged = {"sanity_check.py": b"print('All passed')", "vocab.py": b"", "assignment.toml": b""}
    submission = read_submission(write_folder(tmp_path / "a4", {**handout, **forged}), manifest)
    assert set(submission.files) == {*manifest.submit, "written.md"} & set(handout)
    assert any(note.startswith("ignored: README.md, assignment.toml, ") for note in submission.notes)


def test_files_are_sorted_and_the_digest_is_theirs(hand_in: HandIn) -> None:
    submission = hand_in({"utils.py": b"ab", "model.py": b"c", "helper.py": b""})
    assert list(submission.files) == ["helper.py", "model.py", "utils.py"]
    assert submission.digest == hashlib.sha256(b"9 0 helper.py8 1 model.pyc8 2 utils.pyab").hexdigest()


def test_junk_is_not_seen(hand_in: HandIn) -> None:
    junk = [
        *("__MACOSX/._utils.py", "._utils.py", ".DS_Store", "Thumbs.db", "__pycache__/utils.cpython-311.pyc"),
        *(".ipynb_checkpoints/utils.py", "venv/lib/utils.py", ".venv/utils.py", ".git/HEAD", "utils.pyc", "utils.py~"),
    ]
    submission = hand_in({**WHOLE, **dict.fromkeys(junk, b"x")})
    assert dict(submission.files) == WHOLE
    assert submission.notes == ()


def test_helper_modules_at_the_top_are_taken(hand_in: HandIn) -> None:
    submission = hand_in({**WHOLE, "attention.py": b"y = 2\n"})
    assert submission.files["attention.py"] == b"y = 2\n"
    assert submission.notes == ()


@pytest.mark.parametrize("module", ["numpy", "torch", "json", "sitecustomize", "usercustomize", "conftest", "sanity"])
def test_a_helper_that_would_hide_a_module_is_left_out(hand_in: HandIn, module: str) -> None:
    submission = hand_in({**WHOLE, f"{module}.py": b"raise SystemExit"})
    assert dict(submission.files) == WHOLE
    assert submission.notes == (f"left out: {module}.py would hide a module of that name: rename it",)


@pytest.mark.parametrize("name", ["vocab.py", "Vocab.py"])
def test_given_files_cannot_be_replaced(hand_in: HandIn, name: str) -> None:
    submission = hand_in({**WHOLE, name: b"PAD = 0\n"})
    assert dict(submission.files) == WHOLE
    assert submission.notes == (f"ignored: {name} is given",)


def test_other_files_are_left_out_in_one_note(hand_in: HandIn) -> None:
    extras = ["data.npz", "utils (1).py", "torch/__init__.py", "pytest.ini", "evil.pth"]
    submission = hand_in({**WHOLE, **dict.fromkeys(extras, b"x")})
    assert dict(submission.files) == WHOLE
    assert submission.notes == (
        "left out: torch/__init__.py would hide a module of that name: rename it",
        "left out: 4 other files: data.npz, evil.pth, pytest.ini and 1 more",
    )


def test_packages_are_helpers_and_other_folders_are_not(hand_in: HandIn) -> None:
    package = {"tools/__init__.py": b"", "tools/utils.py": b"1", "tools/more/deep.py": b"2"}
    submission = hand_in({**WHOLE, **package, "tools/words.txt": b"3", "last_week/utils.py": b"4", "notes/a.py": b"5"})
    assert dict(submission.files) == {**WHOLE, **package}
    assert submission.notes == (
        "left out: last_week/utils.py: only the top folder counts",
        "left out: notes/a.py: only a folder with an __init__.py is a package",
        "left out: 1 other file: tools/words.txt",
    )


def test_a_helper_that_cannot_be_read_costs_only_itself(hand_in: HandIn) -> None:
    submission = hand_in({**WHOLE, "big.py": b"#" * 2_000}, limits=IntakeLimits(file_bytes=1_000))
    assert dict(submission.files) == WHOLE
    assert submission.notes == ("left out: big.py is larger than 1,000 bytes; hand in only the files asked for",)


def test_what_is_left_out_is_not_read(hand_in: HandIn) -> None:
    submission = hand_in({**WHOLE, "model.bin": b"\0" * 5_000}, limits=IntakeLimits(file_bytes=1_000))
    assert submission.notes == ("left out: 1 other file: model.bin",)


def test_notes_show_no_control_characters(hand_in: HandIn) -> None:
    submission = hand_in({**WHOLE, "a\n\x1b[31mb\u202e.txt": b""})
    assert submission.notes == ("left out: 1 other file: a%0A%1B[31mb%E2%80%AE.txt",)


# Folders in folders


def test_single_folders_are_unwrapped(hand_in: HandIn) -> None:
    submission = hand_in({f"hw4/hw4/{name}": content for name, content in WHOLE.items()} | {"__MACOSX/x": b""})
    assert dict(submission.files) == WHOLE
    assert submission.notes == ("unwrapped the folder hw4/hw4/",)


def test_what_lies_beside_the_folder_of_the_files_is_left_out(hand_in: HandIn) -> None:
    files = {f"hw4/{name}": content for name, content in WHOLE.items()}
    submission = hand_in({**files, "hw4/helper.py": b"", "report.pdf": b"", "old/x.py": b""})
    assert submission.files == {**WHOLE, "helper.py": b""}
    assert submission.notes == (
        "unwrapped the folder hw4/",
        "left out: old/x.py, report.pdf: only hw4/ counts",
        "helper.py is empty",
    )


def test_the_folder_with_all_files_counts(hand_in: HandIn) -> None:
    submission = hand_in({**{f"new/{name}": content for name, content in WHOLE.items()}, "old/utils.py": b"0"})
    assert dict(submission.files) == WHOLE
    assert submission.notes == ("unwrapped the folder new/", "left out: old/utils.py: only new/ counts")


def test_files_in_different_folders_are_put_together(hand_in: HandIn) -> None:
    submission = hand_in({"a/utils.py": WHOLE["utils.py"], "b/model.py": WHOLE["model.py"]})
    assert dict(submission.files) == WHOLE
    assert submission.notes == ("took b/model.py for model.py", "took a/utils.py for utils.py")


def test_a_folder_that_belongs_to_the_hand_in_is_not_unwrapped() -> None:
    manifest = Manifest("toy", "", ("utils/utils.py",), (), (), limits=QuestionLimits(1, 1))
    with tempfile.TemporaryDirectory() as folder:
        submission = read_submission(write_folder(Path(folder), {"hw/utils/utils.py": b"1"}), manifest)
    assert submission.files == {"utils/utils.py": b"1"}
    assert submission.notes == ("unwrapped the folder hw/",)


def test_two_candidates_are_refused(hand_in: HandIn) -> None:
    with pytest.raises(IntakeError) as error:
        hand_in({"a/utils.py": b"1", "b/utils.py": b"2", "model.py": b""})
    assert str(error.value) == "hw: which utils.py counts? Found a/utils.py, b/utils.py; hand in one"


def test_the_top_folder_counts(hand_in: HandIn) -> None:
    submission = hand_in({**WHOLE, "old/utils.py": b"x = 0\n", "older/utils.py": b""})
    assert dict(submission.files) == WHOLE
    assert submission.notes == ("left out: old/utils.py, older/utils.py: only the top folder counts",)


# Missing and misnamed files


def test_a_missing_file_is_a_note(hand_in: HandIn) -> None:
    submission = hand_in({"model.py": b"1"})
    assert submission.files == {"model.py": b"1"}
    assert submission.notes == ("missing: utils.py",)


@pytest.mark.parametrize(
    "name",
    [
        *("Utils.py", "UTILS.PY", "utils (1).py", "utils(2).py", "utils-1.py", "utils-1 (2).py", "Copy of utils.py"),
        *("utils.py.txt", "utils - Copy.py", "utils - Copy (2).py", "utils copy.py", "utils copy 2.py"),
        *("src/utils.py", "src/Utils-3.py"),
    ],
)
def test_a_copy_is_taken_if_it_is_the_only_one(hand_in: HandIn, name: str) -> None:
    submission = hand_in({"model.py": b"1", name: b"2"})
    assert submission.files == {"model.py": b"1", "utils.py": b"2"}
    assert submission.notes == (f"took {name} for utils.py",)


def test_a_copy_beside_the_file_is_left_out(hand_in: HandIn) -> None:
    submission = hand_in({**WHOLE, "utils (1).py": b"2", "utils-1.py": b"3"})
    assert dict(submission.files) == WHOLE
    assert submission.notes == ("left out: 2 other files: utils (1).py, utils-1.py",)


def test_of_two_copies_none_is_taken(hand_in: HandIn) -> None:
    with pytest.raises(IntakeError) as error:
        hand_in({"model.py": b"1", "utils (1).py": b"2", "utils (2).py": b"3"})
    assert str(error.value) == "hw: which utils.py counts? Found utils (1).py, utils (2).py; hand in one"


def test_a_module_of_a_package_stays_there_when_it_is_taken(hand_in: HandIn) -> None:
    submission = hand_in({"model.py": b"from src.utils import x", "src/__init__.py": b"", "src/utils.py": b"x = 1"})
    assert submission.files["src/utils.py"] == submission.files["utils.py"] == b"x = 1"


@pytest.mark.parametrize("name", ["utils.ipynb", "util.py", "src/util.py"])
def test_a_near_miss_is_a_hint_and_never_used(hand_in: HandIn, name: str) -> None:
    submission = hand_in({"model.py": b"1", name: b"2"})
    assert submission.notes[0] == f"missing: utils.py (did you mean {name}?)"
    assert "utils.py" not in submission.files


@pytest.mark.parametrize("name", ["tests.py", "attention.py", "vocab.py", "model.py"])
def test_a_different_name_is_no_near_miss(name: str) -> None:
    notes = select_files(sorted({"model.py", name}), TOY).notes
    assert notes[0] == "missing: utils.py"


def test_nothing_known_is_an_empty_submission_with_the_reason(hand_in: HandIn) -> None:
    submission = hand_in({"essay.docx": b"PK", "main.py": b"1"})
    assert submission.files == {}
    assert submission.notes == (
        "missing: model.py",
        "missing: utils.py",
        "nothing to grade: found only essay.docx, main.py",
    )


def test_nothing_at_all_is_an_empty_submission_with_the_reason(hand_in: HandIn) -> None:
    submission = hand_in({})
    assert submission.files == {}
    assert submission.notes == ("missing: model.py", "missing: utils.py", "nothing to grade: it holds no files")


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"", "utils.py is empty"),
        ("x = 1".encode("utf-16"), "utils.py is UTF-16: save it as UTF-8"),
        (b"\xfe\xff\x00x", "utils.py is UTF-16: save it as UTF-8"),
        ("x = 1".encode("utf-16-le"), "utils.py contains NUL bytes: save it as plain text, UTF-8"),
    ],
)
def test_contents_that_are_no_source_are_noted_and_kept(hand_in: HandIn, content: bytes, note: str) -> None:
    submission = hand_in({**WHOLE, "utils.py": content})
    assert submission.files["utils.py"] == content
    assert submission.notes == (note,)


def test_a_utf8_byte_order_mark_is_fine(hand_in: HandIn) -> None:
    assert hand_in({**WHOLE, "utils.py": b"\xef\xbb\xbfx = 1\r\n"}).notes == ()


# Names


@pytest.mark.parametrize(
    ("found", "name"),
    [("Émile Zola", "Émile Zola"), ("a\nb", "a%0Ab"), ("a\\b", "a%5Cb"), ("100%", "100%25"), ("=cmd()", "=cmd()")],
)
def test_a_name_is_escaped(tmp_path: Path, found: str, name: str) -> None:
    assert read_submission(write_folder(tmp_path / found, WHOLE), TOY).name == name


def test_the_name_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_folder(tmp_path / "smith", WHOLE))
    assert read_submission(Path(), TOY).name == "smith"
    monkeypatch.chdir(write_folder(tmp_path / "smith" / "src", {}))
    assert read_submission(Path(".."), TOY).name == "smith"


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True), st.text("ab/\\\n%é\udcff", max_size=400))
def test_shown_is_one_short_line_and_tells_names_apart(names: list[str], stem: str) -> None:
    first, second = (shown(stem + name, keep="") for name in names)
    assert first != second
    for text in (first, second):
        assert len(text) <= 100 and text.isprintable() and not set(text) & set("/\\")
        text.encode()


# Finding submissions


def sources(*paths: Path) -> list[Path]:
    return [one.source for one in find_class(paths, TOY).found]


def names_of(*paths: Path) -> list[str]:
    return [one.name for one in find_class(paths, TOY).found]


def test_a_submission_is_found_as_itself(tmp_path: Path) -> None:
    plain = write_folder(tmp_path / "plain", {"utils.py": b""})
    wrapped = write_folder(tmp_path / "wrapped", {"a/b/model.py": b"", "__MACOSX/x": b""})
    archive = write_zip(tmp_path / "c.zip", WHOLE)
    assert sources(plain, wrapped, archive) == [archive, plain, wrapped]


def test_a_class_is_its_folders_and_archives_by_name(tmp_path: Path) -> None:
    write_folder(tmp_path / "bob", WHOLE)
    write_folder(tmp_path / "empty", {})
    write_folder(tmp_path / "__MACOSX", WHOLE)
    write_zip(tmp_path / "alice", WHOLE)
    write_zip(tmp_path / "roster.xlsx", {})
    (tmp_path / "carol.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    (tmp_path / "dave.ZIP").write_bytes(b"")
    (tmp_path / "erin").write_bytes(b"7z\xbc\xaf\x27\x1c")
    (tmp_path / "grades.csv").write_text("alice,10\n")
    assert names_of(tmp_path) == ["alice", "bob", "carol.rar", "dave.ZIP", "empty", "erin"]


def test_a_class_of_one_is_a_class(tmp_path: Path) -> None:
    write_folder(tmp_path / "class-one/ada", WHOLE)
    assert names_of(tmp_path / "class-one") == ["ada"]


def test_every_folder_of_a_class_is_a_student_but_hidden_ones_and_our_own_output(tmp_path: Path) -> None:
    names = ["bob~", "carl.pyc", "venv", "__pycache__", ".github", ".git", "grades"]
    for name in names:
        write_folder(tmp_path / name, WHOLE)
    write_folder(tmp_path / "grades", {"gradebook.sqlite": b""})
    assert names_of(tmp_path) == ["__pycache__", "bob~", "carl.pyc", "venv"]


def test_a_student_who_looks_like_our_output_is_not_left_out_in_silence(tmp_path: Path) -> None:
    write_folder(tmp_path / "class/ann", WHOLE)
    write_folder(tmp_path / "class/grades", {"gradebook.sqlite": b"", "results/ann.json": b"{}"})
    assert find_class([tmp_path / "class"], TOY).notes == ()
    write_folder(tmp_path / "class/bob", {**WHOLE, "gradebook.sqlite": b""})
    write_folder(tmp_path / "class/cem/hw", WHOLE)
    write_folder(tmp_path / "class/cem", {"gradebook.sqlite": b""})
    found = find_class([tmp_path / "class"], TOY)
    assert [one.name for one in found.found] == ["ann"]
    assert found.notes == (
        f"{tmp_path}/class: left out: bob, cem: taken for output of ours: is it a student's? "
        "Then remove gradebook.sqlite from it",
    )


def test_a_submission_named_twice_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "class/ann", WHOLE)
    write_folder(tmp_path / "class/bob", WHOLE)
    monkeypatch.chdir(tmp_path)
    found = sources(Path("class/bob"), Path("class"), tmp_path / "class")
    assert found == [Path("class/ann"), Path("class/bob")]


def test_a_link_in_a_class_is_found_and_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "class/ann", WHOLE)
    (tmp_path / "class/bob").symlink_to(write_folder(tmp_path / "elsewhere", WHOLE))
    ann, bob = find_class([tmp_path / "class"], TOY).found
    assert read(ann, TOY).files == WHOLE
    with pytest.raises(IntakeError) as error:
        read(bob, TOY)
    assert str(error.value) == "bob: is a link; give the folder or the zip archive itself"


@pytest.mark.parametrize("files", [{}, {"grades.csv": b""}, {".DS_Store": b""}])
def test_a_folder_without_submissions(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(IntakeError) as error:
        find_class([write_folder(tmp_path, files)], TOY)
    assert str(error.value) == (
        f"{tmp_path}: no submission found; expected model.py or utils.py in it, "
        "or a folder or zip archive for each student"
    )


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(IntakeError) as error:
        find_class([tmp_path / "nobody"], TOY)
    assert str(error.value) == f"{tmp_path}/nobody: cannot be read: No such file or directory"
    with pytest.raises(IntakeError) as error:
        read_submission(tmp_path / "nobody", TOY)
    assert str(error.value) == "nobody: cannot be read: No such file or directory"


# Properties

_parts = st.sampled_from(["hw", "utils.py", "model.py", "vocab.py", "helper.py", "json.py", "é.py", "a b.txt", ".git"])
_paths = st.lists(_parts, min_size=1, max_size=4).map("/".join)


def no_file_is_a_folder(files: Mapping[str, bytes]) -> bool:
    return not any(other.startswith(f"{name}/") for name in files for other in files)


_trees = st.dictionaries(_paths, st.binary(max_size=20), max_size=6).filter(no_file_is_a_folder)


def outcome(path: Path) -> tuple[object, ...]:
    try:
        submission = read_submission(path, TOY)
    except IntakeError as error:
        return (str(error),)
    return submission.files, submission.digest, submission.notes


@given(_trees)
def test_a_folder_and_its_zip_are_the_same_submission(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        folder = write_folder(top / "folder" / "hw", files)
        (top / "zip").mkdir()
        assert outcome(folder) == outcome(write_zip(top / "zip" / "hw", files))


@given(_trees, st.randoms(use_true_random=False))
def test_the_digest_ignores_order_and_times(files: dict[str, bytes], random: Random) -> None:
    shuffled = list(files.items())
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as name:
        first = write_folder(Path(name) / "1" / "hw", files)
        second = write_folder(Path(name) / "2" / "hw", dict(shuffled))
        for path in second.rglob("*"):
            os.utime(path, (random.randrange(10**9), random.randrange(10**9)))
        assert outcome(first) == outcome(second)


@given(*[st.dictionaries(st.sampled_from(["utils.py", "model.py", "u.py"]), st.binary(max_size=3))] * 2)
def test_the_digest_tells_any_two_sets_of_files_apart(first: dict[str, bytes], second: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        one = read_submission(write_folder(Path(name) / "1", first), TOY)
        two = read_submission(write_folder(Path(name) / "2", second), TOY)
    assert (one.digest == two.digest) == (one.files == two.files)


def test_answers_in_words_are_taken_where_they_are_asked_for(hand_in: HandIn) -> None:
    files = {**WHOLE, "written.md": b"Because.\n"}
    asked = msgspec.structs.replace(TOY, written=(WrittenQuestion("1.5", "Why", 2),))
    assert read_submission(hand_in(files).source, asked).files["written.md"] == b"Because.\n"
    assert "written.md" not in hand_in(files).files
