"""Where a training reports to: lines and a bar on the terminal, log.jsonl in its folder, TensorBoard below runs/."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple, Self

from sanity.training.atomic import SaveError, write_atomically


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


class TrainingLog:
    """Writes to the terminal, to log.jsonl in a folder, and to TensorBoard, below runs/, if installed.

    A training loop calls `begin`, `step`, `log`, `validated` and `say`, and needs nothing else of a tracker. What is
    said of a loss and of a validation, `log` and `validated`, is the business of the assignment's own `Log`.
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
        kept = [line for line in read_log(self.folder / "log.jsonl") if line["update"] <= update] if update else []
        self.start(kept, update or None, update, updates, "update")
        if update:
            self.say(f"resuming after iter {update}")

    def start(self, kept: list[dict[str, Any]], update: int | None, done: int, total: int, unit: str) -> None:
        """Open log.jsonl, TensorBoard and the bar. Raises SaveError.

        Args:
            kept: the entries of an earlier training that stay.
            update: TensorBoard's events up to this one stay; None: none do.
            done: where the bar begins.
            total: where it ends.
            unit: what it counts.
        """
        from tqdm import tqdm

        path = self.folder / "log.jsonl"
        write_atomically(path, lambda file: file.write("".join(json.dumps(line) + "\n" for line in kept).encode()))
        self.file = path.open("a", encoding="utf-8", buffering=1)
        self.board = tensorboard(board_folder(self.folder), update)
        self.bar = tqdm(total=total, initial=done, unit=unit, mininterval=0.5, disable=not sys.stderr.isatty())

    def step(self, update: int) -> bool:
        """Advance the progress bar: an update was made. Return whether to stop: never."""
        self.bar.update()
        return False

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for part in (self.bar, self.file, self.board):
            if part is not None:
                with contextlib.suppress(OSError):  # `write` has reported a full disk already
                    part.close()


def board_folder(folder: Path) -> Path:
    """Return where the events of a training into `folder` lie, so that `tensorboard --logdir=runs` shows them.

    >>> board_folder(Path("trained")), board_folder(Path("/data/german"))
    (PosixPath('runs/trained'), PosixPath('runs/data/german'))
    """
    path = folder.resolve()
    with contextlib.suppress(ValueError):  # not in the current folder
        path = path.relative_to(Path.cwd())
    return Path("runs", *path.parts[1 if path.is_absolute() else 0 :])


def tensorboard(folder: Path, update: int | None) -> Any:
    """Return a writer of TensorBoard events; None if it isn't installed. See `TrainingLog.start`."""
    if update is None:
        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:
        return None
    return SummaryWriter(str(folder), purge_step=None if update is None else update + 1)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the entries of log.jsonl without an incomplete last line; none if there is no such file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]
