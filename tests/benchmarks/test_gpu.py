"""The measurement on a GPU: what can be tried of it without one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from graders.course.assignment import course_root


def gpu(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", *options],
        cwd=course_root(),
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_gpu_it_says_so_in_one_line() -> None:
    ran = gpu(CUDA_VISIBLE_DEVICES="")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"benchmarks.gpu: PyTorch {torch.__version__} finds no GPU here; run it on a machine with one, "
        "or try the script with --device cpu --tiny\n"
    )


def test_a_corpus_that_there_is_not_is_one_line() -> None:
    ran = gpu("--device", "cpu", "--tiny", "--data", "nowhere")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("benchmarks.gpu: nowhere: no such corpus")
    assert ran.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_script_runs_end_to_end(tmp_path: Path) -> None:
    ran = gpu("--device", "cpu", "--tiny", "--minutes", "0.05", "--out", str(tmp_path / "table.md"))
    assert (ran.returncode, ran.stderr) == (0, "")
    table = (tmp_path / "table.md").read_text()
    assert ran.stdout.endswith(f"{table}\n")
    for line in (
        r"\| peak in products of bf16 matrices \| .* TFLOP/s \|",
        r"\| training, e 16, h 12, as it is, 32 bits \| .* words/s, .*% of the peak \|",
        r"\| training, e 16, h 12, recorded, bf16 \| .* words/s, .*% of the peak \|",
        r"\| losses of 5 updates: recorded 32 bits and 32 bits as it is differ by \| 0\.00% at most \|",
        r"\| losses of 5 updates: recorded bf16 and 32 bits as it is differ by \| 0\.00% at most \|",
        r"\| toy: time to BLEU 33 on test, e 32, h 32, batches of 32 \| (not reached|\d+ s) \|",
        r"\| toy: BLEU on test of the model best on dev, within 0\.05 minutes \| .* updates; .* \|",
        r"\| translating 20 sentences of test, beam 5, batches of 256 \| .* sentences/s \|",
        r".*Python .*, torch .*, CUDA .*",
    ):
        assert re.search(line, table), f"{line} is not in\n{table}"
