"""Judging is fair: a mistake costs what it is worth, a point of style costs nothing, and what is told names it."""

from __future__ import annotations

import numpy as np
import pytest

from graders.course.assignment import load_assignment
from graders.course.planted import load_bugs, load_variants, reference_files
from graders.course.planted.process_run import run_in_process
from graders.grading.submission import scored
from sanity.a2.pairs import MOST_DRAWS, Recorded
from sanity.core.assignment_package import load_checks
from sanity.core.compare import same_array
from sanity.core.errors import CheckFailed
from sanity.core.judge import CachedRun, judge
from sanity.core.recordings import fixed_cases, load, recording_path
from sanity.core.verdict import Outcome, Verdict

FILES = {name: reference_files(load_assignment(name)) for name in ("a1", "a2", "a4")}
BUGS = {(name, bug.id): bug.files for name in FILES for bug in load_bugs(load_assignment(name))}
VARIANTS = {(name, right.id): right.files for name in FILES for right in load_variants(load_assignment(name))}
NOTEBOOK = "exploring_word_vectors.py"


def spoilt(assignment: str, file: str, old: str, new: str) -> dict[str, str]:
    """Return the reference with one text replaced."""
    text = FILES[assignment][file]
    assert text.count(old) == 1
    return {**FILES[assignment], file: text.replace(old, new)}


def judged(assignment: str, files: dict[str, str], *questions: str) -> dict[str, tuple[float, list[Verdict]]]:
    """Return the points of some questions, with their verdicts."""
    course, recordings = load_assignment(assignment), load(recording_path(assignment))
    checks = [check for check in load_checks(assignment) if check.question in questions]
    with run_in_process(course, files) as child:
        run = CachedRun(child)
        verdicts = [judge(check, fixed_cases(check.cases), run, recordings.expect) for check in checks]
    own = {id: [verdict for verdict in verdicts if verdict.question == id] for id in questions}
    return {id: (scored(course.manifest.question(id), own[id]).points, own[id]) for id in questions}


def points(found: dict[str, tuple[float, list[Verdict]]]) -> dict[str, float]:
    return {question: earned for question, (earned, _) in found.items()}


def problems(found: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in found if verdict.outcome is not Outcome.PASSED]


MODEL = ("1c", "1d", "1e", "1f")


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        ("len(vocab.tgt), bias=False", "len(vocab.src), bias=False", (2, 8, 8, 10)),
        ("self.att_projection = nn.Linear(2 * hidden_size,", "self.att_projection = nn.Linear(hidden_size,",
         (2, 8, 0, 10)),
        ("nn.LSTMCell(embed_size + hidden_size,", "nn.LSTMCell(embed_size,", (2, 8, 8, 0)),
        ("nn.LSTM(embed_size, hidden_size, bid", "nn.LSTM(embed_size, 2 * hidden_size, bid", (2, 0, 8, 10)),
    ],
)  # fmt: skip
def test_a_wrong_layer_costs_only_the_questions_that_run_on_it(old: str, new: str, want: tuple[float, ...]) -> None:
    found = judged("a4", spoilt("a4", "nmt_model.py", old, new), *MODEL)
    assert points(found) == dict(zip(MODEL, want, strict=True))
    layer = {"len(": "target_vocab_projection", "self": "att_projection", "nn.LSTMC": "decoder", "nn.LSTM(": "encoder"}
    named = next(name for start, name in layer.items() if old.startswith(start))
    said = [verdict.message + verdict.hint for _, own in found.values() for verdict in problems(own)]
    assert said and all(named in text for text in said)


@pytest.mark.parametrize(
    ("assignment", "variant", "question", "hint"),
    [
        ("a2", "sigmoid-by-formula", "1a", "numpy warns of an overflow or of an invalid number in sigmoid()"),
        ("a2", "sigmoid-in-place", "1a", "sigmoid() changes the array that it is given"),
        ("a4", "pads-in-place", "1a", "pad_sents() appends the padding to the lists that it is given"),
    ],
)
def test_a_point_of_style_is_a_hint_worth_nothing(assignment: str, variant: str, question: str, hint: str) -> None:
    earned, verdicts = judged(assignment, VARIANTS[assignment, variant], question)[question]
    assert earned == 2 and not problems(verdicts)
    hints = [verdict for verdict in verdicts if verdict.message]
    assert hint in [verdict.message for verdict in hints]
    assert all(verdict.weight == 0 and verdict.hint and verdict.is_property for verdict in hints)


KNOWN = "[wv[word] for word in known]"


@pytest.mark.parametrize(
    ("assignment", "file", "question", "old", "new"),
    [
        ("a1", NOTEBOOK, "2.1", f"np.array({KNOWN}).reshape(len(known), wv.vector_size)", f"np.squeeze({KNOWN})"),
        ("a1", NOTEBOOK, "2.4", "return neighbours\n", "return neighbours if k > 1 else neighbours[0]\n"),
        ("a1", NOTEBOOK, "2.5", "return answers\n", "return answers if k > 1 else answers[0]\n"),
        ("a1", NOTEBOOK, "2.6", "return difference\n", "return difference if len(one) > 1 else None\n"),
        ("a2", "sgd.py", "1e", "return x\n", "return x if x.size > 1 else np.squeeze(x)\n"),
        ("a2", "information.py", "2i", "shifted = x - x", "if 1 in x.shape: x = np.squeeze(x)\n    shifted = x - x"),
    ],
)  # fmt: skip
def test_a_slip_that_shows_where_a_size_is_one_costs_about_a_tenth(
    assignment: str, file: str, question: str, old: str, new: str
) -> None:
    earned, verdicts = judged(assignment, spoilt(assignment, file, old, new), question)[question]
    assert len(problems(verdicts)) == 1
    assert 0.05 <= 1 - earned / load_assignment(assignment).manifest.question(question).points <= 0.13


