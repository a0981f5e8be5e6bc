"""Reporting progress: what is said of a loss and of a round. The rest is in sanity.training.tracking."""

from __future__ import annotations

from pathlib import Path

from sanity.training.tracking import TrainingLog, read_log
from training.loop import Report


class Log(TrainingLog):
    """The loop's tracker for students."""

    def __init__(self, folder: Path, metric: str) -> None:
        """Prepare the log of a training in `folder`; `metric` names the score on dev."""
        super().__init__(folder)
        self.metric = metric

    def begin(self, round: int, rounds: int) -> None:
        """Open the log; training begins with this round. Entries of this round and later ones are removed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = [entry for entry in read_log(self.folder / "log.jsonl") if entry["round"] < round]
        self.start(kept, kept[-1]["update"] if kept else None, round, rounds + 1, "round")
        if round:
            self.say(f"resuming after round {round - 1}")

    def step(self, update: int) -> bool:
        """Return that there is time left: there is no limit. The bar counts rounds."""
        return False

    def log(self, report: Report) -> None:
        """Print the loss since the last report, and keep it. Raises SaveError."""
        self.say(report.line())
        self.write(report._asdict(), {f"loss/{report.stage}": report.loss} if report.stage == "main" else {})

    def validated(self, round: int, update: int, score: float, improved: bool) -> None:
        """Print the score on dev after a round, and keep it. Raises SaveError."""
        self.say(f"round {round} ends: {self.metric} on dev {score:.1f}{', the best so far' if improved else ''}")
        self.write({"round": round, "update": update, "score": score}, {f"{self.metric}/dev": score})
        self.bar.update()
