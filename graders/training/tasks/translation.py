"""Translation as a task: the handout's loop trains the submission's model, and BLEU is computed outside the sandbox."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

import sanity
from graders.course.assignment import Assignment
from graders.intake.submission import Submission, submission_of
from graders.text.sanitize import clean_name
from graders.training.job import Job
from graders.training.tasks.base import Scores, Task, TaskError, lines_of
from graders.training.tasks.secret_seeds import refuse_guessable, training_seed
from sanity.nmt.toy import toy_texts

NAMED = ("toy", "multi30k", "tatoeba")
"""Data sets known by name: see `recipe_for` in nmt/recipe.py."""
WITHHELD = ("datasets.py",)
"""Modules of nmt/ that are not copied into the sandbox: they can produce the reference translations.

So can `sanity.nmt.toy`, which the sandbox cannot read: see READABLE in graders/sandbox/zygote.py.
"""
SCORES = (0.0, 100.0)
"""The lowest and highest BLEU."""
MODEL = "nmt_model.NMT"
"""The model class of a submission."""
STAFF_MODEL, STAFF_FILE = "fast_nmt.FastNMT", "fast_nmt.py"
"""The reference's faster model class, which computes the same, and its file."""
MAX_RATIO = 3
"""Characters of a translation that are scored, by those of the longest reference. No honest one is as long: even in
a model that repeats itself, decoding ends at a number of words."""
MARGIN = 1.0
"""In BLEU: see `Task.margin`."""
LOAD = """
import json, sys
name, folder, root = sys.argv[1:]
sys.path[:0] = [folder, root]
from nmt.datasets import CorpusError, load_corpus
try:
    corpus = load_corpus(name)
except CorpusError as error:
    sys.exit(f"error: {error}")
parts = {part: [getattr(corpus, part).source, getattr(corpus, part).target] for part in ("train", "dev", "test")}
json.dump(parts, sys.stdout)
"""
"""A script that loads a corpus with the handout's code, which imports `sanity`, and prints it as JSON."""


class Corpus(msgspec.Struct, frozen=True):
    """Source sentences and their translations, in three parts."""

    train: tuple[list[str], list[str]]
    dev: tuple[list[str], list[str]]
    test: tuple[list[str], list[str]]


def load_corpus(name: str, seed: int, folder: Path) -> Corpus:
    """Load a corpus by name or path; raise TaskError if that fails.

    The toy languages are ours; any other corpus is loaded with the handout in `folder`, in a new process.
    """
    if name == "toy":
        return Corpus(*toy_texts(seed))
    command = [sys.executable, "-I", "-c", LOAD, name, str(folder), str(Path(sanity.__file__).parents[1])]
    loaded = subprocess.run(command, capture_output=True, check=False)
    stderr = loaded.stderr.decode(errors="replace")
    *notes, last = stderr.strip().splitlines() or [""]
    if loaded.returncode != 0:
        raise TaskError(f"--data {name}: {last.removeprefix('error: ') or 'cannot be loaded'}")
    for line in filter(None, [*notes, last]):
        print(line, file=sys.stderr)
    return msgspec.json.decode(loaded.stdout, type=Corpus)


@dataclass(frozen=True)
class Translation(Task):
    """The translation task on one corpus."""

    corpus: Corpus
    model: str
    hyperparameters: Mapping[str, Any]
    """Changes to the data's default recipe."""

    def reference(self) -> Submission | None:
        """Return the solution; None if the staff's model is trained."""
        return (
            None
            if self.model != MODEL
            else submission_of("reference", self.assignment.reference, self.assignment.solutions)
        )

    def code(self, submission: Submission) -> Mapping[str, bytes]:
        """Return the submission's modules and the handout's nmt/; a submission cannot replace the handout's files."""
        folder = self.assignment.folder
        given = {f"nmt/{path.name}": path.read_bytes() for path in sorted((folder / "nmt").glob("*.py"))}
        given |= self.assignment.given
        handed_in = {name: content for name, content in submission.files.items() if name.endswith(".py")}
        withheld = {f"nmt/{name}" for name in WITHHELD}
        return {**handed_in, **{name: content for name, content in given.items() if name not in withheld}}

    def data(self) -> Mapping[str, bytes]:
        """Return the training pairs and the source side of dev."""
        source, target = self.corpus.train
        return lines_of({"train.src": source, "train.tgt": target, "dev.src": self.dev})

    def test_data(self) -> Mapping[str, bytes]:
        """Return the source side of the test."""
        return lines_of({"test.src": self.test})

    def settings(self) -> Mapping[str, Any]:
        """Return the model class, the recipe and its changes."""
        return {
            "model": self.model,
            "recipe": self.data_name,
            "hyperparameters": dict(self.hyperparameters),
        }

    def _scoring(self) -> ModuleType:
        """Import the handout's nmt/scoring.py, so that students and graders score alike. It needs no torch."""
        name = self.assignment.name
        return load_module(f"trivium_{name}_scoring", self.assignment.folder / "nmt" / "scoring.py")

    def dev_score(self, answers: Sequence[str]) -> float:
        """Return the BLEU of the translations of dev."""
        with uncached_tokenizers():
            return float(self._scoring().bleu(one_line(answers, self.corpus.dev[1]), self.corpus.dev[1]))

    def test_scores(self, answers: Sequence[str]) -> Scores:
        """Return BLEU with its interval, chrF and the batch sensitivity of the translations of the test."""
        texts = one_line(answers, self.references)
        uniform, mixed = texts[: len(self.references)], texts[len(self.references) :]
        with uncached_tokenizers():
            score = self._scoring().score(uniform, self.references)
        batch_sensitivity = sum(one != other for one, other in zip(uniform, mixed, strict=True)) / len(uniform)
        return Scores(score.bleu, score.low, score.high, {"chrF": score.chrf}, score.signature, batch_sensitivity)


def load_module(name: str, path: Path) -> ModuleType:
    """Import a file as the module called name; return the same module when called again."""
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@contextmanager
def uncached_tokenizers() -> Iterator[None]:
    """Clear sacreBLEU's tokenizer caches afterwards: they hold 65,536 texts, which may be gigabytes."""
    try:
        yield
    finally:
        modules = [module for name, module in sys.modules.items() if name.startswith("sacrebleu.tokenizers.")]
        for kind in {value for module in modules for value in vars(module).values() if isinstance(value, type)}:
            getattr(kind.__call__, "cache_clear", lambda: None)()


def one_line(texts: Sequence[str], references: Sequence[str]) -> list[str]:
    """Return each text as one line, with single spaces, and cut at MAX_RATIO times the longest reference.

    What is cut off could only lower the score, and scoring it takes seconds: a frame holds four megabytes.

    >>> one_line(["two\\nlines", " a  b ", "ab" * 500], ["c d e"])
    ['two lines', 'a b', 'abababababababa']
    """
    most = MAX_RATIO * max(map(len, references), default=0)
    return [" ".join(text.split())[:most] for text in texts]


def require_secret_seed(data: str, seed: int) -> None:
    """Raise OptionError if a submission could guess the seed, and with it draw the test of the toy languages."""
    if data == "toy":
        refuse_guessable(seed)


def make_task(assignment: Assignment, job: Job) -> Translation:
    """Return the task of a job; raise TaskError if its data cannot be loaded."""
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
        hyperparameters={"seed": training_seed(job.seed), **job.hyperparameters},
    )
