"""Reporting progress: what the log line and the line of a validation say. The rest is in sanity.training.tracking."""

from __future__ import annotations

from typing import NamedTuple

from sanity.training.tracking import Progress, TrainingLog, ValidationResult

DIVERGED = 1e12
"""A perplexity that a model doesn't come back from: guessing among all words of a language is below a million."""


class Report(NamedTuple):
    """The training loss since the last report."""

    epoch: int
    update: int
    loss: float  # per sentence, in nats
    perplexity: float  # exp of the loss per predicted target word: </s> is one, <s> and padding are not
    examples: int  # sentences since the last validation
    speed: float  # predicted target words per second
    seconds: float  # since training began, including validation and earlier runs

    def line(self) -> str:
        """Return the line of the log."""
        return (
            f"epoch {self.epoch}, iter {self.update}, avg. loss {self.loss:.2f}, avg. ppl {shown(self.perplexity)} "
            f"cum. examples {self.examples}, speed {self.speed:.2f} words/sec, time elapsed {self.seconds:.2f} sec"
        )


def shown(number: float) -> str:
    """Return a number with two digits after the point; a perplexity that has left all bounds in words.

    >>> shown(296.0503), shown(1e304)
    ('296.05', 'diverged')
    """
    return f"{number:.2f}" if number < DIVERGED else "diverged"


class Log(TrainingLog):
    """The log of a translation model's training."""

    def log(self, report: Report) -> None:
        """Print the log line; `loss/train` and `perplexity/train` go to TensorBoard. Raises SaveError."""
        self.say(report.line())
        self.write(report._asdict(), {"loss/train": report.loss, "perplexity/train": report.perplexity})

    def validated(self, progress: Progress, result: ValidationResult, improved: bool) -> None:
        """Print the numbers of a validation on dev; they go to TensorBoard by their tags. Raises SaveError."""
        numbers = ", ".join(f"{tag} {shown(value)}" for tag, value in result.scalars.items())
        self.say(f"validation: iter {progress.update}, {numbers}{', the best so far' if improved else ''}")
        self.write(progress._asdict() | {"score": result.score} | result.scalars, result.scalars)
