"""Translation as a task: what goes into the sandbox, what comes out, and the same numbers after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_variants
from graders.records.training import StopReason, Training
from graders.sandbox.inside import translation as box
from graders.sandbox.isolation import Isolation
from graders.training.runner import train_one
from graders.training.tasks.base import TaskError
from graders.training.tasks.registry import load_task
from graders.training.tasks.translation import MAX_RATIO, Translation, load_corpus
from tests.support.tiny_corpus import a_job, reference_files, write_corpus

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture(scope="module")
def task(data: Path) -> Translation:
    return load_task(a_job(Path(), data, reference_files()))


def test_no_reference_translation_goes_in(task: Translation) -> None:
    given = b"\n".join(
        [*task.data().values(), *task.test_data().values(), *task.code(a_job(Path(), Path(), {}).submission).values()]
    )
    assert all(sentence.encode() in given for sentence in [*task.dev, *task.test])
    assert not any(translation.encode() in given for translation in [*task.references, *task.corpus.dev[1]])


def test_given_files_stay_and_nothing_that_makes_data_goes_in(data: Path, task: Translation) -> None:
    files = {
        "nmt_model.py": b"mine",
        "vocab.py": b"forged",
        "nmt/training.py": b"forged",
        "helper.py": b"",
        "a.txt": b"",
    }
    code = task.code(a_job(Path(), data, files).submission)
    assert code["nmt_model.py"] == b"mine"
    assert code["vocab.py"] == (handout_folder("a4") / "vocab.py").read_bytes()
    assert code["nmt/training.py"] == (handout_folder("a4") / "nmt" / "training.py").read_bytes()
    assert "helper.py" in code
    assert not {"a.txt", "nmt/datasets.py", "run.py"} & code.keys()


def test_the_seed_of_the_data_stays_outside(data: Path) -> None:
    seed = 2**62 + 12345
    settings = load_task(a_job(Path(), data, {}, seed=seed)).settings()
    assert str(seed) not in repr(settings)
    assert 0 <= settings["hyperparameters"]["seed"] < 2**31
    assert settings != load_task(a_job(Path(), data, {}, seed=seed + 1)).settings()


def test_scores_are_those_of_the_handout(task: Translation) -> None:
    assert task.dev_score(task.corpus.dev[1]) == pytest.approx(100)
    assert task.dev_score([""] * len(task.dev)) == 0
    scores = task.test_scores([f" {line}\n" for line in task.references] + list(task.references))
    assert scores.score == pytest.approx(100)
    assert scores.batch_sensitivity == 0
    assert scores.other_scores["chrF"] == pytest.approx(100)
    assert scores.signature == task._scoring().score(task.references, task.references).signature
    assert scores.signature.startswith("nrefs:1|bs:1000|seed:12345|case:mixed")


def test_no_more_of_an_answer_is_scored_than_could_be_right(task: Translation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four megabytes of answers, as many as a frame holds, took seconds of the grader's time."""
    scored: list[str] = []
    scoring = task._scoring()

    def noted(name: str) -> Callable[[list[str], list[str]], object]:
        score = getattr(scoring, name)

        def note(texts: list[str], references: list[str]) -> object:
            scored.extend(texts)
            return score(texts, references)

        return note

    for name in ("bleu", "score"):
        monkeypatch.setattr(scoring, name, noted(name))
    flood = ["x y" * 3000, "ab " * 3000]
    task.dev_score([*flood, *task.corpus.dev[1]][: len(task.dev)])
    task.test_scores([*flood, *task.references][: len(task.references)] * 2)
    longest = max(map(len, (*task.references, *task.corpus.dev[1])))
    assert len(scored) == len(task.dev) + len(task.references)
    assert max(map(len, scored)) <= MAX_RATIO * longest
    babble = [f"{line} " + "da " * 3000 for line in task.references]
    assert task.test_scores(babble * 2).score < 60  # what is cut off makes nothing right
    assert task.test_scores([*task.references] * 2).score == pytest.approx(100)


def test_answers_that_change_are_counted_and_the_first_ones_scored(task: Translation) -> None:
    assert list(task.test) == [*task.corpus.test[0]] * 2
    n = len(task.references)
    scores = task.test_scores([*task.references, "", "", *task.references[2:]])
    assert (scores.score, scores.batch_sensitivity) == (pytest.approx(100), 2 / n)


