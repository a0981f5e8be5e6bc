"""`trivium train`: its options, what it says about what it cannot do, and its exit status."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graders.cli.main import main
from graders.course.assignment import assignment_names, load_assignment
from graders.records.gradebook import Gradebook
from graders.records.result import Unread
from graders.records.training import StopReason, Training, write
from graders.sandbox.isolation import SandboxError
from graders.training import classroom
from graders.training.event_log import EventLogError
from graders.training.job import Job, TrainingLimits
from graders.training.loop import TrainingStatus
from sanity.core.durations import duration_text
from tests.support import tiny_corpus
from tests.support.class_exports import zipped

SEED = 2**62 + 5


def trained(job: Job, score: float | None) -> Training:
    return Training(
        assignment=job.assignment,
        question="1h",
        submission=job.submission.name,
        digest=job.submission.digest,
        stop_reason=StopReason.BUDGET,
        message="the budget was used up",
        metric="BLEU",
        score=score,
        low=score and score - 1,
        high=score and score + 1,
        other_scores={},
        best_dev=score,
        threshold=job.threshold,
        signature="",
        batch_sensitivity=None,
        reference_mismatch=None,
        seed=job.seed,
        device="cpu",
        versions={},
        data=job.data,
        seconds=12.34,
        cpu_seconds=20.0,
        seconds_to_threshold=None,
        words_per_second=12345.6,
        updates=700,
        curve=(),
        samples=(),
    )


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that are asked for; none is trained, and the name of the submission says what comes of it."""
    jobs: list[Job] = []

    def train_one(job: Job, tell: Any) -> Training:
        jobs.append(job)
        tell(TrainingStatus(200, 10.4, 33.333, validated=True))
        tell(TrainingStatus(210, 11.0, 33.333, validated=False))
        if job.submission.name == "broken":
            raise SandboxError("the sandbox did not start: it gave no reason")
        if job.submission.name == "busy":
            raise EventLogError("busy: another training is at work here")
        if job.submission.name == "full":
            raise OSError(28, "No space left on device", "events.jsonl")
        return trained(job, {"good": 95.0, "none": None}.get(job.submission.name, 20.0))

    monkeypatch.setattr(classroom, "train_one", train_one)
    monkeypatch.setattr(classroom, "require_walls", lambda isolation: None)
    return jobs


