"""How trainings end and what they leave, with a task that is learnt within a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graders.cores import usable_cores
from graders.records.training import AttentionMap, StopReason, Training
from graders.sandbox.clock import MachineBusy
from graders.sandbox.folders import lay_out
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.zygote import Zygote
from graders.training import loop, runner
from graders.training.event_log import EventLog, EventLogError
from graders.training.job import TrainingLimits
from graders.training.loop import TrainingStatus
from graders.training.tasks.base import TaskError
from tests.support.busy import busy_machine
from tests.support.processes import running
from tests.support.standin import DEV, a_job, capitals, checked


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trainings")


Train = Callable[..., Training]


@pytest.fixture
def out(base: Path) -> Path:
    """A folder of the test's own."""
    return base / str(len(list(base.iterdir())))


@pytest.fixture
def train(run_warm: Train, isolation: Isolation, out: Path) -> Train:
    """Train the good submission with more at its end, in a folder of the test's own."""

    def run(more: str = "", updates: int = 100, looks: list[TrainingStatus] | None = None, **changes: Any) -> Training:
        job = a_job(out, more, isolation=isolation, **changes)
        return run_warm(job, capitals(updates), (looks if looks is not None else []).append)

    return run


def limits(**changes: Any) -> TrainingLimits:
    return replace(
        TrainingLimits(memory_mb=300, folder_mb=16, silence=20, last_look=2, answering=20, threads=1), **changes
    )


def test_a_training_that_reaches_its_aim(train: Train) -> None:
    looks: list[TrainingStatus] = []
    training = train(looks=looks)
    assert training.stop_reason is StopReason.REACHED
    assert training.message == "training reached the required score on dev"
    assert (training.score, training.low, training.high, training.best_dev) == (100, 99, 101, 100)
    assert (training.updates, training.signature, training.device, training.seed) == (40, "capitals", "cpu", 3)
    assert [point.update for point in training.curve] == list(range(1, 41))
    scores = [100 * update / 40 for update in range(5, 41, 5)]
    assert [point.score for point in training.curve if point.score is not None] == scores
    assert training.curve[1].loss == 5
    assert training.seconds_to_threshold == pytest.approx(training.curve[-1].seconds, abs=0.01)
    assert training.samples[0] == ("test0", "TEST0", "TEST0")
    assert training.words_per_second == 100
    assert sorted(training.versions) == ["numpy", "python", "torch"]
    assert [look.score for look in looks if look.validated] == scores


def test_a_finished_training_is_not_run_again_until_something_changes(train: Train, out: Path) -> None:
    first = train(updates=5)
    path = out / "training" / "ada" / "1h" / "training.json"
    looks: list[TrainingStatus] = []
    assert train(updates=5, looks=looks) == first
    assert looks == []
    path.unlink()  # killed before it was written
    assert train(updates=5, looks=looks) == first
    assert looks == []
    assert path.exists()
    path.write_text("{}")  # or not what was written
    assert train(updates=5, looks=looks) == first
    assert looks == []
    other = train("# a comment\n", updates=5, looks=looks)
    assert other.score == first.score
    assert looks != []


def test_the_budget(train: Train) -> None:
    slow = "def learn(update, learnt):\n    import time; time.sleep(0.05); return learnt + 1\n"
    training = train(slow, budget=1.2)
    assert (training.stop_reason, training.message) == (StopReason.BUDGET, "the budget of 1.2s was used up")
    assert training.score is not None
    assert training.score == training.best_dev
    assert training.seconds >= 1.2


UNTIL_TIME_IS_UP = "import time\n        while not channel.time_is_up(): time.sleep(0.01)"


@pytest.mark.parametrize(
    ("look_every", "stops_at", "scores"), [(5, 12, [12.5, 25, 30]), (1000, 3, [7.5]), (5, 1, [2.5])]
)
def test_what_was_learnt_when_the_budget_ends_counts(
    run_warm: Train, isolation: Isolation, out: Path, look_every: int, stops_at: int, scores: list[float]
) -> None:
    """Dev is answered once more, and at least once."""
    more = AT_7.replace("7", str(stops_at)).format(UNTIL_TIME_IS_UP)
    training = run_warm(a_job(out, more, isolation=isolation, budget=0.5), replace(capitals(), look_every=look_every))
    assert (training.stop_reason, training.message.split(";")[0]) == (
        StopReason.BUDGET,
        "the budget of 0.5s was used up",
    )
    assert [point.score for point in training.curve if point.score is not None] == scores
    assert training.score == training.best_dev == scores[-1]
    assert training.seconds >= 0.5


