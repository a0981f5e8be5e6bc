"""`python sanity_check.py`, as a student meets it: with a right answer, with none, and with every kind of wrong one."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import sanity
from graders.course.assignment import handout_folder, load_assignment
from graders.course.handout import build_handout
from sanity.core.assignment_package import load_checks
from sanity.core.assignment_toml import read_manifest
from sanity.student.cli import main

NOT_TEXT = "utils.py is not valid Python: SyntaxError at line 1"

# What torch says of every right convolution; pytest takes back what sanity.a4.beside.model does about it.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

COURSE_LINES = """\
Running Sanity Check for Question 1d: Encode
enc_hiddens Sanity Checks Passed!
dec_init_state[0] Sanity Checks Passed!
dec_init_state[1] Sanity Checks Passed!
All Sanity Checks Passed for Question 1d: Encode!
Running Sanity Check for Question 1e: Decode
combined_outputs Sanity Checks Passed!
All Sanity Checks Passed for Question 1e: Decode!
Running Sanity Check for Question 1f: Step
dec_state[0] Sanity Checks Passed!
dec_state[1] Sanity Checks Passed!
combined_output Sanity Checks Passed!
e_t Sanity Checks Passed!
All Sanity Checks Passed for Question 1f: Step!
3 of 3 questions pass
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a student who has installed what students install, which is no grader."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(Path(sanity.__file__).parent, site / "sanity", ignore=shutil.ignore_patterns("__pycache__"))
    return {"PYTHONPATH": str(site), "PATH": os.environ["PATH"]}


