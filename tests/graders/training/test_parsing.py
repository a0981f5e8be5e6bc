"""Parsing as a task: what goes into the sandbox, what comes out, and whose answers they are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_variants
from graders.records.training import StopReason, Training, points_earned
from graders.sandbox.isolation import Isolation
from graders.training.runner import train_one
from graders.training.tasks.base import TaskError
from graders.training.tasks.parsing import Parsing, Treebank, interval, load_treebank, parse_of
from graders.training.tasks.registry import load_task
from tests.support.tiny_treebank import a_job, reference_files, write_treebank

ROOT = Path(__file__).parents[3]
RIGHT = {variant.id: variant.files for variant in load_variants(load_assignment("a3"))}
[TRAINED] = load_assignment("a3").manifest.trained


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_treebank(tmp_path_factory.mktemp("data") / "tiny", secret="secretly")


@pytest.fixture(scope="module")
def task(data: Path) -> Parsing:
    task = load_task(a_job(Path(), data, reference_files()))
    assert isinstance(task, Parsing)
    return task


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
    task: Parsing,
    data: Path,
    isolation: Isolation,
    run_warm: Callable[..., Training],
) -> Training:
    job = a_job(tmp_path_factory.mktemp("whole"), data, reference_files(), isolation=isolation)
    return run_warm(job, task)


def test_no_tree_of_dev_and_test_goes_in(task: Parsing) -> None:
    given = b"\n".join([*task.data().values(), *task.test_data().values()])
    assert b"secretly" not in given
    assert all(form.encode() in given for sentence in task.treebank.test for form in sentence.forms)
    code = task.code(a_job(Path(), Path(), {}).submission)
    assert not [name for name in code if "grammar" in name or "toy" in name]


def test_given_files_stay(data: Path, task: Parsing) -> None:
    files = dict.fromkeys(("parser_model.py", "utils/parser_utils.py", "parsing/training.py", "a.txt"), b"forged")
    code = task.code(a_job(Path(), data, files).submission)
    assert code["parser_model.py"] == b"forged"
    for name in ("utils/parser_utils.py", "parsing/training.py"):
        assert code[name] == (handout_folder("a3") / name).read_bytes()
    assert "a.txt" not in code


def test_the_seed_of_the_data_stays_outside(data: Path) -> None:
    seed = 2**62 + 12345
    settings = load_task(a_job(Path(), data, {}, seed=seed)).settings()
    assert str(seed) not in repr(settings)
    assert 0 <= settings["hyperparameters"]["seed"] < 2**31


def test_scores_are_those_of_the_handout(task: Parsing) -> None:
    right = list(task.references)
    scores = task.test_scores(right * 2)
    assert (scores.score, scores.low, scores.high, scores.batch_sensitivity) == (100, 100, 100, 0)
    assert scores.other_scores["LAS"] == 100
    assert "punct:" in scores.signature
    assert task.dev_score([""] * len(task.dev)) == 0
    without = [" ".join(f"{word.partition(':')[0]}:" for word in line.split()) for line in right]
    scores = task.test_scores([*without, *right])
    assert (scores.score, scores.other_scores["LAS"], scores.batch_sensitivity) == (100, 0, 1)
    half = [right[0].replace(":", ".", 1), *right[1:]]  # one head is none
    words = sum(len(sentence.heads) for sentence in task.treebank.test)
    assert task.test_scores(half * 2).score == pytest.approx(100 * (words - 1) / words)


@given(st.text(max_size=200) | st.from_regex(r"(-?\d{1,9}:[a-z]* ?)*", fullmatch=True), st.integers(1, 20))
def test_any_text_is_a_parse_of_n_words(answer: str, n: int) -> None:
    heads, relations = parse_of(answer, n)
    assert len(heads) == len(relations) == n
    assert all(-1 <= head < 100_000 for head in heads)


def test_the_interval_covers_the_score_and_shrinks() -> None:
    rng = np.random.default_rng(1)
    low, high = interval([(int(rng.binomial(10, 0.8)), 10) for _ in range(50)])
    assert low < 80 < high
    narrow = interval([(int(rng.binomial(10, 0.8)), 10) for _ in range(5000)])
    assert high - low > 5 * (narrow[1] - narrow[0]) > 0


def test_the_reference_is_trained(trained: Training) -> None:
    assert trained.stop_reason is StopReason.CONVERGED
    assert trained.score is not None and trained.low is not None
    assert trained.low <= trained.score
    assert (trained.updates, trained.data, trained.metric) == (30, "the folder tiny", "UAS")
    assert [point.update for point in trained.curve if point.score is not None] == [10, 20, 30]
    losses = [point.loss for point in trained.curve if point.loss is not None]
    assert losses[-1] < losses[0]
    assert (trained.batch_sensitivity, trained.reference_mismatch) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("id", ["linear-layers", "transposed-weights"])
def test_a_right_model_answers_as_the_reference_does_with_its_weights(
    id: str, task: Parsing, data: Path, tmp_path: Path, isolation: Isolation, run_warm: Callable[..., Training]
) -> None:
    files = {name: text.encode() for name, text in RIGHT[id].items()}
    job = a_job(tmp_path, data, files, isolation=isolation)
    training = run_warm(job, task)
    assert (training.score is not None, training.reference_mismatch, training.batch_sensitivity) == (True, 0, 0)


LAYER = "\n_init = ParserModel.__init__\ndef __init__(self, *args, **options):\n    _init(self, *args, **options)\n"


def test_a_model_of_another_structure_is_a_note_for_staff_and_not_zero(
    task: Parsing, data: Path, tmp_path: Path, isolation: Isolation, run_warm: Callable[..., Training]
) -> None:
    files = reference_files()
    files["parser_model.py"] += f"{LAYER}    self.more = nn.Linear(4, 4)\nParserModel.__init__ = __init__\n".encode()
    job = a_job(tmp_path, data, files, isolation=isolation)
    training = run_warm(job, task)
    assert training.score is not None and training.reference_mismatch is None
    assert "staff should check that they come from the trained weights" in training.message
    on_toy = msgspec.structs.replace(training, data="toy", score=95.0)
    assert points_earned(on_toy, TRAINED, right=True) == TRAINED.points


FORGED = """
_honest = minibatch_parse
def minibatch_parse(sentences, model, batch_size):
    return [[(0, 1)] + [(1, word) for word in sentence[1:]] for sentence in sentences]
