"""The tracker of a training loop inside the sandbox: what a handout's `Log` shows students goes to the runner."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from graders.sandbox.inside.protocol import MAPS, MAX_READ, Attention, Channel, Progress

HEARTBEAT = 5.0
"""Seconds of training after which a message is sent even if there is nothing to report."""


class Heartbeat:
    """Tells the runner every few seconds that training goes on, and the loop when its time is up."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._last_message = time.monotonic()

    def step(self, update: int) -> bool:
        """Return whether the time is up. Send a heartbeat: on a slow machine the next log line may be minutes away."""
        if time.monotonic() - self._last_message > HEARTBEAT:
            self._last_message = time.monotonic()
            self._channel.send(Progress(update))
        return self._channel.time_is_up()


class Reporter(Heartbeat):
    """Prints the lines of a log, and sends Progress to the runner."""

    def __init__(self, channel: Channel, metric: str) -> None:
        super().__init__(channel)
        self._metric = metric

    def begin(self, update: int, updates: int) -> None:
        """Report the first update."""
        self._channel.send(Progress(update))

    def log(self, report: Any) -> None:
        """Print a log line and send it as Progress."""
        print(report.line(), flush=True)
        perplexity = getattr(report, "perplexity", None)
        self._channel.send(Progress(report.update, report.epoch, report.loss, perplexity, report.speed))

    def validated(self, progress: Any, result: Any, improved: bool) -> None:
        """Print the dev score."""
        print(f"validation: iter {progress.update}, dev. {self._metric} {result.score:.2f}", flush=True)

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, flush=True)


Weights = tuple[Sequence[str], Sequence[str], Sequence[Sequence[float]]]
"""What was read, what read it, and the attention weights (target, source)."""


def send_attention(channel: Channel, attend: Callable[[int], Weights], sentences: int) -> None:
    """Send what the model attends to as it answers the first sentences; whatever goes wrong, there is no map.

    It comes after the answers, so that it cannot cost them.
    """
    for i in range(min(MAPS, sentences)):
        with contextlib.suppress(Exception):
            source, target, weights = attend(i)
            if max(len(source), len(target)) <= MAX_READ:
                rows = [[round(min(weight, 1.0), 3) for weight in row] for row in weights]
                channel.send(Attention(list(source), list(target), rows))