def test_a_default_that_draws_samples_fails_the_check_of_the_default() -> None:
    earned, verdicts = judged("a2", BUGS["a2", "window-samples-by-default"], "1d")["1d"]
    assert [verdict.check for verdict in problems(verdicts)] == ["takes_the_softmax_by_default"]
    assert earned == 3.75


def test_a_dataset_that_never_stops_is_left() -> None:
    endless = Recorded([3])
    assert [endless.sampleTokenIdx() for _ in range(MOST_DRAWS)] == [3] * MOST_DRAWS
    with pytest.raises(RuntimeError, match="and no end"):
        endless.sampleTokenIdx()


def test_a_loop_without_an_end_is_named() -> None:
    distinct = "words = set()\n    while len(words) < K:\n        words.add(dataset.sampleTokenIdx())\n"
    before = "### BEGIN SOLUTION 1c\n"
    found = judged("a2", spoilt("a2", "word2vec.py", before, f"{before}    {distinct}"), "1c")["1c"][1]
    assert any("never ends" in verdict.hint for verdict in problems(found))


def test_what_a_notebook_draws_by_itself_is_no_answer() -> None:
    cell = "\n\nplt.scatter([0.5], [0.25])\nplt.text(0.5, 0.25, 'of its own')\nplt.show()\n"
    files = {**FILES["a1"], NOTEBOOK: FILES["a1"][NOTEBOOK] + cell}
    assert points(judged("a1", files, "1.4")) == {"1.4": 3}  # imported by the probe, as by the command
    assert points(judged("a1", files, "1.1", "1.4")) == {"1.1": 2, "1.4": 3}  # and before it, as by the grader


RETURN = "return enc_hiddens, (h_0, c_0)"
PAD = "return [sent + [pad_token] * (longest - len(sent)) for sent in sents]"
SVD = ".fit_transform(M)"


@pytest.mark.parametrize(
    ("assignment", "file", "question", "old", "new", "said"),
    [
        ("a4", "nmt_model.py", "1d", RETURN, "return enc_hiddens.detach().numpy(), (h_0, c_0)",
         "enc_hiddens is a numpy array, expected a tensor"),
        ("a4", "nmt_model.py", "1e", "return torch.stack(combined_outputs)",
         "return torch.stack(combined_outputs).detach().numpy()",
         "combined_outputs is a numpy array, expected a tensor"),
        ("a4", "nmt_model.py", "1f", "return dec_state, combined_output, e_t",
         "return dec_state, combined_output, e_t.detach().numpy()", "e_t is a numpy array, expected a tensor"),
        ("a4", "utils.py", "1a", PAD, "return None",
         "pad_sents() returned None, expected a list of lists: did you forget `return`?"),
        ("a4", "utils.py", "1a", PAD, "import numpy as np; return np.zeros((2, 3))",
         "pad_sents() returned an array of shape (2, 3), expected a list of lists"),
        ("a4", "utils.py", "1a", PAD, "import numpy as np; return np.array([['a']])",
         "pad_sents() returned an array of strings, expected a list of lists"),
        ("a4", "utils.py", "1a", PAD, "import numpy as np; return [np.zeros(3)]",
         "pad_sents() returned a list that holds an array of shape (3,), expected a list of lists"),
        ("a1", NOTEBOOK, "1.3", SVD, ".fit(M)", "M_reduced is a value of type TruncatedSVD, expected an array"),
        ("a1", NOTEBOOK, "1.3", SVD, ".fit_transform(M).tolist() and None", "reduce_to_k_dim() returned None"),
    ],
)  # fmt: skip
def test_what_came_instead_is_named_by_the_first_check(
    assignment: str, file: str, question: str, old: str, new: str, said: str
) -> None:
    found = judged(assignment, spoilt(assignment, file, old, new), question)[question][1]
    first = next(verdict for verdict in problems(found))
    about = [verdict for verdict in problems(found) if verdict.message.startswith(said.partition(" ")[0])]
    assert (about[0] if question == "1f" else first).message.startswith(said)


@pytest.mark.parametrize(
    ("file", "old", "new", "question", "hint"),
    [
        ("model_embeddings.py", "self.target =", "self.tgt =", "1b",
         "ModelEmbeddings has no attribute target: question 1b asks for it"),
        ("nmt_model.py", "self.dropout = ", "self.drop = ", "1f",
         "NMT has no attribute dropout: question 1c asks for it"),
        ("nmt_model.py", "self.h_projection = ", "self.h_proj = ", "1d",
         "the layer h_projection of the model is missing or lacks a weight: see question 1c"),
        ("model_embeddings.py", "self.target =", "self.tgt =", "1e",
         "the layer target of the model is missing or lacks a weight: see question 1c"),
    ],
)  # fmt: skip
def test_a_missing_attribute_is_named(file: str, old: str, new: str, question: str, hint: str) -> None:
    found = judged("a4", spoilt("a4", file, old, new), question)[question][1]
    assert problems(found) and all(verdict.hint == hint for verdict in problems(found))


def test_a_function_of_another_name_is_said_to_be_missing() -> None:
    found = judged("a4", spoilt("a4", "utils.py", "def pad_sents(", "def pad("), "1a")["1a"][1]
    said = "pad_sents() is not there: the file does not define it, or under another name"
    assert [verdict.message for verdict in found] == [said] * len(found)


def test_numbers_that_look_alike_are_told_apart() -> None:
    want = np.array([1.0, 2.0])
    with pytest.raises(CheckFailed) as failed:
        same_array("out", want * (1 + 1e-7), want, "n")
    assert failed.value.detail.startswith("got 1.0000001 there, expected 1;")
