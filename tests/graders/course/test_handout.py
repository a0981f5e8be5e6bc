"""The handout: the same bytes each time, no answer in it, and a whole assignment once the answers are."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from graders.course.assignment import assignment_names, course_root, handout_folder, load_assignment
from graders.course.handout import HandoutError, build_handout
from tests.support.leaks import answers, leaks


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of a4 to spoil."""
    root = tmp_path / "course"
    for part in ("assignments", "solutions"):
        shutil.copytree(course_root() / part / "a4", root / part / "a4")
    monkeypatch.setattr("graders.course.assignment.course_root", lambda: root)
    return root


def test_no_answer_is_in_the_handout(tmp_path):
    assert len(answers("a4")) > 30
    assert leaks(build_handout(load_assignment("a4"), tmp_path / "a4.zip"), answers("a4")) == []


def test_a_planted_answer_is_found(course, tmp_path):
    readme = course / "assignments/a4/README.md"
    readme.write_text(readme.read_text() + "\n    combined_output = self.dropout(\n        torch.tanh(V_t))\n")
    found = leaks(build_handout(load_assignment("a4"), tmp_path / "a4.zip"), answers("a4"))
    assert found == [("a4/README.md", "combined_output=self.dropout(torch.tanh(V_t))")]


def test_a_solution_laid_over_the_handout_is_not_handed_out(course, tmp_path):
    stub = course / "assignments/a4/utils.py"
    shutil.copy(course / "solutions/a4/utils.py", stub)
    with pytest.raises(HandoutError) as error:
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")
    assert str(error.value) == f"{stub}: not the stub of its solution; run: trivium stubs a4"
    assert not (tmp_path / "a4.zip").exists()


def test_it_holds_the_assignment_and_no_junk(course, tmp_path):
    folder = course / "assignments/a4"
    for junk in (
        "__pycache__/vocab.cpython-311.pyc",
        ".git/config",
        ".DS_Store",
        "a4-submission.zip",
        "trained/model.bin",
    ):
        (folder / junk).parent.mkdir(exist_ok=True)
        (folder / junk).write_text("junk")
    archive = build_handout(load_assignment("a4"), tmp_path / "a4.zip")
    names = ["README.md", "assignment.toml", "model_embeddings.py", "nmt_model.py", "run.py", "run.sh"]
    names += ["sanity_check.py", "utils.py", "vocab.py"]
    names += [path.relative_to(folder).as_posix() for path in (folder / "nmt").rglob("*.py")]
    with ZipFile(archive) as handout:
        assert handout.namelist() == sorted(f"a4/{name}" for name in names)
        assert handout.read("a4/vocab.py") == (folder / "vocab.py").read_bytes()
        assert {entry.external_attr >> 16 for entry in handout.infolist()} == {stat.S_IFREG | 0o644}


@pytest.mark.parametrize("stray", ["nmt_model_solution.py", "answers/utils.py", "notes.txt", "nmt/old/utils.py"])
def test_what_nobody_declared_is_not_handed_out(course, tmp_path, stray):
    path = course / "assignments/a4" / stray
    path.parent.mkdir(exist_ok=True)
    shutil.copy(course / "solutions/a4/utils.py", path)
    with ZipFile(build_handout(load_assignment("a4"), tmp_path / "a4.zip")) as handout:
        assert f"a4/{stray}" not in handout.namelist()


def test_a_solution_under_a_declared_name_is_refused(course, tmp_path):
    path = course / "assignments/a4/nmt/answers.py"
    shutil.copy(course / "solutions/a4/utils.py", path)
    with pytest.raises(HandoutError) as error:
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")
    assert str(error.value) == f"{path}: holds a solution's markers; students must not receive it"


@pytest.mark.parametrize("name", assignment_names())
def test_all_that_is_tracked_is_handed_out(name):
    """What is declared in assignment.toml and what is in the repository are the same."""
    folder = handout_folder(name)
    git = subprocess.run(["git", "ls-files"], cwd=folder, capture_output=True, text=True)
    if git.returncode or not git.stdout:
        pytest.skip("not a clone")
    assert load_assignment(name).handout_files() == sorted(git.stdout.splitlines())


def test_it_is_the_same_whatever_the_disk_looks_like(course, tmp_path):
    first = build_handout(load_assignment("a4"), tmp_path / "first.zip").read_bytes()
    folder = course / "assignments/a4"
    for path in sorted(filter(Path.is_file, folder.iterdir()), reverse=True):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        path.chmod(0o700)
        os.utime(path, (1e9, 1e9))
    umask = os.umask(0o077)
    try:
        second = build_handout(load_assignment("a4"), tmp_path / "second.zip").read_bytes()
    finally:
        os.umask(umask)
    assert first == second