def test_the_test_is_asked_again_among_sentences_of_other_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[list[str]] = []

    def translate(order: object, model: object, texts: list[str], *others: object) -> list[str]:
        batches.append(texts)
        return [text.upper() for text in texts]

    monkeypatch.setattr(box, "_translate", translate)
    texts = [" ".join(["a"] * (1 + i // 10)) for i in range(100)]
    again = box._translate_in_mixed_batches(None, None, texts, None, 1)  # type: ignore[arg-type]
    assert again == [text.upper() for text in texts]
    assert [len(batch) for batch in batches] == [25] * 4
    for batch in batches:
        assert {len(text.split()) for text in batch} == set(range(1, 11))


def test_what_was_learnt_when_the_budget_ends_counts(tmp_path: Path, data: Path) -> None:
    """The loop never looks at dev by itself here: the next time would be long after the budget."""
    job = a_job(tmp_path, data, reference_files(), updates=10**6, budget=3.0)
    job = replace(job, hyperparameters={**job.hyperparameters, "valid_niter": 10**6, "max_epoch": 10**6})
    training = train_one(job)
    assert training.stop_reason is StopReason.BUDGET
    assert [point.update for point in training.curve if point.score is not None] == [training.updates]
    assert training.updates > 1 and training.score is not None
    assert list((job.folder / "work" / "checkpoints").iterdir())


def test_the_grader_imports_no_torch(data: Path) -> None:
    script = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}]
from pathlib import Path
from tests.support.tiny_corpus import a_job, reference_files
from graders.training.runner import training_key
from graders.training.tasks.registry import load_task
import graders.cli.train
task = load_task(a_job(Path(), Path({str(data)!r}), reference_files()))
task.test_scores(task.references * 2)
assert not [name for name in ("torch", "nmt", "vocab", "nmt_model") if name in sys.modules]
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_data_that_cannot_be_had(tmp_path: Path, data: Path) -> None:
    with pytest.raises(TaskError) as error:
        load_corpus(str(tmp_path / "none"), 0, handout_folder("a4"))
    assert str(error.value).startswith(f"--data {tmp_path / 'none'}: {tmp_path / 'none'}: no such")
    (tmp_path / "short").mkdir()
    for path in data.iterdir():
        (tmp_path / "short" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "short" / "test.tgt").write_text("one\n")
    with pytest.raises(TaskError, match=r"test\.tgt: 1 line, but .*test\.src has 15"):
        load_corpus(str(tmp_path / "short"), 0, handout_folder("a4"))


def test_toy_languages_differ_by_seed() -> None:
    one, same, other = (load_corpus("toy", seed, handout_folder("a4")) for seed in (1, 1, 2))
    assert one == same
    assert not set(" ".join(one.train[1]).split()) <= set(" ".join(other.train[1]).split())


def timeless(training: Training) -> dict[str, Any]:
    """A training without what the clock decides."""
    plain: dict[str, Any] = msgspec.to_builtins(training)
    for point in plain["curve"]:
        del point["seconds"]
    return {name: value for name, value in plain.items() if "second" not in name}


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, data: Path, isolation: Isolation, run_warm: Callable[..., Training]
) -> Training:
    job = a_job(tmp_path_factory.mktemp("whole"), data, reference_files(), isolation=isolation)
    return run_warm(job, load_task(job))


def test_the_reference_is_trained(trained: Training, data: Path) -> None:
    assert trained.stop_reason is StopReason.CONVERGED
    assert trained.score is not None
    assert trained.low is not None
    assert 0 <= trained.low <= trained.score
    assert (trained.updates, trained.data, trained.metric) == (30, "the folder tiny", "BLEU")
    scored = [point.update for point in trained.curve if point.score is not None]
    assert scored == [10, 20, 30]
    losses = [point.loss for point in trained.curve if point.loss is not None]
    assert losses[-1] < losses[0]
    assert trained.words_per_second > 0
    assert (trained.batch_sensitivity, trained.reference_mismatch) == (0, 0)
    for (source, _, answer), drawn in zip(trained.samples, trained.attention, strict=False):
        assert (drawn.source, drawn.target) == (source.split(), [*answer.split(), "</s>"])
        assert [sum(row) for row in drawn.weights] == pytest.approx([1] * len(drawn.target), abs=0.02)
    assert len(trained.attention) == 3


