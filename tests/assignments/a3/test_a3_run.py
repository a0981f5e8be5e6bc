"""run.py: training to a report, resuming, parsing a file and a sentence; what is wrong is one line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from sanity.training import commands

pytestmark = pytest.mark.slow  # torch is imported

Import = Callable[[str], ModuleType]

SMALL = ("--embed-size=4", "--hidden-size=8", "--max-updates=4", "--valid-niter=2", "--batch-size=64")
TIMES = re.compile('(?<=<th scope="row">)(finished|training time)</th>.*')
TREES = """\
# sent_id = {0}1
1\tShe\t_\tPRON\t_\t_\t2\tnsubj\t_\t_
2-3\tdoesn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdoes\t_\tVERB\t_\t_\t0\troot\t_\t_
3\tn't\t_\tPART\t_\t_\t2\tadvmod\t2:advmod\t_
4\t.\t_\tPUNCT\t_\t_\t2\tpunct\t_\t_

# sent_id = {0}2
1\tThe\t_\tDET\t_\t_\t2\tdet\t_\t_
2\tdog\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tbarks\t_\tVERB\t_\t_\t0\troot\t_\t_

"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small treebank."""
    folder = tmp_path_factory.mktemp("treebank")
    for part in ("train", "dev", "test"):
        (folder / f"xx-ud-{part}.conllu").write_text(TREES.format(part), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(a3: Import, files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training."""
    folder = tmp_path_factory.mktemp("trained")
    assert train(a3, folder, files) == 0
    return folder


def train(a3: Import, folder: Path, files: Path, *options: str) -> int:
    status: int = a3("run").main(["train", f"--save-to={folder / 'model.bin'}", f"--data={files}", *SMALL, *options])
    return status


def failing(a3: Import, capsys: pytest.CaptureFixture[str], *argv: str, status: int = 2) -> str:
    """Return the one line of a command that fails."""
    assert a3("run").main(argv) == status
    err = capsys.readouterr().err
    assert err.startswith("run.py: ") and err.count("\n") == 1
    return err.removeprefix("run.py: ").rstrip()


def test_a_training_leaves_a_model_parses_and_a_report(trained: Path, files: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert {"model.bin", "tags.json", "test.conllu", "log.jsonl", "report.html", "curves.svg"} <= names
    page = (trained / "report.html").read_text(encoding="utf-8")
    rows = dict(re.findall(r'<th scope="row">(.*?)</th><td(?: colspan="2")?>(.*?)</td>', page))
    assert (rows["--embed-size"], rows["updates"], rows["seed"]) == ("4", "4, the last in epoch 4", "0")
    assert {"command", "training text", "dev", "test", "vocabulary", "torch", "conllu"} <= rows.keys()
    assert (trained / "test.conllu").read_text().count("\n\n") == 2


def test_the_log_has_the_lines_of_the_course(
    a3: Import, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a3, tmp_path, files) == 0
    out = capsys.readouterr().out
    assert re.search(r"^- dev UAS: \d+\.\d\d", out, re.MULTILINE)
    assert re.search(r"^- test UAS: \d+\.\d\d$", out, re.MULTILINE)


def test_the_same_training_gives_the_same_page_but_for_its_times(a3: Import, trained: Path, files: Path) -> None:
    before = (trained / "report.html").read_text(encoding="utf-8")
    pages = []
    for _ in range(2):
        assert train(a3, trained, files, "--restart") == 0
        pages.append((trained / "report.html").read_text(encoding="utf-8"))
    assert TIMES.sub("", pages[0]) == TIMES.sub("", pages[1])
    assert len(TIMES.findall(before)) == 2


def test_training_is_not_overwritten_by_mistake(
    a3: Import, trained: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["train", f"--save-to={trained / 'model.bin'}", f"--data={files}", *SMALL]
    assert failing(a3, capsys, *argv) == (
        f"{trained}: has checkpoints already: continue with --resume, or start again with --restart"
    )


def test_a_training_resumes(a3: Import, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(a3, tmp_path, files, "--max-updates=2") == 0
    assert train(a3, tmp_path, files, "--resume") == 0
    assert "resuming after iter 2" in capsys.readouterr().out


def test_pretrained_vectors(a3: Import, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("she 1 2 3 4 5\ncat 1 2 3 4 5\n", encoding="utf-8")
    assert train(a3, tmp_path, files, f"--vectors={path}", "--min-count=1") == 0
    assert f"{path}: vectors of 1 of 10 words\n" in capsys.readouterr().out
    _, vocabulary = a3("parsing.checkpoint").load_model(tmp_path / "model.bin", a3("parser_model").ParserModel)
    assert vocabulary.word_numbers["she"]


def test_a_file_is_parsed_with_all_that_is_in_it(
    a3: Import, trained: Path, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = files / "xx-ud-test.conllu", tmp_path / "out.conllu"
    argv = ["parse", str(source), "-o", str(output), f"--model={trained / 'model.bin'}"]
    assert a3("run").main(argv) == 0
    trees, scores = capsys.readouterr().out.splitlines()
    assert trees == f"{output}: 2 trees"
    assert re.match(r"UAS \d+\.\d\d, LAS .* \[words:7\|sentences:2\|", scores)
    old, new = ([line.split("\t") for line in path.read_text().splitlines()] for path in (source, output))
    assert [row[:6] for row in new] == [row[:6] for row in old]  # comments, the range of doesn't, tags
    assert all(row[8] == "_" for row in new if len(row) > 1)  # the enhanced graph belonged to the other tree
    assert (
        failing(a3, capsys, *argv) == f"{output}: exists already: name a new file, or overwrite this one with --force"
    )
    assert a3("run").main([*argv, "--force"]) == 0
    capsys.readouterr()
    assert "would overwrite the input" in failing(a3, capsys, *argv[:3], str(source), argv[4], "--force")


def test_a_file_without_trees_is_parsed(
    a3: Import, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.conllu"
    source.write_text("1\tDogs\t_\tNOUN\t_\t_\t_\t_\t_\t_\n2\tbark\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n")
    argv = ["parse", str(source), "-o", str(tmp_path / "out.conllu"), f"--model={trained / 'model.bin'}"]
    assert a3("run").main(argv) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{tmp_path / 'out.conllu'}: 1 trees\n"
    assert shown.err == "note: 2 of 2 words are unknown to the model\n"
    rows = [line.split("\t") for line in (tmp_path / "out.conllu").read_text().splitlines() if line]
    assert sorted(int(row[6]) for row in rows)[0] == 0 and len(rows) == 2


def test_a_sentence_is_drawn(a3: Import, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["parse", "--text", "The dog doesn't bark.", f"--model={trained / 'model.bin'}"]
    assert a3("run").main([*argv, "--svg", str(tmp_path / "tree.svg")]) == 0
    words = [line.split()[-3] for line in capsys.readouterr().out.splitlines()]
    assert words == ["The", "dog", "does", "n't", "bark", "."]
    assert (tmp_path / "tree.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["train", "--data=none"], "none: no such folder; expected toy, ewt, or a folder with the files of a treebank"),
        (["train", "--train=a.conllu"], "--train and --dev: expected both"),
        (["train", "--train=a", "--dev=b"], "a: not found"),
        (["train", "--data=x", "--dev=b"], "--data x: expected no files named by --train and the like; leave one out"),
        (["train", "--lr=-1"], "--lr is -1.0; expected at least 0"),
        (["train", "--save-to=folder"], "--save-to folder: expected a file, such as folder/model.bin"),
        (["train", "--vectors=none.txt"], "none.txt: no such file; expected word vectors as text"),
        (["parse"], 'parse: expected a file and -o OUTPUT, or --text "a sentence"'),
        (["parse", "a.conllu"], "parse: expected -o OUTPUT, the file to write"),
        (["parse", "--text=A b", "-o", "c"], "-o c: not with --text"),
        (["parse", "a.conllu", "-o", "c", "--svg", "d"], "--svg d: not with a file"),
        (["parse", "a.conllu", "-o", "no/c"], "no/c: can't be written: expected a file in an existing folder"),
        (["parse", "--text=A b"], "trained/model.bin: no such file: train a model first, or name one with --model"),
    ],
)
def test_a_command_line_that_is_wrong(
    a3: Import, capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    assert failing(a3, capsys, *argv) == message


def test_a_package_that_is_missing_is_said_before_training(
    a3: Import, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "find_spec", lambda name: None if name == "conllu" else find_spec(name))
    assert failing(a3, capsys, "train", status=1) == "conllu is not installed: pip install conllu"


def test_an_older_trivium_is_one_line(
    a3: Import, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sanity.parsing.report", None)
    assert failing(a3, capsys, "train", status=1) == "trivium is too old; see Install in README.md"


def test_an_answer_that_is_missing_is_named(
    a3: Import, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stub(*args: object) -> None:
        raise NotImplementedError("2d: not implemented yet")

    monkeypatch.setattr(a3("parser_transitions"), "minibatch_parse", stub)
    argv = ["train", f"--save-to={tmp_path / 'model.bin'}", f"--data={files}", *SMALL]
    assert a3("run").main(argv) == 1
    assert capsys.readouterr().err == "run.py: 2d: not implemented yet\n"


def test_the_command_lines_of_the_course(a3: Import) -> None:
    parsed = a3("parsing.commands.options").parsed
    assert parsed([], "").command == "train" and parsed([], "").preset is None
    for argv in (["-d"], ["--debug"]):
        args = parsed(argv, "")
        assert (args.preset, args.restart, args.save_to) == ("debug", True, Path("trained/debug/model.bin"))


def test_help_needs_no_torch(folder: Path) -> None:
    program = "import sys; sys.modules['torch'] = None; import run; run.main(['train', '--help'])"
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    assert "--hidden-size INT" in shown and "--vectors FILE" in shown
