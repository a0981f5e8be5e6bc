"""The handout: the same bytes each time, no answer in it, and a whole assignment once the answers are."""

import io
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

from graders.course.assignment import assignment_names, course_root, handout_folder, load_assignment
from graders.course.handout import HandoutError, build_handout
from graders.course.handout.pages import pages
from graders.course.handout.wheel import build_wheel
from graders.zips import zip_bytes
from tests.support.leaks import answers, leaks

WHEEL = "trivium-0.1.0-py3-none-any.whl"


@pytest.fixture
def empty_wheel(monkeypatch):
    """A wheel that takes no time to build, for tests that are about other files."""
    wheel = zip_bytes({f"sanity/{name}": b"" for name in ("a4/__init__.py", "recorded/a4.npz")})
    monkeypatch.setattr("graders.course.handout.build_wheel", lambda: (WHEEL, wheel))


@pytest.fixture
def course(tmp_path, monkeypatch, empty_wheel):
    """A copy of a4 to spoil."""
    root = tmp_path / "course"
    for part in ("assignments", "solutions"):
        shutil.copytree(course_root() / part / "a4", root / part / "a4")
    monkeypatch.setattr("graders.course.assignment.course_root", lambda: root)
    return root


def test_no_answer_is_in_the_handout(tmp_path, empty_wheel):
    """tests/test_wheel.py looks into the wheel."""
    assert len(answers("a4")) > 30
    assert leaks(build_handout(load_assignment("a4"), tmp_path / "a4.zip"), answers("a4")) == []


def test_a_planted_answer_is_found(course, tmp_path):
    readme = course / "assignments/a4/README.md"
    readme.write_text(readme.read_text() + "\n    combined_output = self.dropout(\n        torch.tanh(V_t))\n")
    found = leaks(build_handout(load_assignment("a4"), tmp_path / "a4.zip"), answers("a4"))
    assert found == [(f"a4/README.{page}", "combined_output=self.dropout(torch.tanh(V_t))") for page in ("html", "md")]


def test_a_solution_laid_over_the_handout_is_not_handed_out(course, tmp_path):
    stub = course / "assignments/a4/utils.py"
    shutil.copy(course / "solutions/a4/utils.py", stub)
    with pytest.raises(HandoutError) as error:
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")
    assert str(error.value) == f"{stub}: not the stub of its solution; run: trivium stubs a4"
    assert not (tmp_path / "a4.zip").exists()


def course_of_tests():
    return Path(__file__).parents[3]


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
    names = ["README.md", "assignment.toml", "bleu.py", "model_embeddings.py", "nmt_model.py", "run.py", "run.sh"]
    names += ["sanity_check.py", "utils.py", "vocab.py", "written.md"]
    names += [path.relative_to(folder).as_posix() for path in folder.glob("nmt/**/*.py")]
    names += [f"figures/{path.name}" for path in (folder / "figures").glob("*.svg")]
    names += ["README.html", WHEEL]
    names += [f"help/{path.stem}.html" for path in (course_of_tests() / "docs/student").glob("*.md")]
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


def test_what_lies_beside_another_assignment_is_refused_too(course, tmp_path):
    """The wheel has the handouts of all assignments in it."""
    shutil.copytree(course_root() / "assignments/a4", course / "assignments/a2")
    shutil.copytree(course_root() / "solutions/a4", course / "solutions/a2")
    stub = course / "assignments/a2/utils.py"
    shutil.copy(course / "solutions/a4/utils.py", stub)
    toml = course / "assignments/a2/assignment.toml"
    toml.write_text(toml.read_text().replace('name = "a4"', 'name = "a2"'))
    with pytest.raises(HandoutError) as error:
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")
    assert str(error.value) == f"{stub}: not the stub of its solution; run: trivium stubs a2"


def test_a_readme_that_names_another_wheel_is_refused(course, tmp_path):
    readme = course / "assignments/a4/README.md"
    readme.write_text(readme.read_text().replace(WHEEL, "trivium-0.0.9-py3-none-any.whl"))
    with pytest.raises(HandoutError) as error:
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")
    line = 1 + readme.read_text().splitlines().index('python -m pip install "./trivium-0.0.9-py3-none-any.whl[nmt]"')
    assert str(error.value) == f"{readme}:{line}: names trivium-0.0.9-py3-none-any.whl, but the handout has {WHEEL}"


def test_an_assignment_whose_checks_are_not_in_git_is_refused(course, tmp_path, monkeypatch):
    monkeypatch.setattr("graders.course.handout.build_wheel", lambda: (WHEEL, zip_bytes({})))
    with pytest.raises(HandoutError, match=r"sanity/a4/__init__\.py: not in the wheel that students install: git add"):
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")


def test_outside_a_clone_it_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr("graders.course.handout.wheel.ROOT", tmp_path)
    with pytest.raises(HandoutError) as error:
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")
    said = "no pyproject.toml: the wheel for students is built in a clone of the course only"
    assert str(error.value) == f"{tmp_path}: {said}"


