"""Strings and a world as tasks: what goes into the sandbox, what stands in, what comes out, and a small training."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graders.course.assignment import load_assignment
from graders.errors import OptionError
from graders.intake.submission import Submission
from graders.records.training import StopReason
from graders.sandbox.isolation import Isolation
from graders.training.job import Job, TrainingLimits
from graders.training.runner import train_one
from graders.training.tasks.base import TaskError
from graders.training.tasks.registry import load_task, require_secret_seed, trained_question
from graders.training.tasks.transformer import Questions

ROOT = Path(__file__).parents[3]
A5 = load_assignment("a5")
SMALL = {"d_model": 16, "n_heads": 2, "n_layers": 1, "rounds": 2, "log_every": 5, "main": {"epochs": 1}}
TRAINED = ("model_solution.py", "dataset.py")


def a_job(out: Path, question: str, files: dict[str, bytes], **changes: Any) -> Job:
    limits = TrainingLimits(memory_mb=2000, folder_mb=64, silence=60, last_look=30, answering=60, threads=1)
    submission = Submission("ada", files, "digest", (), Path("ada"))
    data = {"5f": "strings", "5g": "world"}[question]
    job = Job("a5", question, submission, out, 90, 120, data, seed=2**50, limits=limits, hyperparameters=SMALL)
    return replace(job, **{"isolation": Isolation.NONE, "device": "cpu", **changes})


def reference(*names: str) -> dict[str, bytes]:
    return {name: A5.reference[name] for name in names}


@pytest.fixture(params=["5f", "5g"])
def task(request: pytest.FixtureRequest, tmp_path: Path) -> Questions:
    return load_task(a_job(tmp_path, request.param, {}))  # type: ignore[return-value]


def test_no_answer_goes_in_but_those_for_training_and_the_prose(task: Questions) -> None:
    files = {**task.data(), **task.test_data()}
    assert set(files) == {"documents", "train.questions", "train.answers", "dev.questions", "test.questions"}
    asked = files["test.questions"].decode().splitlines()
    assert asked == [*task.test] and [*asked[: len(asked) // 2]] * 2 == asked
    trained = set(files["train.questions"].decode().splitlines())
    assert not trained & {*task.dev, *task.test}
    assert not {*task.dev} & {*task.test}


def test_answers_of_strings_are_in_no_file(tmp_path: Path) -> None:
    task = load_task(a_job(tmp_path, "5f", {}))
    given = b"\n".join({**task.data(), **task.test_data()}.values()).decode().splitlines()
    long = [answer for answer in task.references if len(answer) > 6]
    assert long and not {*long} & {*given}


def test_the_seed_of_the_data_stays_outside(tmp_path: Path) -> None:
    seed = 2**62 + 12345
    settings = load_task(a_job(tmp_path, "5g", {}, seed=seed)).settings()
    assert str(seed) not in repr(settings)
    assert settings != load_task(a_job(tmp_path, "5g", {}, seed=seed + 1)).settings()
    with pytest.raises(OptionError, match="could guess this seed"):
        require_secret_seed(trained_question(A5, "5g"), "world", 5)


def test_given_files_stay_and_nothing_that_makes_data_goes_in(tmp_path: Path) -> None:
    files = {**reference(*TRAINED), "training/loop.py": b"forged", "helper.py": b"", "a.txt": b""}
    job = a_job(tmp_path, "5g", files)
    code = load_task(job).code(job.submission)
    assert code["training/loop.py"] == (A5.folder / "training" / "loop.py").read_bytes()
    assert "helper.py" in code and not {"a.txt", "run.py"} & code.keys()
    assert not any(b"sanity.pretraining" in content for content in code.values())


@pytest.mark.parametrize(
    ("question", "handed_in", "there"),
    [
        ("5f", TRAINED, TRAINED),
        ("5f", ("dataset.py",), ("dataset.py",)),
        ("5g", TRAINED, TRAINED),
        ("5g", ("dataset.py",), TRAINED),
        ("5g", ("model_solution.py",), TRAINED),
        ("5g", (), ()),
    ],
)
def test_the_reference_stands_in_for_one_file_not_for_both(
    tmp_path: Path, question: str, handed_in: tuple[str, ...], there: tuple[str, ...]
) -> None:
    files = dict.fromkeys(handed_in, b"# mine\n")
    job = a_job(tmp_path, question, files)
    code = load_task(job).code(job.submission)
    assert {name for name in TRAINED if name in code} == {*there}
    for name in there:
        assert code[name] == files.get(name, A5.reference[name])


def test_a_stub_is_not_handed_in(tmp_path: Path) -> None:
    stub = (A5.folder / "dataset.py").read_bytes()
    job = a_job(tmp_path, "5g", {**reference("model_solution.py"), "dataset.py": stub})
    assert load_task(job).code(job.submission)["dataset.py"] == A5.reference["dataset.py"]


def test_scores_are_shares_of_right_answers(task: Questions) -> None:
    n = len(task.references)
    assert task.dev_score(task.dev_answers) == 100
    assert task.dev_score([""] * len(task.dev)) == 0
    half = [answer if i % 2 else answer + " " for i, answer in enumerate(task.references)]
    scores = task.test_scores([*half, *task.references])
    assert scores.score == scores.batch_sensitivity * 100 == pytest.approx(100 * (n // 2) / n)
    assert scores.low is not None and scores.high is not None and scores.low < scores.score < scores.high


def test_other_data_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"^--data toy: question 5f is trained on strings alone$"):
        load_task(a_job(tmp_path, "5f", {}, data="toy"))


def test_the_grader_imports_no_torch() -> None:
    script = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}]
from pathlib import Path
from tests.graders.training.test_transformer import a_job, load_task
task = load_task(a_job(Path(), "5g", {{}}))
task.test_scores([*task.references] * 2)
assert not [name for name in ("torch", "training", "dataset", "model_solution") if name in sys.modules]
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("question", ["5f", "5g"])
def test_the_reference_is_trained(tmp_path: Path, question: str, isolation: Isolation) -> None:
    training = train_one(a_job(tmp_path, question, reference(*TRAINED), isolation=isolation))
    assert training.stop_reason is StopReason.CONVERGED, training.message
    assert training.score is not None
    assert (training.batch_sensitivity, training.reference_mismatch) == (0, 0)
    losses = [point.loss for point in training.curve if point.loss is not None]
    assert losses[-1] < losses[0]
    assert len([point for point in training.curve if point.score is not None]) == {"5f": 2, "5g": 3}[question]
    assert [drawn.target for drawn in training.attention] == [["layer 1, head 1", "layer 1, head 2"]] * 3
    assert "".join(training.attention[0].source) == training.samples[0][0] + "\N{DOUBLE QUESTION MARK}"


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_curve(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def kill(status: Any) -> None:
        if status.validated and status.update:
            raise Killed

    whole = train_one(a_job(tmp_path / "whole", "5g", reference(*TRAINED)))
    job = a_job(tmp_path / "killed", "5g", reference(*TRAINED))
    with pytest.raises(Killed):
        train_one(job, kill)
    resumed = train_one(job)
    assert [(p.update, p.loss, p.score) for p in resumed.curve] == [(p.update, p.loss, p.score) for p in whole.curve]
    assert resumed.score == whole.score
