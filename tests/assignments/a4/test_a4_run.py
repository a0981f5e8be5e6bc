"""The command line: training and translating from end to end, and one line for each thing that can go wrong."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from graders.course.assignment import course_root
from sanity.training import commands
from sanity.training.tracking import read_log
from tests.support.tiny import Modules, sentences

pytest.importorskip("sacrebleu")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

Decode = Callable[..., tuple[list[str], list[str], list[str]]]
"""Translates lines; returns the translations, and the lines on standard output and on standard error."""

SMALL = ["--embed-size=5", "--hidden-size=4", "--batch-size=4", "--valid-niter=4", "--max-epoch=2", "--device=cpu"]
SMALL += ["--threads=1"]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Six files of text, as options."""
    options = []
    for seed, (part, number) in enumerate((("train", 20), ("dev", 8), ("test", 6))):
        for side, lines in zip(("src", "tgt"), sentences(number, seed), strict=True):
            path = tmp_path / f"{part}.{side}"
            path.write_text("".join(f"{line}\n" for line in lines))
            options.append(f"--{part}-{side}={path}")
    return options


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "trained" / "model.bin"


def failing(a4: Modules, capsys: pytest.CaptureFixture[str], *argv: str, status: int = 2) -> str:
    """What is said of a call that fails, by default for its command line."""
    assert a4("run").main(argv) == status
    err = capsys.readouterr().err
    assert err.startswith("run.py: ")
    assert err.count("\n") == 1
    return err.removeprefix("run.py: ").rstrip("\n")


def train(a4: Modules, out: Path, files: list[str], *more: str) -> int:
    status: int = a4("run").main(["train", f"--save-to={out}", *files, *SMALL, *more])
    return status


