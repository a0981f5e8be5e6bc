"""A class on a cluster of real processes: the same gradebook as on this machine, whatever happens to a worker."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graders import GradeOptions, GradingProgress, Isolation, grade_class, load_assignment
from graders.cli.main import main
from graders.course.assignment import course_root
from graders.records.result import Result
from tests.support.cluster import running_cluster
from tests.support.processes import running

pytest.importorskip("distributed")

SUBMISSIONS = {
    "anna": {},
    "bela": {"utils": "def pad_sents(sents, pad_token): return [sent + [pad_token] for sent in sents]\n"},
    "cem": {"utils": "def pad_sents(sents, pad_token): print('hm'); raise ValueError(sents)\n"},
    "dora": {"utils": "import os\ndef pad_sents(sents, pad_token): os._exit(len(sents))\n"},
    "eva": {"nmt_model": "import nothing_of_that_name\n", "model_embeddings": "1 +\n"},
    "finn": {},
    "gül": {},
}


@pytest.fixture
def klass(tmp_path: Path) -> Path:
    """A class whose files take a moment to import, and one submission that cannot be read."""
    for name, files in SUBMISSIONS.items():
        folder = shutil.copytree(load_assignment("a4").solutions, tmp_path / "class" / name)
        for stem, text in files.items():
            (folder / f"{stem}.py").write_text(text)
        with (folder / "utils.py").open("a") as file:
            file.write("\nimport time\ntime.sleep(0.5)\n")
    (tmp_path / "class" / "torn.zip").write_bytes(b"PK\3\4 and no more")
    return tmp_path / "class"


def rows(out: Path) -> list[tuple[object, ...]]:
    """Return the rows of a gradebook without the times."""
    with sqlite3.connect(out / "gradebook.sqlite") as database:
        found = database.execute("SELECT key, submission, assignment, points, max_points, source, result FROM results")
        return sorted((*row[:-1], timeless(row[-1])) for row in found)  # type: ignore[type-var]


def timeless(result: bytes) -> bytes:
    """Return a stored result without the times."""
    decoded = msgspec.json.decode(result, type=Result)
    return msgspec.json.encode(msgspec.structs.replace(decoded, graded_at="", seconds=0))


TIMES = re.compile(
    r'"execution_time": [\d.]+|"graded_at": "[^"]+"| · graded [^<]+| · [\d.]+ s(?=[.<])'
    r'|<tr>.*<td class="number">[\d.]+ s</td></tr>\n|<td>[\d.]+</td>(?=<td class="l">)|<dd>[\d.]+ s</dd>'
)


def exports(out: Path) -> dict[str, str]:
    """Return the files that were written, by name, without the times."""
    paths = [path for path in out.rglob("*") if path.is_file() and "gradebook.sqlite" not in path.name]
    return {str(path.relative_to(out)): TIMES.sub("", path.read_text()) for path in paths}


def kill_a_busy_worker(scheduler: str) -> int:
    """Kill a worker in the middle of a job; return its process id."""
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        processes = client.run(os.getpid)
        busy = next(worker for worker, jobs in client.processing().items() if jobs)
        os.kill(processes[busy], signal.SIGKILL)
        return int(processes[busy])


def heavy_modules() -> list[str]:
    """Return the large libraries that this process has imported."""
    return [name for name in ("torch", "pandas", "scipy", "matplotlib", "sacrebleu") if name in sys.modules]


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_marks_of_this_machine(
    klass: Path, tmp_path: Path, isolation: Isolation
) -> None:
    from distributed import Client

    options: dict[str, Any] = {
        "assignment": "a4",
        "paths": [klass],
        "questions": ["1a", "1b", "1d"],
        "seed": 7,
        "isolation": isolation,
    }
    here = grade_class(GradeOptions(**options, out=tmp_path / "here", jobs=2))
    killed: list[int] = []
    seen: list[tuple[int, str]] = []
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {"TMPDIR": str(scratch)}
    with running_cluster(tmp_path, workers=2, environments={0: environment, 1: environment}) as cluster:

        def progress(progress: GradingProgress) -> None:
            seen.append((progress.done, progress.result.submission))
            if progress.result.submission != "torn.zip" and not killed:
                killed.append(kill_a_busy_worker(cluster.address))

        there = grade_class(GradeOptions(**options, out=tmp_path / "there", scheduler=cluster.address), progress)
        [left] = [worker for worker in cluster.workers if worker.pid not in killed]
        with Client(cluster.address) as client:
            assert list(client.run(heavy_modules).values()) == [[]]
        assert running(str(scratch)) == []  # the run has ended: no zygote is left

        resumed = grade_class(GradeOptions(**options, out=tmp_path / "there", scheduler=cluster.address))
        left.terminate()
        left.wait()
    assert len(killed) == 1
    assert seen == [(number, name) for number, (_, name) in enumerate(seen, 1)] and len(seen) == len(SUBMISSIONS) + 1
    torn = "torn.zip: not read: is a damaged or truncated zip archive; pack it and hand it in again"
    assert there.problems == here.problems == (torn,) and (there.new, resumed.new) == (len(SUBMISSIONS), 0)
    assert rows(tmp_path / "there") == rows(tmp_path / "here")
    assert exports(tmp_path / "there") == exports(tmp_path / "here")
    assert {result.submission: result.points for result in there.results}["anna"] == 13


@pytest.mark.slow
def test_a_run_on_a_cluster_that_is_stopped_resumes(
    klass: Path, tmp_path: Path, isolation: Isolation, capsys: pytest.CaptureFixture[str]
) -> None:
    """After Ctrl-C and after a kill: what is graded is kept, and the workers are free for the next run."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "graders.cli", "grade", "a4", klass, "--out", out, "--seed", "7"]
    command += ["--questions", "1a,1b", "--isolation", isolation]
    with running_cluster(tmp_path, workers=2) as cluster:
        command += ["--scheduler", cluster.address]
        before = 0
        for stop, status in (signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL):
            process = subprocess.Popen(
                command, env={**os.environ, "PYTHONPATH": str(course_root())}, stderr=subprocess.PIPE, text=True
            )
            assert process.stderr is not None
            for line in process.stderr:  # one for each submission
                if "torn.zip" not in line and "graded before" not in line:
                    break
            process.send_signal(stop)
            *_, last = ["", *process.stderr]
            assert process.wait() == status
            if stop is signal.SIGINT:
                assert last.startswith("trivium: interrupted; finished results are kept")
            before, earlier = len(rows(out)), before
            assert earlier < before < len(SUBMISSIONS)
        assert main(list(map(str, command[3:]))) == 1  # torn.zip was not read
    assert capsys.readouterr().err.count("(graded before)") == before
    assert len(rows(out)) == len(SUBMISSIONS)


