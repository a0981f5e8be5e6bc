"""Reporting progress: the log line on the terminal, a progress bar, TensorBoard, log.jsonl."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from parsing.atomic import SaveError, write_atomically


class Progress(NamedTuple):
    """The epoch and the update that training is in, from 1, and the seconds so far."""

    epoch: int
    update: int
    seconds: float


class ValidationResult(NamedTuple):
    """The result of evaluating the model on dev."""

    score: float  # higher is better; training keeps the weights with the highest score
    scalars: dict[str, float]  # numbers to log by TensorBoard tag, such as uas/dev
    enough: bool = False  # whether training has reached its goal and ends here


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


class Log(contextlib.AbstractContextManager["Log"]):
    """Writes to the terminal, to log.jsonl in a folder, and to TensorBoard, below runs/, if installed.

    The training loop calls `begin`, `step`, `log`, `validated` and `say`, and needs nothing else of a tracker.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bar: Any = None  # the three are opened by `begin`
        self.file: Any = None
        self.board: Any = None

    def begin(self, update: int, updates: int) -> None:
        """Open the log: training starts after this update and makes at most `updates` in total. Raises SaveError.

        `update` is 0, or that of the checkpoint that training resumes from; later entries are removed.
        """
        from tqdm import tqdm

        path = self.folder / "log.jsonl"
        kept = [line for line in read_log(path) if line["update"] <= update] if update else []
        write_atomically(path, lambda file: file.write("".join(json.dumps(line) + "\n" for line in kept).encode()))
        self.file = path.open("a", encoding="utf-8", buffering=1)
        self.board = tensorboard(board_folder(self.folder), update)
        self.bar = tqdm(total=updates, initial=update, unit="update", mininterval=0.5, disable=not sys.stderr.isatty())
        if update:
            self.say(f"resuming after iter {update}")

    def step(self, update: int) -> bool:
        """Advance the progress bar: an update was made. Return whether to stop: never."""
        self.bar.update()
        return False

    def log(self, report: Report) -> None:
        """Print the log line; `loss/train` goes to TensorBoard. Raises SaveError."""
        self.say(report.line())
        self.write(report._asdict(), {"loss/train": report.loss})

    def validated(self, progress: Progress, result: ValidationResult, improved: bool) -> None:
        """Print the numbers of a validation on dev; they go to TensorBoard by their tags. Raises SaveError."""
        numbers = ", ".join(f"{name_of(tag)}: {value:.2f}" for tag, value in result.scalars.items())
        self.say(f"- {numbers}{', the best so far' if improved else ''}")
        self.write(progress._asdict() | {"score": result.score} | result.scalars, result.scalars)

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self.bar.write(line, file=sys.stdout)
        sys.stdout.flush()

    def write(self, entry: dict[str, Any], scalars: dict[str, float]) -> None:
        """Append an entry to log.jsonl, and the scalars to TensorBoard's events. Raises SaveError."""
        try:
            self.file.write(json.dumps(entry) + "\n")
            for tag, value in scalars.items() if self.board else ():
                self.board.add_scalar(tag, value, entry["update"])
        except OSError as error:
            raise SaveError(f"{self.folder}: the log can't be written: {error.strerror}") from None

    def __exit__(self, *error: object) -> None:
        for part in (self.bar, self.file, self.board):
            if part is not None:
                with contextlib.suppress(OSError):  # `write` has reported a full disk already
                    part.close()


def name_of(tag: str) -> str:
    """Return what the log calls a number.

    >>> name_of("uas/dev")
    'dev UAS'
    """
    metric, _, part = tag.partition("/")
    return f"{part} {metric.upper()}"


def board_folder(folder: Path) -> Path:
    """Return where the events of a training into `folder` lie, so that `tensorboard --logdir=runs` shows them.

    >>> board_folder(Path("trained")), board_folder(Path("/data/german"))
    (PosixPath('runs/trained'), PosixPath('runs/data/german'))
    """
    path = folder.resolve()
    with contextlib.suppress(ValueError):  # not in the current folder
        path = path.relative_to(Path.cwd())
    return Path("runs", *path.parts[1 if path.is_absolute() else 0 :])


def tensorboard(folder: Path, update: int) -> Any:
    """Return a writer of TensorBoard events that hides those after this update; None if it isn't installed."""
    if not update:
        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:
        return None
    return SummaryWriter(str(folder), purge_step=update + 1 if update else None)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the entries of log.jsonl without an incomplete last line; none if there is no such file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]
