"""Reporting progress: what the log line and the line of a validation say. The rest is in sanity.training.tracking."""

from __future__ import annotations

from typing import NamedTuple

from sanity.training.tracking import Progress, TrainingLog, ValidationResult


class Report(NamedTuple):
    """The training loss since the last report."""

    epoch: int
    update: int
    loss: float  # mean cross-entropy of a transition, in nats
    examples: int  # transitions learnt from since training began, repeats counted
    speed: float  # transitions per second
    seconds: float  # since training began, including validation and earlier runs

    def line(self) -> str:
        """Return the line of the log."""
        return (
            f"epoch {self.epoch}, iter {self.update}, avg. loss {self.loss:.4f}, cum. examples {self.examples}, "
            f"speed {self.speed:.2f} transitions/sec, time elapsed {self.seconds:.2f} sec"
        )


class Log(TrainingLog):
    """The log of a parser's training."""

    def log(self, report: Report) -> None:
        """Print the log line; `loss/train` goes to TensorBoard. Raises SaveError."""
        self.say(report.line())
        self.write(report._asdict(), {"loss/train": report.loss})

    def validated(self, progress: Progress, result: ValidationResult, improved: bool) -> None:
        """Print the numbers of a validation on dev; they go to TensorBoard by their tags. Raises SaveError."""
        numbers = ", ".join(f"{name_of(tag)}: {value:.2f}" for tag, value in result.scalars.items())
        self.say(f"- {numbers}{', the best so far' if improved else ''}")
        self.write(progress._asdict() | {"score": result.score} | result.scalars, result.scalars)


def name_of(tag: str) -> str:
    """Return what the log calls a number.

    >>> name_of("uas/dev")
    'dev UAS'
    """
    metric, _, part = tag.partition("/")
    return f"{part} {metric.upper()}"