"""


@pytest.mark.slow
def test_parses_by_something_else_than_the_model_are_foreign(
    task: Parsing, data: Path, tmp_path: Path, isolation: Isolation, run_warm: Callable[..., Training]
) -> None:
    files = reference_files()
    files["parser_transitions.py"] += FORGED.encode()
    job = a_job(tmp_path, data, files, isolation=isolation)
    training = run_warm(job, task)
    assert training.reference_mismatch is not None and training.reference_mismatch > 0.5
    on_toy = msgspec.structs.replace(training, data="toy", score=95.0)
    assert points_earned(on_toy, TRAINED, right=True) == 0


MOODY = """
_right = minibatch_parse
def minibatch_parse(sentences, model, batch_size):
    return _right(sentences, model, batch_size) if batch_size > 100 else [[(0, w) for w in s] for s in sentences]
"""


@pytest.mark.slow
def test_parses_that_depend_on_the_batch_earn_nothing(
    task: Parsing, data: Path, tmp_path: Path, isolation: Isolation, run_warm: Callable[..., Training]
) -> None:
    files = reference_files()
    files["parser_transitions.py"] += MOODY.encode()
    job = a_job(tmp_path, data, files, isolation=isolation)
    training = run_warm(job, task)
    assert training.batch_sensitivity is not None and training.batch_sensitivity > 0.5
    assert "must not depend on other sentences" in training.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "code", "reason", "says"),
    [
        ("parser_model.py", "ParserModel.forward = lambda self, w: torch.zeros(2, 2)", StopReason.CRASHED, "training"),
        (
            "parser_model.py",
            "ParserModel.forward = lambda self, w: self.hidden_to_logits_bias.expand(len(w), -1) * float('nan')",
            StopReason.DIVERGED,
            "training diverged: the loss was no longer a finite number",
        ),
        ("parser_transitions.py", "minibatch_parse = lambda *args: []", StopReason.CRASHED, "training"),
    ],
)
def test_wrong_sizes_and_nan_end_in_one_line(
    file: str,
    code: str,
    reason: StopReason,
    says: str,
    task: Parsing,
    data: Path,
    tmp_path: Path,
    isolation: Isolation,
    run_warm: Callable[..., Training],
) -> None:
    files = reference_files()
    files[file] += f"\nimport torch\n{code}\n".encode()
    job = a_job(tmp_path, data, files, isolation=isolation)
    training = run_warm(job, task)
    assert training.stop_reason is reason, training.message
    assert training.message.startswith(says)
    assert "\n" not in training.message


def test_the_grader_imports_no_torch(data: Path) -> None:
    script = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}]
from pathlib import Path
from tests.support.tiny_treebank import a_job, reference_files
from graders.training.runner import training_key
from graders.training.tasks.registry import load_task
task = load_task(a_job(Path(), Path({str(data)!r}), reference_files()))
task.test_scores(task.references * 2)
assert not [name for name in ("torch", "parsing", "parser_model") if name in sys.modules]
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_data_that_cannot_be_had(tmp_path: Path, data: Path) -> None:
    with pytest.raises(TaskError, match=rf"^--data {tmp_path / 'none'}: {tmp_path / 'none'}: no such folder"):
        load_treebank(str(tmp_path / "none"), 0, handout_folder("a3"))
    (tmp_path / "short").mkdir()
    for part in ("train", "dev"):
        name = f"{part}.conllu"
        (tmp_path / "short" / name).write_bytes((data / name).read_bytes())
    with pytest.raises(TaskError, match="no sentences to test with"):
        load_treebank(str(tmp_path / "short"), 0, handout_folder("a3"))


def test_toy_treebanks_differ_by_seed() -> None:
    one, same, other = (load_treebank("toy", seed, handout_folder("a3")) for seed in (1, 1, 2))
    assert isinstance(one, Treebank) and one == same

    def words(treebank: Treebank) -> set[str]:
        return {form for sentence in treebank.train for form in sentence.forms}

    assert not words(one) <= words(other)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_reference_earns_all_points_on_the_toy_treebank(seed: int, tmp_path: Path, isolation: Isolation) -> None:
    job = a_job(tmp_path, Path(), reference_files(), isolation=isolation, seed=2**50 + seed, hyperparameters={})
    training = train_one(replace(job, data="toy", budget=300.0))
    assert training.score is not None and training.score >= 95
    assert points_earned(training, TRAINED, right=True) == TRAINED.points