@pytest.mark.parametrize("name", assignment_names())
def test_written_md_has_a_heading_for_each_written_question(name):
    path = handout_folder(name) / "written.md"
    written = re.findall(r"(?m)^## (\S+?)\.? (.*)$", path.read_text(encoding="utf-8") if path.exists() else "")
    assert written == [(question.id, question.name) for question in load_assignment(name).manifest.written]


@pytest.mark.parametrize("name", assignment_names())
def test_a_page_shows_what_each_question_is_worth_and_every_link_leads_somewhere(name):
    made = pages(load_assignment(name))
    manifest = load_assignment(name).manifest
    shown = re.findall(r'<span class="points">(?:[\w.]+: )?([\d.]+) points?</span>', made["README.html"])
    worth = [*manifest.questions, *manifest.written, *manifest.trained]
    assert sorted(map(float, shown)) == sorted(question.points for question in worth)
    there = {*made, *load_assignment(name).handout_files()}
    ids = {page: set(re.findall(r' id="([^"]+)"', text)) for page, text in made.items()}
    for page, text in made.items():
        for href in re.findall(r'href="([^"]+)"', text):
            path, _, fragment = href.partition("#")
            if "://" not in href:
                target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page  # noqa: PTH118, PTH120
                assert target in there, (page, href)
                assert not fragment or fragment in ids[target], (page, href)
        assert "$" not in re.sub(r"<pre>.*?</pre>|<code>.*?</code>|<annotation.*?</annotation>", "", text, flags=re.S)
        assert not re.search(r"<(script|link|img|iframe)|\bsrc=|url\((?!#)|@import", text)


def test_an_image_that_is_no_figure_of_ours_is_refused(course, tmp_path):
    readme = course / "assignments/a4/README.md"
    readme.write_text(readme.read_text() + "\n![a photo](photo.png)\n")
    with pytest.raises(HandoutError, match=r"photo\.png: expected an SVG file"):
        build_handout(load_assignment("a4"), tmp_path / "a4.zip")


@pytest.mark.slow
def test_the_same_clone_gives_the_same_wheel(monkeypatch):
    first = build_wheel()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert build_wheel() == first and first[0] == WHEEL


@pytest.mark.slow
def test_the_zip_alone_and_one_line_lead_to_a_passing_check(tmp_path):
    """In a new virtual environment. What the wheel needs is taken from this one: an index would be asked for it."""
    with ZipFile(build_handout(load_assignment("a4"), tmp_path / "a4.zip")) as handout:
        handout.extractall(tmp_path)
        readme = handout.read("a4/README.md").decode()
        wheel = handout.read(f"a4/{WHEEL}")
    folder = tmp_path / "a4"
    with ZipFile(io.BytesIO(wheel)) as archive:
        metadata = archive.read("trivium-0.1.0.dist-info/METADATA").decode()
    [line] = re.findall(r"(?m)^python -m (pip install .*)$", readme)
    assert line == f'pip install "./{WHEEL}[nmt]"' and "Provides-Extra: nmt" in metadata
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TRIVIUM"))}

    def run(*command):
        return subprocess.run([scripts / "python", *command], cwd=folder, env=clean, capture_output=True, text=True)

    assert run("sanity_check.py", "1a").stderr == "sanity_check.py: no module sanity; see Install in README.md\n"
    installed = run("-m", "pip", "install", "--no-deps", "--no-index", f"./{WHEEL}[nmt]")
    assert installed.returncode == 0, installed.stderr
    [site] = (tmp_path / "venv").rglob("site-packages")
    # After the wheel's own place, so that its sanity counts; without this environment's own .pth files.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    where = run("-c", "import sanity; print(sanity.__file__)").stdout
    assert where.startswith(str(site)), where

    stub = run("sanity_check.py", "1a")
    assert stub.returncode == 1 and "Question 1a: Padding is not implemented yet." in stub.stdout
    for file, content in load_assignment("a4").reference.items():
        (folder / file).write_bytes(content)
    for question in ("1a", "2d"):
        passed = run("sanity_check.py", question)
        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert f"All Sanity Checks Passed for Question {question}" in passed.stdout
    packed = subprocess.run([scripts / "trivium", "pack"], cwd=folder, env=clean, capture_output=True, text=True)
    assert packed.stdout.splitlines() == [
        "note: written.md: nothing below the headings of 1g, 1i, 2a",
        "a4-submission.zip",
    ]


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


def test_a_folder_gets_the_archive_by_its_name(tmp_path, empty_wheel):
    assert build_handout(load_assignment("a4"), tmp_path) == tmp_path / "a4.zip"
    assert list(tmp_path.iterdir()) == [tmp_path / "a4.zip"]


@pytest.mark.parametrize("folder", ["file", "nowhere"])
def test_an_unwritable_place_is_named(tmp_path, folder, empty_wheel):
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