def test_training_leaves_a_model_its_words_curves_and_a_report(
    a4: Modules, files: list[str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out, files, "--label-smoothing=0.1", "--warmup=3") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith(", src to tgt: 20 training pairs, 8 dev pairs")
    assert said[-3] == f"all epochs are done; the best weights, of iter 10, are in {out}"
    assert said[-2].startswith("test: BLEU ")
    assert said[-1] == f"curves, attention and translations to read: {out.parent / 'report.html'}"
    names = {path.name for path in out.parent.iterdir()}
    plots = {"curves.svg", "bleu_by_length.svg", "attention_1.svg", "attention_2.svg", "attention_3.svg"}
    written = {"model.bin", "vocab.json", "log.jsonl", "checkpoint-0000010.bin", "test.translations", "report.html"}
    assert names - plots == written
    model = a4("nmt_model").NMT.load(out)
    assert model.vocab.to_plain() == a4("vocab").Vocab.load(out.parent / "vocab.json").to_plain()
    assert len((out.parent / "test.translations").read_text().splitlines()) == 6


def test_training_without_a_test_leaves_its_curves(
    a4: Modules, files: list[str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out, files[:4]) == 0
    report = out.parent / "report.html"
    assert capsys.readouterr().out.splitlines()[-1] == f"curves: {report}"
    page = report.read_text(encoding="utf-8")
    assert page.count("<figure>") == 1
    assert "<p>Trained without a test: there are no translations to score and show." in page
    assert (out.parent / "curves.svg").is_file()
    assert not (out.parent / "test.translations").exists()


def test_the_toy_languages_are_learnt_without_any_option(
    a4: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Recipe = a4("nmt.recipe").Recipe
    tiny = Recipe(embed_size=4, hidden_size=4, max_updates=2, beam_size=1, max_decoding_time_step=3)
    monkeypatch.setattr(a4("nmt.recipe"), "TOY", tiny)
    assert a4("run").main(["train"]) == 0
    assert capsys.readouterr().out.startswith("toy, ")
    assert (tmp_path / "trained" / "report.html").is_file()


def test_test_is_touched_once_and_at_the_end(
    a4: Modules, files: list[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training is steered by dev alone."""
    calls: list[tuple[str, Any]] = []
    search, losses, training = a4("nmt.search"), a4("nmt.losses"), a4("nmt.training")

    def spy(module: Any, name: str, what: Any) -> None:
        function = getattr(module, name)

        def spied(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            calls.append((name, what(*args)))
            return result

        monkeypatch.setattr(module, name, spied)

    spy(search, "best_hypotheses", lambda model, texts, *rest: texts)
    spy(losses, "evaluate_ppl", lambda model, pairs: len(pairs))
    spy(training, "train", lambda *args: None)
    assert train(a4, out, files, "--dev-bleu=4") == 0
    validations = [("evaluate_ppl", 8), ("best_hypotheses", sentences(8, 1)[0][1::2])] * 3
    assert calls == [*validations, ("train", None), ("best_hypotheses", sentences(6, 2)[0])]


def test_dev_bleu_can_be_left_out(a4: Modules, files: list[str], out: Path) -> None:
    assert train(a4, out, files[:4], "--dev-bleu=0") == 0
    validations = [entry for entry in read_log(out.parent / "log.jsonl") if "score" in entry]
    assert [entry["update"] for entry in validations] == [4, 8, 10]
    assert all(entry["score"] == -entry["perplexity/dev"] and "bleu/dev" not in entry for entry in validations)


def test_translations_of_a_file(
    a4: Modules, files: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out, files) == 0
    source, target, output = tmp_path / "test.src", tmp_path / "test.tgt", tmp_path / "out"
    said = capsys.readouterr().out
    for names in ([source, output], [source, target, output]):
        output.unlink(missing_ok=True)
        assert a4("run").main(["decode", str(out), *map(str, names), "--device=cpu"]) == 0
        assert output.read_text() == (out.parent / "test.translations").read_text()
    number, score = capsys.readouterr().out.splitlines()
    assert number == "6 translations"
    assert f"test: {score}" in said


@pytest.fixture
def decoded(a4: Modules, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Decode:
    """Translate lines with an untrained model; return the translations, and what was printed."""
    lines = sentences(20)
    vocab = a4("vocab").Vocab.from_texts(*lines, freq_cutoff=1)
    torch.manual_seed(0)
    out.parent.mkdir()
    with out.open("wb") as file:
        a4("nmt_model").NMT(5, 4, vocab, 0.0).save(file)

    def decode(source: list[str], target: list[str] | None, *options: str) -> tuple[list[str], list[str], list[str]]:
        names = [tmp_path / name for name in ("in", "ref", "translated")]
        for path, texts in zip(names, (source, target), strict=False):
            path.write_text("".join(f"{line}\n" for line in texts or []), encoding="utf-8")
        if target is None:
            names.pop(1)
        argv = ["decode", str(out), *map(str, names), "--device=cpu", "--force", *options]
        assert a4("run").main(argv) == 0
        printed, noted = capsys.readouterr()
        return names[-1].read_text(encoding="utf-8").splitlines(), printed.splitlines(), noted.splitlines()

    return decode


def test_an_empty_line_has_an_empty_translation(decoded: Decode) -> None:
    """Also where it is to be scored, and where the reference is empty."""
    translations, printed, noted = decoded(["ka lo", "", "mi"], ["LO KA", "MI", ""])
    assert translations[1] == ""
    assert printed[0].startswith("BLEU ")
    assert "note: line 2: empty, and so is the translation" in noted
    assert decoded(["ka", "", ""], None)[1] == ["3 translations"]


def test_what_was_cut_and_what_is_unknown_is_said(a4: Modules, decoded: Decode) -> None:
    long = " ".join(["ka"] * 280)
    translations, printed, noted = decoded(["ka lo zebra", long, "mi", "Tee"], None, "--max-decoding-time-step=2")
    assert printed == ["4 translations"]
    cut = [i for i, line in enumerate(translations, 1) if len(line.split()) == 2]
    assert cut, "no translation was cut"
    assert noted == [
        "note: line 2: 280 words; training leaves out what has more than 100, so expect little: divide it into"
        " sentences",
        f"note: {a4('nmt.commands.decode').named(cut)}: the translation was cut at 2 words (--max-decoding-time-step)",
        "note: 2 of 285 source words (0.7%) are unknown to the model: zebra, Tee",
    ]


@pytest.mark.parametrize(
    ("lines", "words"),
    [([3], "line 3"), ([3, 8], "lines 3 and 8"), (list(range(1, 10)), "lines 1, 2, 3, 4, 5 and 4 more")],
)
def test_lines_are_named(a4: Modules, lines: list[int], words: str) -> None:
    assert a4("nmt.commands.decode").named(lines) == words


def test_a_language_without_spaces_is_scored_by_default(
    decoded: Decode,
) -> None:
    _, printed, noted = decoded(["ka", "lo"], ["我喜欢喝茶。", "他在看书。"])
    assert "|tok:zh|" in printed[0]
    assert "note: BLEU is 0 because no word of a translation is in its reference" in noted
    _, printed, noted = decoded(["ka", "lo"], ["我喜欢喝茶。", "他在看书。"], "--tokenize=char")
    assert "|tok:char|" in printed[0]


def test_letters_that_the_terminal_lacks_are_question_marks(decoded: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a Windows console, or with PYTHONIOENCODING=cp1252."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="cp1252") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    decoded(["ka 茶 → lo"], ["LO"])
    streams[1].flush()
    noted = streams[1].buffer.getvalue().decode("cp1252")  # type: ignore[attr-defined]
    assert "2 of 4 source words (50.0%) are unknown to the model: ?, ?" in noted


def test_a_tokenizer_that_is_not_installed_is_said_before_the_work(
    a4: Modules, files: list[str], out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mecab_ko", None)
    monkeypatch.delitem(sys.modules, "sacrebleu.tokenizers.tokenizer_ko_mecab", raising=False)
    said = failing(a4, capsys, "train", f"--save-to={out}", *files, *SMALL, "--tokenize=ko-mecab", status=1)
    assert said.startswith("--tokenize ko-mecab: what it needs is not installed: python -m pip install 'sacrebleu[ko]'")
    assert not out.exists()


def test_presets_are_several_options_at_once(a4: Modules) -> None:
    def recipe(*options: str) -> Any:
        args = a4("nmt.commands.options").parser("").parse_args(["train", "--data=x", *options])
        return a4("nmt.commands.inputs").recipe_of(args)

    debug, large = recipe("--preset=debug", "--max-updates=3"), recipe("--preset=large")
    assert (debug.embed_size, debug.hidden_size, debug.max_updates, debug.valid_niter) == (32, 32, 3, 10)
    assert (large.embed_size, large.hidden_size, large.lr, large.mixed_precision) == (1024, 768, 5e-5, "bf16")
    assert recipe() == a4("nmt.recipe").Recipe()


# Runs run.py where there is nothing that only POSIX has: of the modules, of os and of signal.
ELSEWHERE = """
import os, signal, sys
import jinja2, matplotlib.figure, matplotlib.backends.backend_svg, sacrebleu.metrics, torch.utils.tensorboard, tqdm
for name in ("fcntl", "grp", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
for name in ("fork", "geteuid", "getgid", "getuid", "killpg", "mkfifo", "sched_getaffinity", "setsid", "uname"):
    delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "alarm", "pthread_kill", "pthread_sigmask", "setitimer"):
    delattr(signal, name)
sys.argv[1:] = {argv!r}
sys.path.insert(0, "")
import runpy
runpy.run_path("run.py", run_name="__main__")
"""


@pytest.mark.slow
def test_every_command_works_where_there_is_no_posix(a4_folder: Path, files: list[str], out: Path) -> None:
    source, target, output = out.parent.parent / "test.src", out.parent.parent / "test.tgt", out.parent / "o"
    for argv in (
        ["check", *files, *SMALL],
        ["train", *files, *SMALL, f"--save-to={out}"],
        ["train", *files, *SMALL, f"--save-to={out}", "--resume"],
        ["decode", str(out), str(source), str(target), str(output)],
    ):
        env = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", ELSEWHERE.format(argv=argv)]
        done = subprocess.run(command, cwd=a4_folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_translations_never_replace_what_is_read(
    a4: Modules, files: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor, unless that is said, anything else: with OUTPUT forgotten, TARGET would be taken for it."""
    out.parent.mkdir()
    out.write_bytes(b"a model")
    source, target, link = tmp_path / "test.src", tmp_path / "test.tgt", tmp_path / "link"
    link.symlink_to(target)
    before = {path: path.read_bytes() for path in (out, source, target)}
    for names in ((source, source), (source, target, source), (source, target, target), (source, out)):
        said, name = failing(a4, capsys, "decode", str(out), *map(str, names), "--force"), names[-1]
        assert said == f"{name}: would overwrite the input {name}; name another output file"
    said = failing(a4, capsys, "decode", str(out), str(source), str(target), str(link), "--force")
    assert said == f"{link}: would overwrite the input {target}; name another output file"
    said = failing(a4, capsys, "decode", str(out), str(source), str(target))
    advice = "the last argument is the output file; name a new one, or overwrite this one with --force"
    assert said == f"{target}: exists already: {advice}"
    said = failing(a4, capsys, "train", *files, f"--save-to={target}")
    assert said == f"{target}: would overwrite the input {target}; name another output file"
    assert before == {path: path.read_bytes() for path in before}


def test_translations_are_written_anew_if_that_is_said(a4: Modules, files: list[str], out: Path) -> None:
    assert train(a4, out, files) == 0
    source, output = out.parent.parent / "test.src", out.parent / "test.translations"
    before = output.read_bytes()
    output.write_text("old")
    assert a4("run").main(["decode", str(out), str(source), str(output), "--device=cpu", "--force"]) == 0
    assert output.read_bytes() == before


def test_ctrl_c_and_then_resume(
    a4: Modules, files: list[str], out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out.parent.with_name("whole") / "model.bin", files[:4]) == 0
    step = a4("nmt.tracking").Log.step

    def interrupted(self: Any, update: int) -> None:
        if update == 6:
            raise KeyboardInterrupt
        step(self, update)

    with monkeypatch.context() as patch:
        patch.setattr(a4("nmt.tracking").Log, "step", interrupted)
        assert train(a4, out, files[:4]) == 130
    stopped = "run.py: stopped; --resume continues from the last validation\n"
    assert capsys.readouterr().err.endswith(stopped)
    assert a4("nmt_model").NMT.load(out)
    capsys.readouterr()
    assert train(a4, out, files[:4], "--resume") == 0
    assert capsys.readouterr().out.splitlines()[2] == "resuming after iter 4"
    assert curve(out.parent) == curve(out.parent.with_name("whole"))


@pytest.mark.parametrize("module", ["argparse", "torch"])
@pytest.mark.parametrize("command", ["train", "decode m s o"])
def test_ctrl_c_during_the_imports_is_one_line(a4_folder: Path, tmp_path: Path, module: str, command: str) -> None:
    """Also where an import loses the exception, as some in C do."""
    lost = "try: signal.raise_signal(signal.SIGINT)\nexcept BaseException: raise ImportError"
    (tmp_path / f"{module}.py").write_text(f"import signal\n{lost}")
    program = "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program += f"; sys.argv[1:] = {command.split()}; runpy.run_path('run.py', run_name='__main__')"
    env = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))}
    done = subprocess.run([sys.executable, "-c", program], cwd=a4_folder, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "run.py: stopped\n")


def test_ctrl_c_while_translating_says_nothing_of_training(
    a4: Modules, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(a4("nmt.commands.decode"), "decode", interrupted)
    assert a4("run").main(["decode", "model", "source", "output"]) == 130
    assert capsys.readouterr().err == "run.py: stopped\n"


def curve(folder: Path) -> list[dict[str, float]]:
    """All that was logged but for times."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in ("seconds", "speed")} for line in lines]


def test_a_model_in_training_is_not_lost_by_accident(
    a4: Modules, files: list[str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out, files[:4]) == 0
    before = {path.name: path.read_bytes() for path in out.parent.iterdir()}
    capsys.readouterr()
    said = failing(a4, capsys, "train", f"--save-to={out}", *files, *SMALL)
    assert said == f"{out.parent}: has checkpoints already: continue with --resume, or start again with --restart"
    assert before == {path.name: path.read_bytes() for path in out.parent.iterdir()}
    assert train(a4, out, files[:4], "--restart", "--dev-src=none") == 2
    assert before == {path.name: path.read_bytes() for path in out.parent.iterdir()}
    assert train(a4, out, files[:4], "--restart", "--seed=1") == 0
    assert {path.name for path in out.parent.glob("checkpoint-*")} == {"checkpoint-0000010.bin"}


def test_other_words_than_the_checkpoint_s_are_one_line(
    a4: Modules, files: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out, files[:4]) == 0
    capsys.readouterr()
    other = a4("vocab").Vocab.load(out.parent / "vocab.json")
    other.src.add("zu")
    other.save(tmp_path / "other.json")
    before = {path.name: path.read_bytes() for path in out.parent.iterdir()}
    assert train(a4, out, files[:4], "--resume", f"--vocab={tmp_path / 'other.json'}") == 1
    said = capsys.readouterr().err
    assert f"{out.parent}/checkpoint-0000010.bin: made with vocabulary 10/10 words" in said
    assert before == {path.name: path.read_bytes() for path in out.parent.iterdir()}


def test_another_dev_or_learning_rate_than_before_is_one_line(
    a4: Modules, files: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out, files[:4]) == 0
    before = {path.name: path.read_bytes() for path in out.parent.iterdir()}
    dev = [f"--dev-src={tmp_path / 'test.src'}", f"--dev-tgt={tmp_path / 'test.tgt'}"]
    for other, said in (
        (dev, "made with pairs of dev 8, "),
        (["--lr=5"], "made with --lr 0.0005, not 5.0: resume with the same, or train in another folder"),
    ):
        capsys.readouterr()
        assert train(a4, out, files[:4], "--resume", *other) == 1
        assert f"run.py: {out.parent}/checkpoint-0000010.bin: {said}" in capsys.readouterr().err
        assert before == {path.name: path.read_bytes() for path in out.parent.iterdir()}


def test_a_vocabulary_of_another_language_is_one_line(
    a4: Modules, files: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vocab, lines, path = a4("vocab").Vocab, sentences(20), tmp_path / "other.json"
    for side, texts in (("source", (["der Hund"], lines[1])), ("target", (lines[0], ["the dog"]))):
        vocab.from_texts(*texts, freq_cutoff=1).save(path)
        advice = "`python vocab.py` makes one (a lower --freq-cutoff keeps rarer words)"
        said = failing(a4, capsys, "train", f"--save-to={out}", *files, *SMALL, f"--vocab={path}", status=1)
        unknown = f"{path}: 100% of the {side} words of train are unknown to it"
        assert said == f"{unknown}; expected a vocabulary of this text: {advice}"
        assert list(out.parent.iterdir()) == []
    vocab.from_texts(*lines, size=4, freq_cutoff=1).save(path)  # not all, but most
    assert train(a4, out, files[:4], f"--vocab={path}") == 0


def test_a_gpu_that_is_not_there_is_one_line(
    a4: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    for option, name in (("--cuda", "cuda"), ("--device=cuda", "cuda"), ("--device=cuda:1", "cuda:1")):
        said = failing(a4, capsys, "train", f"--save-to={tmp_path / 'm' / 'model.bin'}", option)
        assert said == f"device {name}: PyTorch {torch.__version__} finds 0 GPUs here; try --device cpu"
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("name", ["tpu", "cpu:", "cuda:x", "cuda:-1", ""])
def test_a_device_that_is_none_is_one_line(a4: Modules, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = failing(a4, capsys, "train", f"--device={name}")
    assert said == f"device {name!r}: expected auto, cpu, mps, cuda or cuda:0, cuda:1, …"


def test_devices(a4: Modules, monkeypatch: pytest.MonkeyPatch) -> None:
    device = a4("nmt.optimization")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    named = [device.device_named(name) for name in ("auto", "cpu", "cuda", "cuda:1")]
    assert named == [torch.device(name) for name in ("cuda", "cpu", "cuda", "cuda:1")]
    with pytest.raises(device.DeviceError, match="finds 2 GPUs here"):
        device.device_named("cuda:2")


def test_the_gpu_of_a_mac(a4: Modules, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    device, mps = a4("nmt.optimization"), torch.backends.mps
    for built, reason in ((False, "this one is made without it"), (True, "it finds no such GPU here")):
        monkeypatch.setattr(mps, "is_built", lambda built=built: built)
        monkeypatch.setattr(mps, "is_available", lambda: False)
        said = failing(a4, capsys, "train", "--device=mps")
        assert said == f"device mps: for PyTorch on a Mac with an Apple GPU; {reason}: try --device cpu"
    monkeypatch.setattr(mps, "is_available", lambda: True)
    assert device.device_named("mps") == torch.device("mps")
    dtype = a4("nmt.losses").sum_dtype  # it has no 64 bits
    assert [dtype(torch.device(name)) for name in ("mps", "cpu", "cuda")] == [torch.float32, *[torch.float64] * 2]


def test_sixteen_bits_are_for_gpus(a4: Modules) -> None:
    precision = a4("nmt.optimization").precision
    with precision("bf16", torch.device("cpu")):
        assert not torch.is_autocast_enabled("cpu")
    assert isinstance(precision("bf16", torch.device("cuda")), torch.autocast)
    assert not isinstance(precision("off", torch.device("cuda")), torch.autocast)


def test_text_that_is_not_there_is_one_line(
    a4: Modules, files: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = f"{tmp_path / 'none'}: no such file; expected text, one sentence per line"
    assert failing(a4, capsys, "train", f"--save-to={out}", *files, f"--dev-tgt={tmp_path / 'none'}") == missing
    assert failing(a4, capsys, "decode", str(out), str(tmp_path / "none"), str(tmp_path / "o")).startswith(missing)
    said = failing(a4, capsys, "train", f"--save-to={out}", *files[:3])
    assert said == "--dev-src and --dev-tgt: expected both; --train-… and --dev-… are needed"
    assert "no such corpus" in failing(a4, capsys, "train", f"--save-to={out}", "--data=klingon")


def test_options_that_would_be_ignored_are_one_line(
    a4: Modules, files: list[str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for data in ("toy", "multi30k"):
        said = failing(a4, capsys, "train", f"--save-to={out}", *files, f"--data={data}")
        assert said == f"--data {data}: expected no files named by --train-src and the like; leave one out"
    assert train(a4, out, files[:4], "--mixed-precision=bf16") == 0
    note = "--mixed-precision bf16 needs a GPU of NVIDIA's kind: the cpu computes in 32 bits\n"
    assert capsys.readouterr().err == note


def test_a_place_that_cannot_be_written_is_said_before_the_work(
    a4: Modules, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (tmp_path, tmp_path / "new"):
        said = failing(a4, capsys, "train", f"--save-to={place}", *files)
        assert said == f"--save-to {place}: expected a file, such as {place / 'model.bin'}"
    file = tmp_path / "test.src"
    said = failing(a4, capsys, "train", f"--save-to={file / 'deep' / 'model.bin'}", *files)
    assert said == f"{file / 'deep'}: can't be created: Not a directory"
    for output in (tmp_path, tmp_path / "none" / "out"):
        said = failing(a4, capsys, "decode", "model", str(file), str(output))
        assert said == f"{output}: can't be written: expected a file in an existing folder"


def test_what_is_no_error_of_the_command_line_has_status_1(
    a4: Modules, files: list[str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a4, out, files[:4], "--lr=1e30", "--clip-grad=1e30") == 1
    assert "try a smaller learning rate" in capsys.readouterr().err
    assert train(a4, out, files[:4], "--restart") == 0
    capsys.readouterr()
    for checkpoint in out.parent.glob("checkpoint-*"):
        checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    damaged = failing(a4, capsys, "train", f"--save-to={out}", *files[:4], *SMALL, "--resume", status=1)
    assert damaged.endswith("or a damaged one")
    gone = tmp_path / "gone"
    decode = ["decode", str(gone), str(tmp_path / "test.src"), "o"]
    for argv in (["train", f"--save-to={tmp_path / 'x.bin'}", *files, f"--vocab={gone}"], decode):
        assert failing(a4, capsys, *argv, status=2) == f"{gone}: no such file"
    (tmp_path / "dev.src").write_bytes(b"\xff\n")
    assert "not UTF-8" in failing(a4, capsys, "train", f"--save-to={out}", *files[:4], "--restart", status=1)


def test_resume_and_restart_are_one_or_the_other(a4: Modules, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        a4("run").main(["train", "--resume", "--restart"])
    assert error.value.code == 2
    assert "--restart: not allowed with argument --resume" in capsys.readouterr().err


def test_a_model_that_is_none_is_one_line(
    a4: Modules, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = str(tmp_path / "test.src"), str(tmp_path / "out")
    said = failing(a4, capsys, "decode", source, source, output, status=1)
    assert said == f"{source}: not a model or a checkpoint of this program, or a damaged one"


def test_a_number_that_makes_no_sense_is_one_line(a4: Modules, capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(a4, capsys, "train", "--batch-size=0") == "--batch-size is 0; expected at least 1"
    with pytest.raises(SystemExit) as error:
        a4("run").main(["train", "--lr=fast"])
    assert error.value.code == 2
    assert "argument --lr: invalid float value: 'fast'" in capsys.readouterr().err
    for option, said in (("--beam-size=0", "0 is not at least 1"), ("--length-penalty=-1", "-1 is not at least 0")):
        with pytest.raises(SystemExit):
            a4("run").main(["decode", "model", "source", "output", option])
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        a4("run").main(["decode", "model", "source", "output", "--beam-size=two"])
    assert "invalid int value: 'two'" in capsys.readouterr().err


@pytest.mark.parametrize("size", [10**14, 10**18])
def test_a_model_larger_than_the_memory_is_one_line(
    a4: Modules, files: list[str], out: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    said = failing(a4, capsys, "train", f"--save-to={out}", *files, f"--embed-size={size}", "--device=cpu", status=1)
    advice = "try a smaller --embed-size, --hidden-size or --batch-size"
    assert said == f"the memory is too small for this; {advice}"


def test_a_question_that_is_not_answered_is_one_line(
    a4: Modules, files: list[str], out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unanswered(*args: object) -> None:
        raise NotImplementedError("1f: not implemented yet")

    monkeypatch.setattr(a4("nmt_model").NMT, "step", unanswered)
    assert train(a4, out, files) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "run.py: 1f: not implemented yet"


def test_a_mistake_in_the_code_shows_where(
    a4: Modules, files: list[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(a4("nmt_model").NMT, "encode", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(a4, out, files)


def test_a_package_that_is_missing_is_said_before_training(
    a4: Modules, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "find_spec", lambda name: None if name == "sacrebleu" else find_spec(name))
    assert failing(a4, capsys, "train", status=1) == "sacrebleu is not installed: pip install sacrebleu"


def test_an_older_trivium_is_one_line(
    a4: Modules, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sanity.nmt.report", None)
    assert failing(a4, capsys, "train", status=1) == "trivium is too old; see Install in README.md"


@pytest.mark.parametrize("missing", ["sanity", "sanity.training", "sanity.training.terminal"])
def test_training_without_trivium_is_one_line(a4_folder: Path, missing: str) -> None:
    without = f"import sys; sys.modules['{missing}'] = None; import run; sys.exit(run.main(['train']))"
    ended = subprocess.run([sys.executable, "-c", without], cwd=a4_folder, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "run.py: trivium is not installed, or too old; see Install in README.md\n"


def test_a_vocabulary_without_trivium_is_one_line(a4_folder: Path) -> None:
    without = "import sys; sys.modules['sanity'] = None; import vocab; sys.exit(vocab.main([]))"
    ended = subprocess.run([sys.executable, "-c", without], cwd=a4_folder, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr == "vocab.py: trivium is not installed, or too old; see Install in README.md\n"


def test_help_needs_no_torch_and_knows_every_number(a4: Modules, a4_folder: Path) -> None:
    code = "import sys, run\ntry: run.main(['train', '--help'])\nfinally: print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=a4_folder, capture_output=True, text=True).stdout
    assert told.endswith("False\n")
    for name in ("--embed-size", "--patience", "--max-num-trial", "--uniform-init", "--save-to", "--valid-niter"):
        assert name in told


@pytest.mark.slow
def test_run_sh_has_the_course_s_tasks(a4_folder: Path, files: list[str], tmp_path: Path) -> None:
    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "DATA": str(tmp_path), "OUT": str(tmp_path / "o")}
        env |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(course_root())}
        return subprocess.run(["bash", "run.sh", *argv], cwd=a4_folder, env=env, capture_output=True, text=True)

    assert run("vocab", "--freq-cutoff=1").returncode == 0
    trained = run("train_debug", "--max-updates=3")
    assert trained.returncode == 0, trained.stderr
    assert "avg. ppl" not in trained.stdout  # three updates are fewer than a line is for
    for _ in range(2):
        tested = run("test_local", "--beam-size=2")
        assert tested.stdout.startswith("BLEU "), tested.stderr
    assert len((tmp_path / "o" / "test.translations").read_text().splitlines()) == 6
    wrong = run("dance")
    assert wrong.returncode == 2
    assert "train_debug | train_local | train | test_local | test | vocab" in wrong.stderr