@pytest.fixture(scope="module")
def unzipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handout unzipped somewhere, with nothing done yet."""
    folder = tmp_path_factory.mktemp("somewhere with spaces")
    with zipfile.ZipFile(build_handout(load_assignment("a4"), folder)) as handout:
        handout.extractall(folder)
    return folder / "a4"


def command(*args: str) -> list[str]:
    return [sys.executable, "sanity_check.py", *args]


@pytest.fixture(scope="module")
def answered(installed, unzipped) -> tuple[subprocess.CompletedProcess[str], Path]:
    """What a student sees who unzips the handout, answers every question, and checks three."""
    folder = shutil.copytree(unzipped, unzipped.parent / "answered")
    for name, content in load_assignment("a4").reference.items():
        (folder / name).write_bytes(content)
    done = subprocess.run(
        command("1f", "1d", "1e", "--verbose"), cwd=folder, env=installed, capture_output=True, text=True
    )
    return done, folder


def test_right_answers_give_the_courses_lines(answered):
    done, _ = answered
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith("also true: ")]
    assert (done.stderr, "\n".join(lines) + "\n", done.returncode) == ("", COURSE_LINES, 0)


def test_right_answers_are_told_what_else_is_true(answered):
    done, _ = answered
    said = {line.removeprefix("also true: ") for line in done.stdout.splitlines() if line.startswith("also true: ")}
    checks = [check for check in load_checks("a4") if check.question in ("1d", "1e", "1f")]
    assert said == {check.sentence for check in checks if not check.outputs}


def test_without_a_terminal_there_are_no_colours(answered):
    assert "\033" not in answered[0].stdout


def test_on_a_terminal_there_are_and_the_stub_is_not_implemented_yet(installed, unzipped):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command("1a", "1d"), cwd=unzipped, env=installed, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:  # so a terminal on Linux says that the other side has closed
        pass
    os.close(ours)
    assert process.wait() == 1
    assert said.decode().replace("\r\n", "\n") == (
        "\033[1mRunning Sanity Check for Question 1a: Padding\033[0m\n"
        "\033[31mQuestion 1a: Padding is not implemented yet.\033[0m\n\n"
        "\033[1mRunning Sanity Check for Question 1d: Encode\033[0m\n"
        "\033[31mQuestion 1d: Encode waits for question 1b, which is not implemented yet.\033[0m\n\n"
        "\033[31m0 of 2 questions pass; not yet: 1a, 1d\033[0m\n"
    )


def test_help_needs_neither_torch_nor_hypothesis(installed, unzipped):
    script = (
        "import atexit, runpy, sys; atexit.register(lambda: print(*sys.modules)); "
        "runpy.run_path(sys.argv.pop(1), {}, '__main__')"
    )
    for option in ("--help", "--list"):
        args = [sys.executable, "-c", script, "sanity_check.py", option]
        done = subprocess.run(args, cwd=unzipped, env=installed, capture_output=True, text=True)
        *text, modules = done.stdout.splitlines()
        assert (done.stderr, done.returncode) == ("", 0)
        assert "sanity.student.cli" in modules.split() and not {"torch", "hypothesis"} & set(modules.split())
        assert any("1d  Encode" in line for line in text)
        if option == "--help":
            assert text[0].startswith("usage: python sanity_check.py ")
            assert "exit status: 0 all passed; 1 a check failed; 2 a wrong name, file or option" in text


# From here on in this process, where torch is imported once.


@pytest.fixture
def check(capfd) -> Callable[..., tuple[int, str, str]]:
    """Check questions of a folder; return the exit status and what was printed on either stream."""

    def check(folder: Path, *args: str) -> tuple[int, str, str]:
        status = main(args, folder)
        return status, *capfd.readouterr()

    return check


@pytest.fixture
def spoilt(reference: Path) -> Callable[..., Path]:
    """The reference with one text replaced by another, in the file that holds it."""

    def spoilt(old: str, new: str) -> Path:
        [path] = [path for path in reference.glob("*.py") if path.read_text().count(old) == 1]
        path.write_text(path.read_text().replace(old, new))
        return reference

    return spoilt


def block(out: str) -> list[str]:
    """The first block of an output, without its indents."""
    return [line.strip() for line in out.split("\n\n")[1].splitlines()]


RETURN_1D = "return enc_hiddens, (h_0, c_0)"
RETURN_1E = "return torch.stack(combined_outputs)"
SENTENCE_1D = "encode() returns the hidden states of both directions for every word, and zeros for the padding."


def test_everything_right_from_the_padding_on(check, reference):
    status, out, err = check(reference)
    assert (status, err) == (0, "")
    assert out.count("All Sanity Checks Passed for Question") == len(read_manifest(reference).questions)


def test_a_wrong_shape_is_told_by_the_axes_names(check, spoilt):
    status, out, _ = check(spoilt("pad_packed_sequence(packed, batch_first=True)", "pad_packed_sequence(packed)"), "1d")
    assert status == 1
    assert block(out) == [
        f"failed: {SENTENCE_1D}",
        "found   enc_hiddens has shape (b=3, src_len=2, 2h=10), expected (b=2, src_len=3, 2h=10)",
        "case    2 sentences of up to 3 words, e = 6, h = 5",
        "likely  enc_hiddens has words first and sentences second; the batch comes first",
    ]
    assert out.splitlines()[1:3] == [
        "dec_init_state[0] Sanity Checks Passed!",
        "dec_init_state[1] Sanity Checks Passed!",
    ]


def test_wrong_values_are_shown_with_place_difference_and_diagnosis(check, spoilt):
    status, out, _ = check(spoilt(RETURN_1D, "return enc_hiddens, (h_0, c_0 / (1 + (len(c_0) > 3)))"), "1d")
    assert status == 1
    assert re.fullmatch(
        r"failed: dec_init_state\[1\] is c_projection of the last cell states, forward direction first\. "
        r"found   dec_init_state\[1\] has the right shape \(b=4, h=2\) but 8 of 8 values are wrong, "
        r"the first at \[b=0, h=0\] "
        r"values  got -?\d\.\d+ there, expected -?\d\.\d+; largest difference \d\.\d+ "
        r"case    4 sentences of up to 6 words, e = 3, h = 2 "
        r"likely  dec_init_state\[1\] is off by a constant factor",
        " ".join(block(out)),
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (RETURN_1D, "return None", "encode() returned None: did you forget `return`?"),
        (RETURN_1D, "return enc_hiddens, h_0, c_0",
         "encode() returned 3 values, expected 2: enc_hiddens, (dec_init_state[0], dec_init_state[1])"),
        (RETURN_1D, "return packed, (h_0, c_0)", "enc_hiddens is a value of type PackedSequence, expected an array"),
        (RETURN_1D, "return (x for x in enc_hiddens), (h_0, c_0)",
         "enc_hiddens is a value of type generator, expected an array"),
        (RETURN_1D, "return self, (h_0, c_0)", "enc_hiddens is a value of type NMT, expected an array"),
        (RETURN_1D, "return enc_hiddens.long(), (h_0, c_0)",
         "enc_hiddens holds int64, expected floating-point numbers"),
        (RETURN_1D, "return enc_hiddens * float('nan'), (h_0, c_0)",
         "enc_hiddens holds 60 NaN, the first at [b=0, src_len=0, 2h=0]"),
        (RETURN_1E, "return combined_outputs", "combined_outputs is a list of 4 arrays, expected one array"),
    ],
)  # fmt: skip
def test_wrong_kinds_of_answers(check, spoilt, old, new, found):
    question = "1d" if old == RETURN_1D else "1e"
    status, out, _ = check(spoilt(old, new), question)
    text = " ".join(block(out))
    assert status == 1 and text.startswith("failed: ")
    assert f"found   {found}" in text


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("embedded = self", "return self.encode(source_padded, source_lengths)  #",
         "encode() raised RecursionError in nmt_model.py, line"),
        (RETURN_1D, "import sys; sys.exit(0)", "encode() raised SystemExit in nmt_model.py, line"),
        (RETURN_1D, "return enc_hidens, (h_0, c_0)", "encode() raised NameError in nmt_model.py, line"),
        (RETURN_1D, "class Own(Exception): pass\n        raise Own('1d: 100 points')",
         "encode() raised an exception in nmt_model.py, line"),
        (RETURN_1D, "return enc_hiddens, (h_0, c_0", "nmt_model.py is not valid Python: SyntaxError at line"),
    ],
)  # fmt: skip
def test_crashes(check, spoilt, old, new, found):
    status, out, err = check(spoilt(old, new), "1a", "1d")
    assert (status, err) == (1, "")
    assert "All Sanity Checks Passed for Question 1a: Padding!" in out
    text = out.split("Question 1d: Encode\n")[1]
    assert f"could not run: {SENTENCE_1D}" in text and found in text
    assert "sanity/" not in text and "Traceback" not in text
    assert text.count("could not run for the same reason.") == 1


def test_what_fails_at_the_top_and_is_used_is_named(check, spoilt):
    folder = spoilt("class NMT(nn.Module):", "import nowhere\nclass NMT(nowhere.Module):")
    status, out, _ = check(folder, "1d")
    assert status == 1 and "NMT() raised ModuleNotFoundError in nmt_model.py, line" in out


@pytest.mark.parametrize(
    "before", ["1 / 0", "import nowhere", "from .utils import pad_sents", "nltk.download('punkt')"]
)
def test_what_fails_at_the_top_and_is_not_used_costs_nothing(check, spoilt, before):
    status, out, said = check(spoilt("class NMT(nn.Module):", f"{before}\nclass NMT(nn.Module):"), "1d")
    assert (status, "All Sanity Checks Passed for Question 1d: Encode!" in out) == (0, True)
    assert ("note: nmt_model.py, line" in said) == (before != "from .utils import pad_sents")


@pytest.mark.parametrize(
    ("content", "found", "hint"),
    [
        (b"def pad_sents(", "utils.py is not valid Python: SyntaxError at line 1", ""),
        (b"\tpad = 1", "utils.py is not valid Python: IndentationError at line 1", ""),
        (
            "PAD = 'naïve'".encode("latin-1"),
            "utils.py is not valid Python: SyntaxError at line 1",
            "the file is not plain text: save it as UTF-8",
        ),
        ("PAD = 1".encode("utf-16"), NOT_TEXT, "the file is not plain text: save it as UTF-8"),
        (b"PAD = 1\0", NOT_TEXT, "the file is not plain text: save it as UTF-8"),
        (
            b"",
            "pad_sents() is not there: the file does not define it, or under another name",
            "the module has no such name: is it misspelt, or gone since?",
        ),
    ],
    ids=["bracket", "indent", "latin-1", "utf-16", "null", "empty"],
)
def test_files_that_are_no_answer(check, reference, content, found, hint):
    (reference / "utils.py").write_bytes(content)
    status, out, _ = check(reference, "1a")
    assert status == 1
    assert f"\n  found   {found}\n" in out and (not hint or f"\n  hint    {hint}\n" in out)


def test_what_a_submission_prints_does_not_mix_with_the_answer(check, spoilt):
    folder = spoilt(RETURN_1D, f"print('here I am'); {RETURN_1D}")
    status, out, err = check(folder, "1d", "--json")
    assert status == 0 and "here I am" in err
    assert {one["outcome"] for one in json.loads(out)[0]["checks"]} == {"passed"}


def test_json_holds_all_verdicts_and_the_status_is_that_of_the_text(check, spoilt):
    status, out, err = check(spoilt(RETURN_1D, "return None"), "1d", "1a", "--json")
    assert (status, err) == (1, "")
    questions = json.loads(out)
    assert [question["question"] for question in questions] == ["1a", "1d"]
    for question in questions:
        own = [check.name for check in load_checks("a4") if check.question == question["question"]]
        assert [one["check"] for one in question["checks"]] == own
    assert {one["outcome"] for one in questions[0]["checks"]} == {"passed"}
    assert "failed" in {one["outcome"] for one in questions[1]["checks"]}


# Right on every fixed case, and wrong for three sentences or more of five words.
RARE = "return enc_hiddens + (enc_hiddens.shape[0] > 2 and enc_hiddens.shape[1] == 5), (h_0, c_0)"


def test_a_seed_finds_what_the_fixed_cases_miss_and_shrinks_it(check, spoilt):
    folder = spoilt(RETURN_1D, RARE)
    assert check(folder, "1d")[0] == 0
    status, out, _ = check(folder, "1d", "--seed", "7")
    assert status == 1
    sentence, *_, case = block(out)
    assert sentence == "failed: Two sentences are encoded the same apart and inside a larger, padded batch."
    assert case == "case    3 sentences of up to 5 words, e = 6, h = 5"


def test_right_answers_pass_with_any_seed(check, reference):
    assert check(reference, "1a", "1c", "1e", "--seed", "123")[0] == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["1z"], "sanity_check.py: a4 has no question '1z': choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d\n"),
        (
            ["1h"],
            "sanity_check.py: question 1h of a4 is earned by training, and has no checks: "
            "choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d\n",
        ),
        (
            ["--list", "3a"],
            "sanity_check.py: a4 has no question '3a': choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d\n",
        ),
    ],
)
def test_unknown_questions(check, reference, args, said):
    assert check(reference, *args) == (2, "", said)


@pytest.mark.parametrize("args", [["--seed", "x"], ["--colour"]])
def test_unknown_options(reference, capsys, args):
    with pytest.raises(SystemExit) as stopped:
        main(args, reference)
    assert stopped.value.code == 2
    assert "python sanity_check.py: error: " in capsys.readouterr().err


@pytest.mark.parametrize("file", ["nmt_model.py", "vocab.py"])
def test_a_missing_file_is_named(check, reference, file):
    (reference / file).unlink()
    said = f"sanity_check.py: {reference / file}: not found; it must be in the same folder as sanity_check.py\n"
    assert check(reference, "1d") == (2, "", said)


def test_a_file_that_the_question_does_not_need_may_be_missing(check, reference):
    (reference / "nmt_model.py").unlink()
    assert check(reference, "1a", "1b")[0] == 0


def test_outside_an_assignment(check, tmp_path):
    said = f"sanity_check.py: {tmp_path}/assignment.toml: not found; run this in an assignment's folder\n"
    assert check(tmp_path, "1d") == (2, "", said)


def test_a_broken_install_is_said_to_be_one(check, reference, monkeypatch, tmp_path):
    monkeypatch.setattr("sanity.student.runner.recording_path", lambda name: tmp_path / "a4.npz")
    said = f"sanity_check.py: no readable recordings at {tmp_path}/a4.npz: reinstall trivium\n"
    assert check(reference, "1d") == (2, "", said)


def test_without_torch_it_says_how_to_install_it(check, reference, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    said = (
        "sanity_check.py: question 1d needs torch, which is not installed: install trivium with its extra [torch], "
        "see Install in README.md; on Linux without a GPU, take torch from PyTorch's index of CPU builds before that: "
        "it is far smaller\n"
    )
    assert check(reference, "1d") == (2, "", said)


@pytest.mark.parametrize("name", ["random", "copy", "torch", "pathlib", "json", "types"])
def test_a_file_that_hides_a_module_is_left_out(reference, name):
    (reference / f"{name}.py").write_text("raise ValueError('this one')")
    done = subprocess.run([sys.executable, "sanity_check.py", "1a"], cwd=reference, capture_output=True, text=True)
    assert (done.returncode, "All Sanity Checks Passed" in done.stdout) == (0, True)
    assert f"left out: {name}.py would hide a module of that name: rename it" in done.stderr


def test_a_question_on_lists_needs_no_torch(reference):
    script = "import sys; from sanity.student.cli import main; from pathlib import Path; "
    script += "sys.modules['torch'] = None; sys.exit(main(['1a'], Path(sys.argv[1])))"
    done = subprocess.run([sys.executable, "-c", script, reference], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "All Sanity Checks Passed for Question 1a" in done.stdout


def test_ctrl_c_is_no_traceback_and_names_the_place(check, spoilt):
    folder = spoilt(RETURN_1D, "raise KeyboardInterrupt")
    line = (folder / "nmt_model.py").read_text().splitlines().index("        raise KeyboardInterrupt") + 1
    said = f"stopped in nmt_model.py, line {line}, in question 1d: Encode; the grader would stop it after 10 s"
    assert check(folder, "1d") == (130, "", f"sanity_check.py: {said}\n")
    said = said.partition(";")[0]
    assert check(folder, "1d", "--no-limit") == (130, "", f"sanity_check.py: {said}\n")


def test_an_answer_that_changes_from_call_to_call_is_named_as_such(check, spoilt):
    noise = "return enc_hiddens, (h_0 + 0.01 * torch.randn(h_0.shape), c_0)"
    said = " ".join(check(spoilt(RETURN_1D, noise), "1d")[1].split())
    assert "hint the same call gives another answer when it is repeated: is something random, or does a call" in said
    steady = check(spoilt(noise, "return enc_hiddens, (h_0 + 0.01, c_0)"), "1d")[1]
    assert "the same call" not in " ".join(steady.split())


def test_right_gradients_are_not_blamed_for_a_wrong_loss(check, tmp_path):
    folder = shutil.copytree(handout_folder("a2"), tmp_path / "a2")
    text = load_assignment("a2").reference["word2vec.py"].decode()
    right = "    loss = np.logaddexp.reduce(scores) - scores[outsideWordIdx]\n"
    assert right in text
    wrong = "    loss = -np.log(softmax(scores)[outsideWordIdx] + 1e-2)\n"
    (folder / "word2vec.py").write_text(text.replace(right, wrong))
    out = check(folder, "1b")[1]
    assert "gradCenterVec Sanity Checks Passed!\ngradOutsideVecs Sanity Checks Passed!\n" in out
    assert "  hint    the gradients are right: the mistake is in the values whose slope they should be\n" in out
    assert "likely" not in out


def short_limit(folder: Path) -> None:
    manifest = folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("seconds = 10", "seconds = 0.3"))


def test_a_loop_that_does_not_end_is_named(check, reference):
    short_limit(reference)
    body = "def pad_sents(sents, pad_token):\n    while True:\n        len(sents)\n"
    (reference / "utils.py").write_text(body)
    status, out, err = check(reference, "1a")
    assert (status, err) == (1, "")
    place = re.search(
        r"  found   pad_sents\(\) took too long: it was in utils.py, line (\d), when 0.3 s were over\n", out
    )
    assert place and int(place[1]) in (2, 3)
    assert "  hint    the grader would stop it after 0.3 s; --no-limit lets it go on here\n" in out
    assert "2 more could not run for the same reason." in out


def test_a_loop_at_the_top_of_a_file_costs_what_is_in_it(check, reference):
    short_limit(reference)
    text = (reference / "utils.py").read_text()
    (reference / "utils.py").write_text(f"while True:\n    pass\n{text}")
    status, _, err = check(reference, "1a")
    assert err == "note: utils.py, line 1: failed: sanity.core.time_limit.TookTooLong: it took more than 0.075 s\n"
    assert status == 0


def test_one_call_that_is_slow_takes_the_time_of_the_next(check, reference):
    short_limit(reference)
    text = (reference / "utils.py").read_text()
    slow = text.replace("    longest =", "    import time\n    time.sleep(0.25)\n    longest =")
    (reference / "utils.py").write_text(slow)
    assert "pad_sents() took too long" in check(reference, "1a")[1]
    assert check(reference, "1a", "--no-limit")[0] == 0


def test_a_loop_in_c_code_ends_the_process_and_is_named(reference, installed):
    short_limit(reference)
    (reference / "utils.py").write_text("def pad_sents(sents, pad_token):\n    return sum(range(10**13))\n")
    script = (
        "import sys, sanity.student.limit as limit; limit.GRACE = limit.BEAT = 0.2; from pathlib import Path; "
        "from sanity.student.cli import main; sys.exit(main(['1a'], Path.cwd()))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=reference, env=installed, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'utils.py", line 2 in pad_sents' in done.stderr


def test_code_that_catches_everything_ends_the_process_with_a_line(reference, installed):
    short_limit(reference)
    body = "def loop():\n    while True: pass\ndef pad_sents(sents, pad_token):\n    while True:\n        try: loop()\n"
    (reference / "utils.py").write_text(f"{body}        except: pass\n")
    script = (
        "import sys, sanity.student.limit as limit; limit.GRACE = limit.BEAT = 0.2; from pathlib import Path; "
        "import sanity.core.time_limit as t; t.AGAIN = 60; "
        "from sanity.student.cli import main; sys.exit(main(['1a'], Path.cwd()))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=reference, env=installed, capture_output=True, text=True)
    where = "stopped in utils.py, line 2, in question 1a: Padding; the grader would stop it after 0.3 s"
    assert (done.returncode, done.stderr) == (1, f"sanity_check.py: {where}; it does not let itself be stopped\n")


@pytest.mark.parametrize("seed", ["-1", "1.5", "x"])
def test_a_seed_is_a_natural_number(reference, capsys, seed):
    with pytest.raises(SystemExit):
        main(["1a", "--seed", seed], reference)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"python sanity_check.py: error: argument --seed: {seed!r}: expected a whole number, 0 or more"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_what_the_encoding_lacks_is_replaced(reference, installed, encoding):
    (reference / "utils.py").write_text(
        "print('→')\ndef pad_sents(sents, pad_token):\n    raise ValueError('1 → 2, ∞')\n", encoding="utf-8"
    )
    environment = {**installed, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command("1a"), cwd=reference, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "?\n")
    assert "    ValueError: 1 ? 2, ?\n" in done.stdout
    done = subprocess.run(command("1a", "--json"), cwd=reference, env=environment, capture_output=True, text=True)
    assert "ValueError: 1 \u2192 2" in json.loads(done.stdout)[0]["checks"][0]["detail"]


@pytest.mark.parametrize(
    ("assignment", "question", "light"),
    [
        ("a4", "1a", ["torch"]),
        ("a1", "1.1", ["sklearn", "scipy", "matplotlib", "gensim"]),
        ("a1", "2.2", ["sklearn", "scipy", "matplotlib", "gensim"]),
        ("a1", "1.4", ["sklearn", "scipy", "gensim"]),
        ("a2", "1a", ["torch", "gensim", "matplotlib"]),
        ("a5", "2c", ["torch", "scipy", "matplotlib"]),
    ],
)
def test_a_question_imports_only_what_it_needs(installed, tmp_path, assignment, question, light):
    course = load_assignment(assignment)
    folder = shutil.copytree(handout_folder(assignment), tmp_path / assignment)
    for name, content in course.reference.items():
        (folder / name).write_bytes(content)
    for notebook in folder.glob("*.ipynb"):  # the reference has its cells in a Python file
        notebook.unlink()
    script = (
        "import sys; from pathlib import Path; from sanity.student.cli import main; "
        f"status = main([{question!r}], Path.cwd()); print(status, *[m for m in {light!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, env=installed, capture_output=True, text=True)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0", "")