def test_it_is_not_in_itself(course):
    out = course / "assignments/a4/a4.zip"
    assert (
        build_handout(load_assignment("a4"), out).read_bytes() == build_handout(load_assignment("a4"), out).read_bytes()
    )


def test_a_folder_gets_the_archive_by_its_name(tmp_path):
    assert build_handout(load_assignment("a4"), tmp_path) == tmp_path / "a4.zip"
    assert list(tmp_path.iterdir()) == [tmp_path / "a4.zip"]


@pytest.mark.parametrize("folder", ["file", "nowhere"])
def test_an_unwritable_place_is_named(tmp_path, folder):
    (tmp_path / "file").write_text("")
    out = tmp_path / folder / "a4.zip"
    with pytest.raises(HandoutError) as error:
        build_handout(load_assignment("a4"), out)
    assert str(error.value) == f"{out}: cannot write the handout: no folder {tmp_path / folder}"


def test_the_sanity_check_says_what_is_missing():
    script = handout_folder("a4") / "sanity_check.py"
    done = subprocess.run([sys.executable, "-I", "-S", script, "1d"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "sanity_check.py: no module sanity; see Install in README.md\n"


REFERENCE = """
from pathlib import Path
import torch

utils = Path("utils.py")
answered = utils.read_text()
utils.write_text("def pad_sents(:")
import vocab  # does not need question 1a
utils.write_text(answered)

from nmt_model import NMT
from vocab import SPECIAL_TOKENS, Vocab, VocabEntry

source, target = [["a", "b", "c"], ["d"]], [["<s>", "x", "</s>"], ["<s>", "y", "z", "</s>"]]
words = [*reversed(SPECIAL_TOKENS), "x", "y", "z"]
vocab = Vocab(VocabEntry.from_corpus(source, 9, 1), VocabEntry({word: id for id, word in enumerate(words)}))
assert vocab.tgt["<pad>"] == 3 and vocab.tgt["no such word"] == 0 and vocab.tgt.indices2words([4, 0]) == ["x", "<unk>"]
assert vocab.src.to_input_tensor(source).tolist() == [[4, 7], [5, 0], [6, 0]]
vocab.save("vocab.json")
assert Vocab.load("vocab.json").to_plain() == vocab.to_plain()

torch.manual_seed(1)
model = NMT(5, 3, vocab).eval()
scores = model(source, target)
assert scores.shape == (2,) and (scores < 0).all()
model.save("model.bin")
again = NMT.load("model.bin").eval()
assert again.vocab.to_plain() == vocab.to_plain()
assert torch.equal(again(source, target), scores)
assert torch.allclose(model(source[1:], target[1:]), scores[1:])
print("done")
"""


WORDS = """
from vocab import VocabEntry

for word2id in ({"<pad>": 0, "<s>": 1}, {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 4}):
    try:
        VocabEntry(word2id)
    except ValueError as error:
        print(error)
words = [["b", "a", "c"], ["b", "a"], ["a", "b", "<s>"], ["c", "d"]]
print(VocabEntry.from_corpus(words, 9).id2word, len(VocabEntry.from_corpus(words, 1)))
entry = VocabEntry()
print(entry.add("tea"), entry.add("tea"), "tea" in entry)
print(entry.words2indices(["tea", "?"]), entry.words2indices([["tea"]]))
"""


def test_the_vocabulary_refuses_gaps_and_orders_words_by_frequency():
    command = [sys.executable, "-c", WORDS]
    done = subprocess.run(command, cwd=handout_folder("a4"), capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "word2id lacks </s>, <unk>",
        "word2id must have each index from 0 to 3 once",
        "{0: '<pad>', 1: '<s>', 2: '</s>', 3: '<unk>', 4: 'a', 5: 'b', 6: 'c'} 5",
        "4 4 True",
        "[4, 3] [[4]]",
    ]


def test_the_reference_laid_over_the_handout_is_a_model_that_saves_and_loads(tmp_path):
    shutil.copytree(handout_folder("a4"), tmp_path, dirs_exist_ok=True)
    shutil.copytree(load_assignment("a4").solutions, tmp_path, dirs_exist_ok=True)
    command = [sys.executable, "-W", "ignore:Using padding='same'", "-c", REFERENCE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", "done\n")
