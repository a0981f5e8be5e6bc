"""Translation as a task: the handout's own loop trains the submission's model, and BLEU is computed here, on text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from graders.course.assignment import Assignment
from graders.intake.submission import Submission, read_submission
from graders.text.sanitize import clean_name
from graders.training.job import Job
from graders.training.tasks.base import Scores, Task, TaskError

NAMED = ("toy", "multi30k", "tatoeba")
"""Data with a name: see `recipe_for` in nmt/recipe.py."""
KEPT_BACK = ("toy.py", "datasets.py")
"""Of the handout's package: nothing that knows where reference translations come from goes into the sandbox."""
SCORES = (0.0, 100.0)
"""The lowest and the highest BLEU."""
MODEL = "nmt_model.NMT"
"""A submission's."""
STAFF_MODEL, STAFF_FILE = "fast_nmt.FastNMT", "fast_nmt.py"
"""The reference's model that computes the same and trains faster."""
MARGIN = 1.0
"""In BLEU."""
LOAD = """
import json, sys
name, seed, folder = sys.argv[1:]
sys.path.insert(0, folder)
from nmt.datasets import CorpusError, load_corpus
try:
    corpus = load_corpus(name, int(seed))
except CorpusError as error:
    sys.exit(f"error: {error}")
parts = {part: [getattr(corpus, part).source, getattr(corpus, part).target] for part in ("train", "dev", "test")}
json.dump(parts, sys.stdout)
"""
"""Loads a corpus with the handout's own code, in a process of its own."""


class Corpus(msgspec.Struct, frozen=True):
    """Sentences and their translations."""

    train: tuple[list[str], list[str]]
    dev: tuple[list[str], list[str]]
    test: tuple[list[str], list[str]]


def load_corpus(name: str, seed: int, folder: Path) -> Corpus:
    """Return a corpus by name or path, loaded by the handout in folder; raise TaskError if it cannot be had."""
    command = [sys.executable, "-I", "-c", LOAD, name, str(seed), str(folder)]
    loaded = subprocess.run(command, capture_output=True, check=False)
    said = loaded.stderr.decode(errors="replace")
    *notes, last = said.strip().splitlines() or [""]
    if loaded.returncode != 0:
        raise TaskError(f"--data {name}: {last.removeprefix('error: ') or 'cannot be loaded'}")
    for line in filter(None, [*notes, last]):
        print(line, file=sys.stderr)
    return msgspec.json.decode(loaded.stdout, type=Corpus)


@dataclass(frozen=True)
class Translation(Task):
    """Translation of one corpus."""

    corpus: Corpus
    model: str
    knobs: Mapping[str, Any]
    """Of the recipe, where it is not the data's own."""

    def reference(self) -> Submission | None:
        """Return the solution, if a submission's model is trained."""
        return read_submission(self.assignment.solutions, self.assignment.manifest) if self.model == MODEL else None

    def code(self, submission: Submission) -> Mapping[str, bytes]:
        """Return the handout's modules with the submission's laid over; those that are given stay."""
        folder = self.assignment.folder
        given = {f"nmt/{path.name}": path.read_bytes() for path in sorted((folder / "nmt").glob("*.py"))}
        given |= self.assignment.given
        handed_in = {name: content for name, content in submission.files.items() if name.endswith(".py")}
        kept_back = {f"nmt/{name}" for name in KEPT_BACK}
        return {**handed_in, **{name: content for name, content in given.items() if name not in kept_back}}

    def data(self) -> Mapping[str, bytes]:
        """Return the training pairs, and the source side of dev."""
        source, target = self.corpus.train
        return lines_of({"train.src": source, "train.tgt": target, "dev.src": self.dev})

    def test_data(self) -> Mapping[str, bytes]:
        """Return the source side of the test."""
        return lines_of({"test.src": self.test})

    def settings(self) -> Mapping[str, Any]:
        """Return which model is trained, and how."""
        return {
            "model": self.model,
            "recipe": self.data_name,
            "knobs": dict(self.knobs),
        }

    def _scoring(self) -> ModuleType:
        """Return the handout's nmt/scoring.py, which needs no torch: students and graders score alike."""
        name = self.assignment.name
        return load_module(f"trivium_{name}_scoring", self.assignment.folder / "nmt" / "scoring.py")

    def dev_score(self, answers: Sequence[str]) -> float:
        """Return the BLEU of translations of dev."""
        with forgetting():
            return float(self._scoring().bleu(one_line(answers), self.corpus.dev[1]))

    def test_scores(self, answers: Sequence[str]) -> Scores:
        """Return BLEU with its interval, and chrF, of translations of the test, and how many depend on their batch."""
        texts = one_line(answers)
        once, again = texts[: len(self.references)], texts[len(self.references) :]
        with forgetting():
            score = self._scoring().score(once, self.references)
        changed = sum(one != other for one, other in zip(once, again, strict=True)) / len(once)
        return Scores(score.bleu, score.low, score.high, {"chrF": score.chrf}, score.signature, changed)


def load_module(name: str, path: Path) -> ModuleType:
    """Import a file under a name of its own, once."""
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@contextmanager
def forgetting() -> Iterator[None]:
    """Let sacreBLEU forget what it cut into words: it keeps 65,536 texts, and a submission's may be gigabytes."""
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    try:
        yield
    finally:
        for tokenizer in (Tokenizer13a, TokenizerRegexp):
            tokenizer.__call__.cache_clear()


def one_line(texts: Sequence[str]) -> list[str]:
    """Return each text on one line, as a file would hold it."""
    return [" ".join(text.split()) for text in texts]


def lines_of(files: Mapping[str, Sequence[str]]) -> dict[str, bytes]:
    """Return the contents of files with a sentence on each line."""
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in files.items()}


def training_seed(seed: int) -> int:
    """Return the seed that the sandbox is told: from the other one it could draw the toy languages, answers and all."""
    return int.from_bytes(sha256(f"training {seed}".encode()).digest()[:4], "big") >> 1


def make_task(assignment: Assignment, job: Job) -> Translation:
    """Return the task of a job; raise TaskError if its data cannot be had."""
    named = job.data in NAMED
    path = Path(job.data).resolve()
    corpus = load_corpus(job.data if named else str(path), job.seed, assignment.folder)
    return Translation(
        assignment=assignment,
        question=job.question,
        metric="BLEU",
        program="graders.sandbox.inside.translation",
        data_name=job.data if named else f"the folder {clean_name(path.name)}",
        dev=corpus.dev[0],
        test=corpus.test[0] * 2,
        references=corpus.test[1],
        margin=MARGIN,
        corpus=corpus,
        model=STAFF_MODEL if job.staff_model and STAFF_FILE in job.submission.files else MODEL,
        knobs={"seed": training_seed(job.seed), **job.knobs},
    )
