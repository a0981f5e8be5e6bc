"""Where a training reports to: lines and a bar on the terminal, log.jsonl in its folder, TensorBoard below runs/."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from training.loop import Report


class Log(contextlib.AbstractContextManager["Log"]):
    """The loop's tracker for students."""

    def __init__(self, folder: Path, metric: str) -> None:
        """Open the log of a training in `folder`; `metric` names the score on dev."""
        self.folder, self.metric = folder, metric
        self._bar: Any = None
        self._board: Any = None
        self._file: Any = None

    def begin(self, round: int, rounds: int) -> None:
        """Open the log; training begins with this round. Entries of this round and later ones are removed."""
        from tqdm import tqdm

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "log.jsonl"
        kept = [entry for entry in read_log(path) if entry["round"] < round]
        path.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._board = tensorboard(self.folder, kept[-1]["update"] if kept else 0)
        self._bar = tqdm(total=rounds + 1, initial=round, unit="round", disable=not sys.stderr.isatty())
        if round:
            self.say(f"resuming after round {round - 1}")

    def step(self, update: int) -> bool:
        """Return that there is time left: there is no limit."""
        return False

    def log(self, report: Report) -> None:
        """Print the loss since the last report, and keep it."""
        self.say(report.line())
        scalars = {f"loss/{report.stage}": report.loss} if report.stage == "main" else {}
        self._write(report._asdict(), scalars, report.update)

    def validated(self, round: int, update: int, score: float, improved: bool) -> None:
        """Print the score on dev after a round, and keep it."""
        self.say(f"round {round} ends: {self.metric} on dev {score:.1f}{', the best so far' if improved else ''}")
        self._write({"round": round, "update": update, "score": score}, {f"{self.metric}/dev": score}, update)
        self._bar.update()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.write(line, file=sys.stdout)
        sys.stdout.flush()

    def _write(self, entry: dict[str, Any], scalars: dict[str, float], update: int) -> None:
        self._file.write(json.dumps(entry) + "\n")
        for tag, value in scalars.items() if self._board else ():
            self._board.add_scalar(tag, value, update)

    def __exit__(self, *error: object) -> None:
        for part in (self._bar, self._file, self._board):
            if part is not None:
                with contextlib.suppress(OSError):
                    part.close()


def tensorboard(folder: Path, update: int) -> Any:
    """Return a writer of TensorBoard events below runs/, without those after this update; None if not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:
        return None
    return SummaryWriter(str(Path("runs", folder.name)), purge_step=update + 1)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the entries of log.jsonl without an incomplete last line; none if there is no such file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]