def test_the_last_look_may_reach_the_score(train: Train) -> None:
    all_at_once = f"def learn(update, learnt):\n    if update == 7:\n        {UNTIL_TIME_IS_UP}\n    return 40\n"
    training = train(all_at_once.replace("return 40", "return 40 if update == 7 else 0"), budget=0.5)
    assert (training.stop_reason, training.score) == (StopReason.REACHED, 100)


def test_one_that_does_not_end_after_its_budget_is_ended(train: Train) -> None:
    talk = (
        "import time, graders.sandbox.inside.protocol as box\n        while True: channel.send(box.Progress(update)), "
    )
    training = train(AT_7.format(talk + "time.sleep(0.01)"), budget=0.5, limits=limits(last_look=0.3))
    assert (training.stop_reason, training.score) == (StopReason.BUDGET, 100 * 5 / 40)


WORKS = """
import time
def learn(update, learnt):
    end = time.thread_time() + 0.02
    while time.thread_time() < end: pass
    return learnt + 1
"""


def test_a_busy_machine_costs_a_training_nothing(train: Train) -> None:
    """It works for most of its budget, and by the wall clock takes longer than that."""
    with busy_machine():
        training = train(WORKS, budget=2.0)
    assert (training.stop_reason, training.score) == (StopReason.REACHED, 100)
    assert training.cpu_seconds >= 40 * 0.02


SPINS = """
import hashlib, threading
def spin():
    while True: hashlib.pbkdf2_hmac("sha256", b"", b"", 100_000)
def learn(update, learnt):
    if update == 7:
        for _ in range(15): threading.Thread(target=spin).start()
        spin()
    return learnt + 1
"""


def test_sixteen_threads_have_the_same_budget(train: Train) -> None:
    """What they use is at most the budget, the last look, and what all processors do between two looks at the clock."""
    training = train(SPINS, budget=1.0, limits=limits(last_look=0.2))
    assert (training.stop_reason, training.score) == (StopReason.BUDGET, 100 * 5 / 40)
    assert training.cpu_seconds < 1.2 + 1.0 * usable_cores()


