"""Questions for a transformer inside the sandbox: trains with the handout's loop, answers dev and test.

No answer for dev or test is ever readable here, except in the prose that the model learns from.
"""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graders.sandbox.inside.protocol import Answers, Channel, Finished, Order, Progress
from graders.sandbox.inside.reporter import Heartbeat, Weights, send_attention

FOLDER = Path("checkpoints")
"""In the working folder."""
SIZE, MIXED = 128, 32
"""Questions in a batch: of similar length, and of mixed length."""


def train(order: Order, channel: Channel) -> Finished:
    """Train until the loop ends, the dev score is enough, or the time is up; then dev is answered once more."""
    import torch

    from training import checkpoint, loop
    from training.model import new_model
    from training.tasks import fingerprint

    recipe = _recipe(order)
    files = {name: _lines(order, name) for name in ("documents", "train.questions", "train.answers", "dev.questions")}
    task = _task(recipe, files)
    key = fingerprint(recipe, *files.values())

    def run() -> Finished:
        model = new_model(recipe, task.vocabulary).to(torch.device(order.device))
        tracker = Reporter(channel)

        def validate(model: Any, update: int) -> Any:
            longest = max(map(len, files["train.answers"])) + 1
            answers = _answer(model, files["dev.questions"], task.vocabulary, longest, channel, update)
            reply = channel.validate(update, answers)
            print(f"round ends at update {update}: {reply.score:.2f} on dev", flush=True)
            return loop.Validation(reply.score, reply.enough)

        try:
            loop.train(model, task, recipe, validate, tracker, FOLDER, key)
        except loop.Diverged as problem:
            print(problem, flush=True)
            return Finished("diverged")
        return Finished("converged")

    try:
        return run()
    except checkpoint.CheckpointError as problem:  # damaged, by the submission or a failing disk
        print(f"{problem}; training starts again", flush=True)
        (FOLDER / checkpoint.NAME).unlink(missing_ok=True)
        return run()


def answer(order: Order, channel: Channel) -> Finished:
    """Answer the test twice, with the best model that training has saved: in uniform and in mixed batches."""
    import torch

    from training import checkpoint
    from training.model import load_weights, new_model

    saved = checkpoint.read(FOLDER)
    vocabulary, best = [str(character)[:1] for character in saved["vocabulary"]], saved["best"]
    recipe = _recipe(order)
    model = new_model(recipe, vocabulary)
    load_weights(model, best["weights"])
    model.to(torch.device(order.device)).eval()
    torch.backends.cudnn.allow_tf32 = False  # TF32 is so coarse that the batch size would change characters
    questions = _lines(order, "test.questions")  # the test, two times
    questions = questions[: len(questions) // 2]
    longest = max(map(len, _lines(order, "train.answers"))) + 1
    by_length = sorted(range(len(questions)), key=lambda i: len(questions[i]))
    answers = [""] * (2 * len(questions))
    batches = [by_length[start : start + SIZE] for start in range(0, len(by_length), SIZE)]
    stride = -(-len(questions) // MIXED)
    mixed = [by_length[first::stride] for first in range(stride)]
    for offset, rows in [*((0, batch) for batch in batches), *((len(questions), batch) for batch in mixed)]:
        asked = [questions[i] for i in rows]
        for i, text in zip(rows, _answer(model, asked, vocabulary, longest, channel, 0), strict=True):
            answers[offset + i] = text
    channel.send(Answers(0, answers))
    send_attention(channel, lambda i: _attend(model, questions[i], vocabulary, recipe), len(questions))
    return Finished("answered")


def _attend(model: Any, question: str, vocabulary: list[str], recipe: Any) -> Weights:
    """Return what each head attends to where the first character of the answer is chosen."""
    import torch

    from training.attention import attention_weights, names_of_heads
    from training.model import device_of
    from training.questions import MASK, encode

    tokens = torch.tensor(encode(question + MASK, vocabulary), device=device_of(model))
    weights = attention_weights(model, tokens, recipe.n_heads)[:, :, -1].flatten(0, 1)
    return question + MASK, names_of_heads(recipe), weights.tolist()


def _answer(
    model: Any, questions: Sequence[str], vocabulary: list[str], longest: int, channel: Channel, update: int
) -> list[str]:
    """Answer questions, and send Progress after each character of a batch."""
    from training.model import answer as answer_questions

    answers: list[str] = answer_questions(
        model, questions, vocabulary, longest, SIZE, lambda: channel.send(Progress(update))
    )
    return answers


def _recipe(order: Order) -> Any:
    from training.recipe import RECIPES, changed

    return changed(RECIPES[order.settings["recipe"]], order.settings["changes"])


def _task(recipe: Any, files: dict[str, list[str]]) -> Any:
    from training.tasks import Strings, World

    pairs = files["train.questions"], files["train.answers"]
    return World(recipe, files["documents"], *pairs) if recipe.finetuning else Strings(recipe, *pairs)


def _lines(order: Order, name: str) -> list[str]:
    return Path(order.data, name).read_text(encoding="utf-8").removesuffix("\n").split("\n")


class Reporter(Heartbeat):
    """The loop's tracker (training/tracking.py): prints log lines and sends Progress to the runner."""

    def begin(self, round: int, rounds: int) -> None:
        """Report the first round."""
        self._channel.send(Progress(0))

    def log(self, report: Any) -> None:
        """Print a line; the loss of the main stage is Progress, too."""
        print(report.line(), flush=True)
        if report.stage == "main":
            self._channel.send(Progress(report.update, report.round, report.loss, words_per_second=report.speed))

    def validated(self, round: int, update: int, score: float, improved: bool) -> None:
        """Say nothing: `validate` has printed the score."""
