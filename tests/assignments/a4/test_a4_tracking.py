"""The log: its lines, word for word, TensorBoard's curves, log.jsonl, and the bar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sanity.training.atomic import SaveError
from sanity.training.tracking import Progress, ValidationResult, board_folder, read_log
from tests.support.tiny import Modules, Tiny

LINE = (
    "epoch 1, iter 280, avg. loss 144.77, avg. ppl 296.05 "
    "cum. examples 8960, speed 296.36 words/sec, time elapsed 674.42 sec"
)


@pytest.fixture
def report(a4: Modules) -> Any:
    return a4("nmt.tracking").Report(1, 280, 144.774, 296.0503, 8960, 296.358, 674.4196)


def test_a_perplexity_without_bounds_is_a_word(a4: Modules, report: Any, tmp_path: Path) -> None:
    diverged = report._replace(perplexity=a4("nmt.losses").perplexity(1e9, 1))
    assert "avg. ppl diverged cum. examples 8960" in diverged.line()
    assert "avg. ppl 999999999.00 " in report._replace(perplexity=999999999.0).line()


def validation(update: int) -> tuple[Any, Any]:
    return Progress(1, update, 1.5), ValidationResult(-2.5, {"perplexity/dev": 2.5, "bleu/dev": 31.25})


def test_the_line_of_the_log(report: Any) -> None:
    assert report.line() == LINE


def test_plain_lines_where_there_is_no_terminal(
    a4: Modules, tmp_path: Path, report: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with a4("nmt.tracking").Log(tmp_path) as log:
        log.begin(0, 300)
        log.step(280)
        log.log(report)
        log.validated(*validation(280), True)
        log.validated(*validation(281), False)
        log.say("words")
    out, err = capsys.readouterr()
    validations = [f"validation: iter {i}, perplexity/dev 2.50, bleu/dev 31.25" for i in (280, 281)]
    assert out.splitlines() == [LINE, validations[0] + ", the best so far", validations[1], "words"]
    assert err == ""


def test_a_bar_on_a_terminal(
    a4: Modules, tmp_path: Path, report: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with a4("nmt.tracking").Log(tmp_path) as log:
        log.begin(100, 400)
        log.step(101)
        log.log(report)
    out, err = capsys.readouterr()
    assert LINE + "\n" in out
    assert "101/400" in err


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard would show of a folder."""
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = reader.EventAccumulator(str(folder))
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_the_tags_of_tensorboard(a4: Modules, tmp_path: Path, report: Any) -> None:
    with a4("nmt.tracking").Log(tmp_path) as log:
        log.begin(0, 300)
        log.log(report)
        log.validated(*validation(280), True)
    assert curves(Path("runs")) == {
        "loss/train": [(280, pytest.approx(144.774))],
        "perplexity/train": [(280, pytest.approx(296.0503))],
        "perplexity/dev": [(280, 2.5)],
        "bleu/dev": [(280, 31.25)],
    }


def test_a_resumed_log_has_each_update_once(a4: Modules, tmp_path: Path, report: Any) -> None:
    for begun, updates in ((0, (10, 20, 30)), (20, (30, 40))):
        with a4("nmt.tracking").Log(tmp_path) as log:
            log.begin(begun, 50)
            for update in updates:
                log.log(report._replace(update=update, loss=float(begun + update)))
    expected = [(10, 10.0), (20, 20.0), (30, 50.0), (40, 60.0)]
    assert [(entry["update"], entry["loss"]) for entry in read_log(tmp_path / "log.jsonl")] == expected
    assert curves(Path("runs"))["loss/train"] == expected


def test_each_output_folder_has_its_own_below_runs(a4: Modules, tmp_path: Path, report: Any) -> None:
    for folder in ("trained", "german"):
        (tmp_path / folder).mkdir()
        with a4("nmt.tracking").Log(Path(folder)) as log:
            log.begin(0, 300)
            log.log(report)
    assert [len(curves(Path("runs", folder))["loss/train"]) for folder in ("trained", "german")] == [1, 1]
    assert board_folder(tmp_path.parent / "x") == Path("runs", *tmp_path.parent.parts[1:], "x")


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert read_log(path) == []
    path.write_text('{"update": 1}\n{"upd')
    assert read_log(path) == [{"update": 1}]


def test_a_training_anew_begins_the_log_anew(a4: Modules, tmp_path: Path, report: Any) -> None:
    for _ in range(2):
        with a4("nmt.tracking").Log(tmp_path) as log:
            log.begin(0, 300)
            log.log(report)
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 1
    assert len(curves(Path("runs"))["loss/train"]) == 1


def test_a_full_disk_is_one_line(a4: Modules, tmp_path: Path, report: Any) -> None:
    with pytest.raises(SaveError) as error, a4("nmt.tracking").Log(tmp_path) as log:
        log.begin(0, 300)
        log.file = open("/dev/full", "w", buffering=1)  # noqa: PTH123, SIM115  (a log that can't grow)
        log.log(report)
    assert str(error.value) == f"{tmp_path}: the log can't be written: No space left on device"


def test_without_tensorboard_there_is_a_log(
    a4: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with a4("nmt.tracking").Log(tmp_path) as log:
        Tiny(a4).train(tmp_path, log)
    assert len(capsys.readouterr().out.splitlines()) == 7 + 4
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["update"] for line in lines if "loss" in line] == [2, 4, 6, 8, 10, 12, 14]
    assert [line["update"] for line in lines if "perplexity/dev" in line] == [4, 8, 12, 15]
    assert not Path("runs").exists()