def test_a_machine_that_is_too_busy_decides_nothing(train: Train, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command goes on where it was."""
    with monkeypatch.context() as patch:
        patch.setattr("graders.training.loop.WALL_STOP", 0.05)
        with pytest.raises(MachineBusy, match=r"^the machine was too busy: training got less than \d+ s of time in"):
            train(AT_7.format("import os, time\n        while not os.path.exists('again'): time.sleep(0.01)"))
    log = (out / "training" / "ada" / "1h" / "events.jsonl").read_bytes()
    assert b"Scored" in log and b"Stopped" not in log
    (out / "training" / "ada" / "1h" / "work" / "again").touch()
    training = train(AT_7.format("import os, time\n        while not os.path.exists('again'): time.sleep(0.01)"))
    assert (training.stop_reason, training.score) == (StopReason.REACHED, 100)
    assert [point.update for point in training.curve][:7] == [1, 2, 3, 4, 5, 6, 7]


def test_the_recipes_end(train: Train) -> None:
    training = train(updates=12)
    assert training.stop_reason is StopReason.CONVERGED
    assert (training.score, training.best_dev) == (25, 25)


AT_7 = "def learn(update, learnt):\n    if update == 7:\n        {}\n    return learnt + 1\n"


@pytest.mark.parametrize(
    ("more", "stop_reason", "message"),
    [
        (
            AT_7.format("return float('nan')"),
            StopReason.DIVERGED,
            "training diverged: the loss was no longer a finite number",
        ),
        (
            AT_7.format("raise ValueError('mine')"),
            StopReason.CRASHED,
            "training raised ValueError in submitted.py, line 12",
        ),
        (AT_7.format("raise SystemExit(0)"), StopReason.CRASHED, "training raised SystemExit in submitted.py, line 12"),
        (AT_7.format("import os; os._exit(0)"), StopReason.CRASHED, "training ended its process"),
        (
            AT_7.format("import ctypes; ctypes.string_at(0)"),
            StopReason.CRASHED,
            "training died: signal 11, Segmentation fault",
        ),
        (AT_7.format("bytearray(2**40)"), StopReason.OUT_OF_MEMORY, "training ran out of memory"),
        (
            AT_7.format('raise RuntimeError("can\'t allocate memory: you tried to")'),
            StopReason.OUT_OF_MEMORY,
            "training ran out of memory",
        ),
        (
            AT_7.format("channel.validate(update, ['one'])"),
            StopReason.BROKEN,
            "training broke the protocol: not one answer for each of 40 sentences",
        ),
        (
            AT_7.format("channel.validate(update, ['x' * 10_001] * 40)"),
            StopReason.BROKEN,
            "training broke the protocol: an answer of more than 10000 characters",
        ),
        (
            AT_7.format("channel._channel.sendall(bytes([255] * 8))"),
            StopReason.BROKEN,
            "training broke the protocol: a frame of more than 4194304 bytes",
        ),
        (
            AT_7.format("channel._channel.sendall(bytes([0, 0, 0, 1, 193]))"),
            StopReason.BROKEN,
            "training broke the protocol: a malformed frame",
        ),
        (
            AT_7.format("channel._channel.close(); import time; time.sleep(60)"),
            StopReason.BROKEN,
            "training broke the protocol: it closed its connection",
        ),
        (
            AT_7.format("[open(f'large{n}', 'wb').write(bytes(2**23)) for n in range(3)]; import time; time.sleep(60)"),
            StopReason.CRASHED,
            "training wrote more than 16 MB or 1000 files, or hid them",
        ),
        (
            AT_7.format("import os; os.mkdir('hidden'); os.chmod('hidden', 0); import time; time.sleep(60)"),
            StopReason.CRASHED,
            "training raised PermissionError in submitted.py, line 12",
        ),
        (
            AT_7.format("open('large', 'wb').write(bytes(2**25))"),
            StopReason.CRASHED,
            "training raised OSError in submitted.py, line 12",
        ),
        (
            AT_7.format("raise NotImplementedError('1e: not implemented yet')"),
            StopReason.CRASHED,
            "not implemented yet",
        ),
    ],
)
def test_what_ends_a_training_leaves_it_the_best_so_far(
    train: Train, more: str, stop_reason: StopReason, message: str
) -> None:
    training = train(more)
    assert training.stop_reason is stop_reason
    assert training.message.removesuffix("; trained without a sandbox") == message
    assert training.best_dev == training.score == 100 * 5 / 40


def test_a_training_that_hangs(train: Train) -> None:
    training = train(AT_7.format("import time; time.sleep(60)"), limits=limits(silence=0.5))
    assert (training.stop_reason, training.message) == (
        StopReason.HUNG,
        "training hung: no message for 0.5 s",
    )
    assert training.score == 100 * 5 / 40


def test_one_that_never_stops_talking_has_the_same_budget(train: Train) -> None:
    flood = "[channel.validate(update, ['x'] * 40) for _ in range(10**9)]"
    training = train(AT_7.format(flood), budget=1.5)
    assert (training.stop_reason, training.score) == (StopReason.BUDGET, 100 * 5 / 40)


def test_a_loss_that_does_not_fall(train: Train) -> None:
    training = train("def loss(update):\n    return 7 + update % 2 / 10\n", updates=12)
    assert (training.stop_reason, training.message) == (
        StopReason.STALLED,
        "the loss did not fall: 7.1 at the start, 7 at the end",
    )
    assert training.score is not None


@pytest.mark.parametrize(("loss", "shown"), [("float('nan')", None), ("1e300", None), ("-3.5", -3.5)])
def test_what_a_submission_says_of_itself_is_made_fit_to_show(train: Train, loss: str, shown: float | None) -> None:
    training = train(f"def loss(update):\n    return {loss}\n", updates=5)
    assert {point.loss for point in training.curve} == {shown}
    assert training.score == 12.5


def test_before_the_first_look_there_is_no_score(train: Train) -> None:
    training = train("import nothing_of_that_name\ndef learn(update, learnt):\n    return nothing_of_that_name.one\n")
    assert training.score is training.best_dev is None
    assert training.stop_reason is StopReason.CRASHED
    assert training.message.startswith("training raised ModuleNotFoundError in submitted.py, line 10")
    assert training.message.endswith("; no test: it was never scored on dev")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise KeyError(word)", "answering the test raised KeyError in submitted.py, line 12"),
        ("import time; time.sleep(60)", "answering the test took more than 0.5 s"),
        ("import os; os._exit(0)", "answering the test ended its process"),
        ("return 3", "answering the test broke the protocol: a malformed frame"),
    ],
)
def test_a_test_that_cannot_be_answered(train: Train, body: str, reason: str) -> None:
    more = f"def answer(i, word, learnt):\n    if word.startswith('test'):\n        {body}\n    return word.upper()\n"
    training = train(more, updates=5, limits=limits(answering=0.5))
    assert (training.score, training.best_dev, training.samples) == (None, 100, ())
    assert training.message == f"training reached the required score on dev; no test: {reason}"


ATTEND = "def attend(word):\n    {}\n    return [word, 'b\\x1b'], ['</s>'], [[0.25, 0.75]]\n"


def test_what_the_model_attends_to_is_kept(train: Train) -> None:
    maps = train(ATTEND.format("pass"), updates=5).attention
    assert maps == tuple(AttentionMap([f"test{i}", "b␛"], ["</s>"], [[0.25, 0.75]]) for i in range(3))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("raise KeyError(word)", 0),
        ("if word == 'test1': return ['a'] * 1000, ['b'], [[0.5] * 1000]", 2),
        ("if word == 'test1': return ['a'], ['b'], [['c']]", 2),
        ("if word == 'test1': return ['a'], ['b'], [[-1.0]]", 1),
        ("if word == 'test1': import os; os._exit(0)", 1),
        ("if word == 'test1': import time; time.sleep(60)", 1),
        ("if word == 'test1': channel._channel.sendall(b'!' * 100)", 1),
    ],
)
def test_attention_costs_no_answer(train: Train, monkeypatch: pytest.MonkeyPatch, body: str, kept: int) -> None:
    monkeypatch.setattr(loop, "ATTENDING", 0.5)
    training = train(ATTEND.format(body), updates=5)
    assert (training.score, len(training.attention)) == (12.5, kept)


def test_the_first_answers_count(train: Train) -> None:
    forged = "channel.send(__import__('graders').sandbox.inside.protocol.Answers(0, [f'TEST{i}' for i in range(40)]))"
    training = train(ATTEND.format(forged), updates=5)
    assert (training.score, len(training.attention)) == (12.5, 3)


def test_forged_scores_help_nobody(train: Train) -> None:
    more = """
import graders.sandbox.inside.protocol as box
class Mine(box.DevScore): ...
def learn(update, learnt):
    channel.send(box.Progress(update, 1, 0.0, 1.0, 1e9))
    channel.validate = lambda update, texts: box.DevScore(100.0, True)
    return 0
"""
    training = train(more)
    assert training.best_dev is None
    assert training.score is None


def test_what_it_prints_is_kept_cleaned(train: Train, out: Path) -> None:
    train("print('\\x1b[31mred', 'x' * 100_000, 'end')\n", updates=5)
    printed = (out / "training" / "ada" / "1h" / "printed.txt").read_text()
    assert printed.startswith("redred x") or printed.startswith("red x")
    assert "\x1b" not in printed
    assert "[...]" in printed
    assert len(printed) < 40_000


def test_a_second_run_in_the_same_folder_waits_and_then_says_so(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.training.event_log.PATIENCE", 0.1)
    with EventLog(base / "busy", "key"), pytest.raises(EventLogError) as error:
        EventLog(base / "busy", "key")
    said = "another training is running in this folder; wait for it, or choose another folder with -o"
    assert str(error.value) == f"{base / 'busy'}: {said}"


def test_nothing_is_left_running(base: Path, train: Train, trainers: Zygote) -> None:
    train(AT_7.format("import time; time.sleep(60)"), limits=limits(silence=0.2))
    assert len(running(str(trainers.scratch))) <= 2  # the zygote and its supervisor


def test_a_sandbox_of_its_own(tmp_path: Path, isolation: Isolation) -> None:
    """As `trivium train` does it: no zygote is lent."""
    job = a_job(tmp_path, "import os\nprint(os.listdir('.'), os.environ['HOME'] == os.getcwd())\n", isolation=isolation)
    training = runner.run(job, capitals())
    assert (training.stop_reason, training.score) == (StopReason.REACHED, 100)
    assert (job.folder / "printed.txt").read_text() == "[] True\n['state.json'] True\n"
    assert running(str(job.folder)) == []


ALL_IN_CAPITALS = "def answer(i, word, learnt):\n    return word.upper()\n"
SEES = """
import os
from pathlib import Path
print(*sorted(os.listdir(Path(__file__).parents[1] / "data")))
"""


@pytest.mark.parametrize(
    ("more", "reference_mismatch"),
    [("", 0.0), ("def loss(update):\n    return 7 / update\n", 0.0), (ALL_IN_CAPITALS, 35 / 40)],
)
def test_what_it_has_learnt_must_answer_alike_in_the_reference(
    tmp_path: Path, isolation: Isolation, run_warm: Train, more: str, reference_mismatch: float
) -> None:
    job = a_job(tmp_path, more + SEES, isolation=isolation)
    training = (runner.run if reference_mismatch else run_warm)(job, checked(60))  # one in sandboxes of its own
    assert (training.score, training.reference_mismatch) == (100, reference_mismatch)
    assert ("% of the answers differ from those of the reference with the same weights" in training.message) == (
        reference_mismatch > 0
    )
    assert not (job.folder / "reference").exists()
    assert (job.folder / "printed.txt").read_text() == "dev\ndev test\n"  # the test is not there to be learnt


def test_weights_that_do_not_fit_the_reference_count_as_other_answers(tmp_path: Path, run_warm: Train) -> None:
    task = replace(checked(60), solution=a_job(tmp_path, "def (\n").submission)
    assert run_warm(a_job(tmp_path), task).reference_mismatch == 1


@pytest.mark.parametrize(
    ("fails", "why"),
    [
        ("import time; time.sleep(60)", "answering the test with the reference took more than 0.5 s"),
        ("raise MemoryError", "answering the test with the reference ran out of memory"),
        ("import os; os._exit(0)", "answering the test with the reference ended its process"),
    ],
)
def test_a_reference_that_gives_no_answers_decides_nothing(
    tmp_path: Path, run_warm: Train, fails: str, why: str
) -> None:
    """That is the grader's failure, and the same command tries it again."""
    answer = f"def answer(i, word, learnt):\n    {fails}\n"
    task, job = checked(60), a_job(tmp_path, limits=limits(answering=0.5))
    failing = replace(task, solution=a_job(tmp_path, answer).submission)
    with pytest.raises(SandboxError) as failed:
        run_warm(job, failing)
    assert str(failed.value) == f"{why}; nothing is decided yet: run the same command again"
    events = (job.folder / "events.jsonl").read_bytes()
    assert b"Stopped" in events and b"ReferenceAnswered" not in events
    training = run_warm(replace(job, limits=limits()), task)
    assert (training.score, training.reference_mismatch) == (100, 0)
    assert (job.folder / "events.jsonl").read_bytes().startswith(events)  # training was not repeated


def test_a_code_folder_that_cannot_be_laid_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match=r"file/code: cannot write a submission's files: Not a directory$"):
        lay_out(tmp_path / "file" / "code", {"a.py": b""})