def submission(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("utils.py", "model_embeddings.py", "nmt_model.py"):
        (folder / name).write_bytes((load_assignment("a4").solutions / name).read_bytes())
    return folder


def test_a_class_is_trained_one_after_the_other(
    jobs: list[Job], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("good", "weak"):
        submission(tmp_path / "class" / name)
    out = tmp_path / "out"
    arguments = ["train", "a4", "--submission", str(tmp_path / "class"), "--budget", "90s", "-o", str(out)]
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "good: BLEU 95 (94 to 96), 95 on dev; budget after 12.34 s and 700 updates, 12,346 words/s on cpu: "
        "the budget was used up",
        f"  {out}/training/good/1h/training.json",
        "weak: BLEU 20 (19 to 21), 20 on dev; budget after 12.34 s and 700 updates, 12,346 words/s on cpu: "
        "the budget was used up",
        f"  {out}/training/weak/1h/training.json",
    ]
    assert said.err.splitlines() == [
        f"{name}: update 200, 33.33 of 90 on dev, 10 s of 90s" for name in ("good", "weak")
    ]
    assert [job.budget for job in jobs] == [90, 90]
    assert len({job.seed for job in jobs}) == 1
    assert main(arguments) == 1
    assert len({job.seed for job in jobs}) == 1  # it goes on with the same seed
    assert (jobs[0].data, jobs[0].threshold, jobs[0].staff_model) == ("toy", 90, False)


def test_two_trainings_at_a_time(
    jobs: list[Job], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)
    alone = classroom.train_one

    def train_one(job: Job, tell: Any) -> Training:
        both.wait(timeout=60)
        return alone(job, tell)

    monkeypatch.setattr(classroom, "train_one", train_one)
    for name in ("good", "weak"):
        submission(tmp_path / "class" / name)
    assert main(["train", "a4", "--submission", str(tmp_path / "class"), "--jobs", "2", "-o", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert sorted(line.split(":")[0] for line in said.out.splitlines() if line[0] != " ") == ["good", "weak"]
    assert len(said.err.splitlines()) == 2
    whole = TrainingLimits()
    assert [job.limits.threads for job in jobs] == [max(1, whole.threads // 2)] * 2
    assert [job.limits.memory_mb for job in jobs] == [whole.memory_mb // 2] * 2


def test_what_is_good_enough_is_exit_status_0(jobs: list[Job], tmp_path: Path) -> None:
    good = submission(tmp_path / "good")
    assert main(["train", "a4", "--submission", str(good), "--seed", str(SEED), "-o", str(tmp_path / "out")]) == 0
    weak = submission(tmp_path / "weak")
    for option in "--score", "--bleu":  # the older name stays
        assert main(["train", "a4", "--submission", str(weak), option, "20", "-o", str(tmp_path / "out")]) == 0
    assert [job.seed for job in jobs] == [SEED] * 3


def test_what_was_trained_before_is_said_to_be(
    jobs: list[Job], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = submission(tmp_path / "good")
    arguments = ["train", "a4", "--submission", str(good), "--seed", str(SEED), "-o", str(tmp_path / "out")]
    assert main(arguments) == 0
    [first, path] = capsys.readouterr().out.splitlines()
    write(trained(jobs[0], 95.0), tmp_path / "out")
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == [f"{first} (trained before)", path]
    write(trained(jobs[0], 94.0), tmp_path / "out")  # another one
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == [first, path]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"batch_sensitivity": 0.02}, 0),
        ({"batch_sensitivity": 0.5}, 1),
        ({"reference_mismatch": 0.05}, 0),
        ({"reference_mismatch": 0.5}, 1),
    ],
)
def test_a_score_of_doubtful_answers_is_not_enough(
    jobs: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, float], status: int
) -> None:
    good = submission(tmp_path / "good")
    with monkeypatch.context() as patch:
        patch.setattr(classroom, "train_one", lambda job, tell: msgspec.structs.replace(trained(job, 95.0), **changes))
        assert main(["train", "a4", "--submission", str(good), "-o", str(tmp_path / "out")]) == status


def test_the_reference_is_the_fast_one_unless_plain(jobs: list[Job], tmp_path: Path) -> None:
    for more in [], ["--plain"]:
        main(["train", "a4", "--reference", "-o", str(tmp_path), *more])
    assert [(job.submission.name, job.staff_model) for job in jobs] == [("reference", True), ("reference", False)]


def test_one_that_cannot_be_trained_leaves_the_others(
    jobs: list[Job], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("broken", "busy", "full", "good"):
        submission(tmp_path / "class" / name)
    (tmp_path / "class" / "torn.zip").write_bytes(b"PK")
    assert main(["train", "a4", "--submission", str(tmp_path / "class"), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("good: ")
    assert said.err.splitlines()[4:] == [
        "torn.zip: not read: is a damaged or truncated zip archive; pack it and hand it in again",
        "broken: could not be trained: the sandbox did not start: it gave no reason",
        "busy: could not be trained: busy: another training is at work here",
        "full: could not be trained: events.jsonl: No space left on device",
    ]


def test_submissions_are_called_as_in_grading(jobs: list[Job], tmp_path: Path) -> None:
    """Points are found by name, so an export and a roster must give the same names to both commands."""
    answers = load_assignment("a4").reference
    files = {f"lovelaceada_101_{5000 + place}_{name}": text for place, (name, text) in enumerate(answers.items())}
    (tmp_path / "submissions.zip").write_bytes(zipped(files))
    (tmp_path / "roster.csv").write_text("name,canvas_id\nAda Lovelace,101\n")
    command = ["train", "a4", "--submission", str(tmp_path / "submissions.zip"), "-o", str(tmp_path / "out")]
    main(command)
    main([*command, "--roster", str(tmp_path / "roster.csv")])
    assert [(job.submission.name, set(job.submission.files)) for job in jobs] == [
        ("lovelaceada", set(answers)),
        ("Ada Lovelace", set(answers)),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["b9", "--reference"], f"no assignment 'b9': choose from {', '.join(assignment_names())}"),
        (["a2", "--reference"], "a2: this assignment has no trained question"),
        (["a4", "--reference", "--budget", "soon"], "--budget 'soon': expected a time such as 90s, 10m or 1.5h"),
        (["a4", "--reference", "--bleu", "101"], "--score 101: expected a BLEU from 0 to 100"),
        (["a4", "--reference", "--jobs", "0"], "--jobs 0: expected a number from 1 to 64"),
        (["a4", "--reference", "--seed", "-1"], "--seed -1: expected a number from 0 to 9223372036854775807"),
        (["a4", "--reference", "--device", "cuda"], "--device cuda: this machine has no NVIDIA GPU; try --device cpu"),
        (
            ["a4", "--submission", ".", "--seed", "5"],
            "--seed 5: a submission could guess this seed and draw the test sentences; leave it out, or choose one of "
            "at least 281474976710656",
        ),
        (["a4", "--submission", ".", "--plain"], "--plain: only applies to --reference; leave it out"),
        (
            ["a4", "--ablations", "--bleu", "50"],
            "--score: --ablations trains all variants alike; leave it out",
        ),
        (
            ["a4", "--ablations", "--jobs", "2"],
            "--jobs: --ablations trains all variants alike; leave it out",
        ),
        (["a4", "--submission", "nowhere"], "nowhere: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_asked_for(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classroom, "devices", lambda: [])
    assert main(["train", *arguments, "-o", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"trivium train: {message}\n"


def test_a_folder_of_another_assignment_is_refused_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        book.put_unread("a2", Unread("ben", "is empty"), tmp_path / "ben")
    assert main(["train", "a4", "--reference", "-o", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"trivium train: --out {tmp_path}: has the gradebook of a2; choose another folder for a4\n"
    )
    assert not (tmp_path / "training").exists()


def test_data_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["train", "a4", "--reference", "--data", str(tmp_path / "none"), "-o", str(out)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"trivium train: --data {tmp_path / 'none'}: {tmp_path / 'none'}: no such")


@pytest.mark.parametrize("arguments", [["a4"], ["a4", "--reference", "--submission", "x"], ["a4", "--device", "tpu"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["train", *arguments])
    assert error.value.code == 2


def test_ablations_are_the_staffs_own_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(arguments: list[str], **named: Any) -> subprocess.CompletedProcess[str]:
        asked.append(arguments[1:])
        return subprocess.CompletedProcess(arguments, 3)

    monkeypatch.setattr("subprocess.run", run)
    assert main(["train", "a4", "--ablations", "--seed", "7", "--device", "cpu", "-o", str(tmp_path)]) == 3
    script = load_assignment("a4").solutions / "staff" / "ablations.py"
    assert asked == [[str(script), "--seed", "7", "--device", "cpu", "--out", str(tmp_path / "ablations")]]
    assert script.exists()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(90, "90s"), (60, "1m"), (600, "10m"), (3600, "1h"), (5400, "90m"), (7200, "2h"), (0.5, "0.5s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_silence_is_longer_for_longer_budgets() -> None:
    assert [TrainingLimits().silence_in(budget) for budget in (10, 90, 300, 7200)] == [60, 60, 150, 300]


def test_a_real_class(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the command line, to the sandbox and back; the submission does not import."""
    broken = submission(tmp_path / "eve")
    (broken / "nmt_model.py").write_text("def NMT(:\n")
    data = tiny_corpus.write_corpus(tmp_path / "data", train=20)
    out = tmp_path / "out"
    arguments = ["--data", str(data), "--device", "cpu", "--isolation", "none", "-o", str(out)]
    assert main(["train", "a4", "--submission", str(broken), *arguments]) == 1
    said = capsys.readouterr().out
    assert "eve: no score; crashed after" in said
    assert "nmt_model.py is not valid Python: SyntaxError at line 1" in said
    assert "no test: it was never scored on dev; trained without a sandbox" in said