def test_workers_with_another_version_of_the_course_are_refused(
    tmp_path: Path, isolation: Isolation, capsys: pytest.CaptureFixture[str]
) -> None:
    right = shutil.copytree(load_assignment("a4").solutions, tmp_path / "right")
    other = shutil.copytree(load_assignment("a4").solutions, tmp_path / "other" / "a4")
    with (other / "utils.py").open("a") as file:
        file.write("# changed\n")
    with running_cluster(tmp_path, 1, {0: {"TRIVIUM_SOLUTIONS": str(other.parent)}}) as cluster:
        arguments = ["grade", "a4", right, "--scheduler", cluster.address, "--isolation", isolation]
        assert main([*map(str, arguments), "--out", str(tmp_path / "out")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"trivium grade: --scheduler {cluster.address}: worker tcp://127.0.0.1:")
    assert line.endswith(
        ": it has another version of a4, of its reference or of the graders; "
        "bring all machines to the same version, and restart the workers"
    )


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("node1", "expected an address such as tcp://node1:8786"),
        ("tcp://127.0.0.1:1", "no Dask scheduler answers there: "),
    ],
)
def test_a_cluster_that_is_not_there_is_a_line(
    tmp_path: Path,
    isolation: Isolation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    address: str,
    message: str,
) -> None:
    monkeypatch.setattr("graders.engine.dask.CONNECT_SECONDS", 0.5)
    right = shutil.copytree(load_assignment("a4").solutions, tmp_path / "right")
    arguments = ["grade", "a4", str(right), "--scheduler", address, "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"trivium grade: --scheduler {address}: {message}")