def test_imports_that_the_answer_does_not_use_change_nothing(
    trained: Training, data: Path, tmp_path: Path, isolation: Isolation, run_warm: Callable[..., Training]
) -> None:
    files = reference_files()
    files["utils.py"] = b"import nltk, not_installed\nnltk.download('punkt')\n" + files["utils.py"]
    files["nmt_model.py"] = files["nmt_model.py"].replace(b"from model_embeddings", b"from .model_embeddings")
    assert b"from .model_embeddings" in files["nmt_model.py"]
    job = a_job(tmp_path, data, files, isolation=isolation)
    assert timeless(run_warm(job, load_task(job))) == timeless(trained)


@pytest.mark.slow
@pytest.mark.parametrize("legacy", [False, True])
def test_masks_of_bytes_train_where_legacy_files_are_taken(
    legacy: bool, data: Path, tmp_path: Path, isolation: Isolation
) -> None:
    files = reference_files()
    files["nmt_model.py"] = files["nmt_model.py"].replace(b"enc_masks.bool()", b"enc_masks.byte()")
    training = train_one(a_job(tmp_path, data, files, isolation=isolation, legacy=legacy))
    assert (training.stop_reason is StopReason.CONVERGED) == legacy


def test_the_fast_reference_learns_the_same(
    trained: Training, data: Path, tmp_path: Path, isolation: Isolation
) -> None:
    files = {**reference_files(), **load_assignment("a4").staff}
    fast = train_one(a_job(tmp_path, data, files, isolation=isolation, staff_model=True))
    for one, other in zip(trained.curve, fast.curve, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-3)


RIGHT = {variant.id: variant.files for variant in load_variants(load_assignment("a4"))}
FORGED = """
import nmt.search
honest = nmt.search.translate
def translate(model, texts, **named):
    return [f"{text} ba" for text in honest(model, texts, **named)]
nmt.search.translate = translate
"""


@pytest.mark.slow
@pytest.mark.parametrize("id", ["without-convolution", "more-layers-than-needed", "subclasses", "single-precision"])
def test_a_right_model_answers_as_the_reference_does_with_its_weights(
    id: str, data: Path, tmp_path: Path, isolation: Isolation
) -> None:
    files = {name: text.encode() for name, text in RIGHT[id].items()}
    assert train_one(a_job(tmp_path, data, files, isolation=isolation)).reference_mismatch == 0


@pytest.mark.slow
def test_translations_by_something_else_than_the_model_are_foreign(
    data: Path, tmp_path: Path, isolation: Isolation
) -> None:
    files = reference_files()
    files["nmt_model.py"] += FORGED.encode()
    assert train_one(a_job(tmp_path, data, files, isolation=isolation)).reference_mismatch == 1


KILLED = """
import os, sys
sys.path[:0] = [sys.argv[1]]
from pathlib import Path
from tests.support.tiny_corpus import a_job, reference_files
from graders.sandbox.isolation import Isolation
from graders.training.runner import train_one

def die(look):
    if look.update == 25:
        os.kill(os.getpid(), 9)

train_one(a_job(Path(sys.argv[2]), Path(sys.argv[3]), reference_files(), isolation=Isolation(sys.argv[4])), die)
"""


@pytest.mark.parametrize("damage", [b"", b"damaged"])
def test_killed_and_gone_on(
    trained: Training,
    data: Path,
    tmp_path: Path,
    isolation: Isolation,
    run_warm: Callable[..., Training],
    damage: bytes,
) -> None:
    """Also with checkpoints that the submission or a disk has damaged: then training begins anew."""
    command = [sys.executable, "-c", KILLED, str(ROOT), str(tmp_path), str(data), isolation.value]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    job = a_job(tmp_path, data, reference_files(), isolation=isolation)
    checkpoints = sorted((job.folder / "work" / "checkpoints").glob("*.bin"))
    assert checkpoints
    for path in checkpoints if damage else ():
        path.write_bytes(damage)
    updates: list[int] = []
    resumed = run_warm(job, load_task(job), lambda look: updates.append(look.update))
    assert timeless(resumed) == timeless(trained)
    assert next(filter(None, updates)) == (5 if damage else 25)  # 0 is told while there is none yet
    assert (job.folder / "training.json").exists()
