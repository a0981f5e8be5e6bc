"""What training tells as it goes: lines of a log, a bar on a terminal, curves for TensorBoard, log.jsonl."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nmt.checkpoint import SaveError, write


class Progress(NamedTuple):
    """How far training is: the epoch and the update it is in, from 1, and the seconds it took."""

    epoch: int
    update: int
    seconds: float


class Judged(NamedTuple):
    """What a look at dev gave."""

    score: float
    """How good the model is; higher is better. The best one is kept."""
    scalars: dict[str, float]
    """Numbers to log by TensorBoard tag, such as perplexity/dev."""
    enough: bool = False
    """Whether training has reached its aim and ends here."""


class Report(NamedTuple):
    """The training loss since the last report."""

    epoch: int
    update: int
    loss: float
    """Per sentence."""
    perplexity: float
    """exp of the loss per predicted target word: </s> is one, <s> and padding are not."""
    examples: int
    """Sentences since the last look at dev."""
    speed: float
    """Predicted target words per second."""
    seconds: float
    """Since training began, looks at dev and earlier runs included."""

    def line(self) -> str:
        """Return the line of the log."""
        return (
            f"epoch {self.epoch}, iter {self.update}, avg. loss {self.loss:.2f}, avg. ppl {self.perplexity:.2f} "
            f"cum. examples {self.examples}, speed {self.speed:.2f} words/sec, time elapsed {self.seconds:.2f} sec"
        )


class Tracker(Protocol):
    """Who is told. Training calls nothing else."""

    def begin(self, update: int, updates: int) -> None:
        """Training begins after this update, 0 or the checkpoint's, and makes so many updates at most."""

    def step(self, update: int) -> None:
        """An update was made."""

    def log(self, report: Report) -> None:
        """It is time for a line of the log."""

    def judged(self, progress: Progress, judged: Judged, better: bool) -> None:
        """The model was tried on dev; better says whether it is the best so far."""

    def say(self, line: str) -> None:
        """Something else happened."""


class Log:
    """Tells the person at the terminal, TensorBoard (if it is installed) and log.jsonl in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bar = self.file = self.board = None

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def begin(self, update: int, updates: int) -> None:
        """Forget what was logged after the checkpoint that training goes on from, and go on from there."""
        from tqdm import tqdm

        path = self.folder / "log.jsonl"
        kept = [line for line in read_log(path) if line["update"] <= update] if update else []
        write(path, lambda file: file.write("".join(json.dumps(line) + "\n" for line in kept).encode()))
        self.file = path.open("a", encoding="utf-8", buffering=1)
        self.board = tensorboard(self.folder, update)
        self.bar = tqdm(total=updates, initial=update, unit="update", mininterval=0.5, disable=not sys.stderr.isatty())
        if update:
            self.say(f"going on after iter {update}")

    def step(self, update: int) -> None:
        """Move the bar."""
        self.bar.update()

    def log(self, report: Report) -> None:
        """Print the line of the log; `loss/train` and `perplexity/train` go to TensorBoard."""
        self.say(report.line())
        self.write(report._asdict(), {"loss/train": report.loss, "perplexity/train": report.perplexity})

    def judged(self, progress: Progress, judged: Judged, better: bool) -> None:
        """Print the numbers of a look at dev; they go to TensorBoard by their own tags."""
        numbers = ", ".join(f"{tag} {value:.2f}" for tag, value in judged.scalars.items())
        self.say(f"validation: iter {progress.update}, {numbers}{', the best so far' if better else ''}")
        self.write(progress._asdict() | {"score": judged.score} | judged.scalars, judged.scalars)

    def say(self, line: str) -> None:
        """Print a line, above the bar."""
        self.bar.write(line, file=sys.stdout)
        sys.stdout.flush()

    def write(self, entry: dict[str, Any], scalars: dict[str, float]) -> None:
        """Append to log.jsonl, and the scalars to TensorBoard's events."""
        try:
            self.file.write(json.dumps(entry) + "\n")
            for tag, value in scalars.items() if self.board else ():
                self.board.add_scalar(tag, value, entry["update"])
        except OSError as error:
            raise SaveError(f"{self.folder}: the log can't be written: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the files and the bar."""
        for part in (self.bar, self.file, self.board):
            if part is not None:
                with contextlib.suppress(OSError):  # a full disk was told of when a line was written
                    part.close()


def tensorboard(folder: Path, update: int) -> Any:
    """Return a writer of TensorBoard's events that forgets those after this update; None if it isn't installed."""
    if not update:
        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:
        return None
    return SummaryWriter(str(folder), purge_step=update + 1 if update else None)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the entries of log.jsonl; a last line that was cut off is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]