def test_a_gpu_is_let_through_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be told without one: which devices, no limit of address space, and those that are ours to use."""
    job = a_job(tmp_path)
    monkeypatch.setattr(runner, "devices", lambda: ["/dev/nvidia0", "/dev/nvidiactl"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    profile = runner.profile(job, 7, "code")
    assert profile.writable == (str(job.folder / "work"), "/dev/nvidia0", "/dev/nvidiactl")
    assert profile.environment["CUDA_VISIBLE_DEVICES"] == "3"
    assert (profile.address_space, profile.inherited, profile.open_files) == (False, (7,), 1024)
    assert "/proc/self" in profile.readable and "LD_LIBRARY_PATH" not in profile.environment
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver" / "libcuda.so.1").touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", f"relative::{tmp_path}/none:{tmp_path}/driver")
    profile = runner.profile(job, 7, "code")
    assert profile.environment["LD_LIBRARY_PATH"] == f"{tmp_path}/driver"
    assert f"{tmp_path}/driver" in profile.readable and f"{tmp_path}/none" not in profile.readable
    for without in replace(job, device="cpu"), job:
        profile = runner.profile(without, 7, "code")
        monkeypatch.setattr(runner, "devices", lambda: [])
        assert profile.writable == (str(job.folder / "work"),)
        assert "CUDA_VISIBLE_DEVICES" not in profile.environment
        assert profile.address_space and "/proc/self" not in profile.readable


def test_a_gpu_that_pytorch_does_not_find(train: Train) -> None:
    with pytest.raises(TaskError, match=r"^--device cuda: PyTorch \S+ finds no GPU; try --device cpu$"):
        train(device="cuda")


def test_dev_is_what_it_says() -> None:
    assert capitals().dev_score([word.upper() for word in DEV]) == 100
