"""Questions 4j to 4n: the reference is what torch's own layers are, and judging is fair."""

from __future__ import annotations

import importlib.util
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_bugs
from graders.course.planted.process_run import ProcessRun, run_in_process
from sanity.a5.layer_costs import KINDS, right_reads
from sanity.core.assignment_package import load_checks
from sanity.core.judge import CachedRun, attempt
from sanity.core.recordings import fixed_cases, load, recording_path

COURSE = load_assignment("a5")
RECORDED = load(recording_path("a5"))
BUGS = {bug.id: bug.files for bug in load_bugs(COURSE)}


def solution() -> ModuleType:
    spec = importlib.util.spec_from_file_location("a5_transformer", COURSE.solutions / "transformer.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def running(files: dict[str, str]) -> Iterator[CachedRun]:
    with run_in_process(COURSE, files) as child:
        run: ProcessRun = child
        yield CachedRun(run)


def failing(question: str, run: CachedRun) -> set[str]:
    return {
        check.name
        for check in load_checks("a5")
        if check.question == question and check.weight
        if any(attempt(check, run, RECORDED.expect, case) for case in fixed_cases(check.cases))
    }


def copy_attention(ours: Any, theirs: Any) -> None:
    import torch

    parts = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
    theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    theirs.out_proj.load_state_dict(ours.out.state_dict())


def copy_layer(ours: Any, theirs: Any) -> None:
    """Give torch's encoder or decoder layer the weights of one of ours, with LayerNorms that are not ones."""
    import torch

    with torch.no_grad():
        for name, parameter in ours.named_parameters():
            if name.startswith("norm"):
                parameter.uniform_(0.5, 1.5)
        copy_attention(ours.attention, theirs.self_attn)
        if hasattr(ours, "cross_attention"):
            copy_attention(ours.cross_attention, theirs.multihead_attn)
        theirs.linear1.load_state_dict(ours.feed_forward.first.state_dict())
        theirs.linear2.load_state_dict(ours.feed_forward.second.state_dict())
        for name in ("norm1", "norm2", "norm3"):
            if hasattr(ours, name):
                getattr(theirs, name).load_state_dict(getattr(ours, name).state_dict())


@pytest.mark.slow
def test_attention_is_torchs() -> None:
    import torch

    ours, theirs = solution().MultiHeadAttention(12, 3).eval(), torch.nn.MultiheadAttention(12, 3, batch_first=True)
    x, read = torch.randn(2, 5, 12), torch.randn(2, 7, 12)
    padding = torch.arange(7) >= torch.tensor([[5], [7]])
    with torch.no_grad():
        copy_attention(ours, theirs)
        want, _ = theirs(x, read, read, key_padding_mask=padding)
    torch.testing.assert_close(ours(x, read, ~padding[:, None]), want)


@pytest.mark.slow
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_encoder_layer_is_torchs(norm_first: bool) -> None:
    import torch

    ours = solution().EncoderLayer(12, 3, 20, norm_first=norm_first).eval()
    theirs = torch.nn.TransformerEncoderLayer(12, 3, 20, batch_first=True, norm_first=norm_first)
    copy_layer(ours, theirs)
    x, padding = torch.randn(2, 5, 12), torch.arange(5) >= torch.tensor([[5], [3]])
    # In training mode, without dropout: in evaluation torch takes a faster way, which leaves zeros in the padding.
    for layer in theirs.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    theirs.self_attn.dropout = 0.0
    torch.testing.assert_close(ours(x, ~padding[:, None]), theirs(x, src_key_padding_mask=padding))


@pytest.mark.slow
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_decoder_layer_is_torchs(norm_first: bool) -> None:
    import torch

    ours = solution().DecoderLayer(12, 3, 20, norm_first=norm_first).eval()
    theirs = torch.nn.TransformerDecoderLayer(12, 3, 20, batch_first=True, norm_first=norm_first).eval()
    copy_layer(ours, theirs)
    y, memory, padding = torch.randn(2, 5, 12), torch.randn(2, 7, 12), torch.arange(7) >= torch.tensor([[4], [7]])
    later = torch.ones(5, 5, dtype=torch.bool).triu(1)
    want = theirs(y, memory, tgt_mask=later, memory_key_padding_mask=padding)
    torch.testing.assert_close(ours(y, memory, ~padding[:, None]), want)


@pytest.mark.slow
def test_gradients_of_the_reference_are_slopes() -> None:
    import torch

    module, options = solution(), {"dtype": torch.float64, "requires_grad": True}
    x, read = torch.randn(1, 3, 6, **options), torch.randn(1, 4, 6, **options)
    assert torch.autograd.gradcheck(module.MultiHeadAttention(6, 2, 0.0).double(), (x, read))
    for norm_first in (False, True):
        assert torch.autograd.gradcheck(module.EncoderLayer(6, 2, 5, 0.0, norm_first).double(), x)
        assert torch.autograd.gradcheck(module.DecoderLayer(6, 2, 5, 0.0, norm_first).double(), (x, read))


@pytest.mark.slow
def test_the_reference_reads_and_counts_as_theory_says() -> None:
    module = solution()
    for kind in KINDS:
        for depth in (0, 1, 2):
            assert np.array_equal(module.reads(kind, 19, 3, depth).numpy(), right_reads(kind, 19, 3, depth)), kind
    n, d, k = 257, 4, 3
    assert module.multiplications("recurrence", n, d, k) == (2 * n - 1) * d**2
    assert module.multiplications("convolution", n, d, k) == (k * n - 3) * d**2
    assert module.multiplications("self-attention", n, d, k) == n * (n + 1) * d
    want = {"recurrence": n - 1, "convolution": 128, "restricted self-attention": 128, "self-attention": 1}
    want["dilated convolution"] = math.ceil(math.log(n, k))
    assert {kind: module.path_length(kind, n, k) for kind in KINDS} == want
    assert module.growth([10, 20, 40], [3 * 10**1.5, 3 * 20**1.5, 3 * 40**1.5]) == pytest.approx(1.5)


@pytest.mark.parametrize("bug", ["heads-by-view", "feed-gelu", "heads-mask-inverted", "heads-unprojected"])
def test_a_wrong_sublayer_costs_only_its_own_question(bug: str) -> None:
    with running(BUGS[bug]) as run:
        assert failing("4k", run)
        assert failing("4l", run) == failing("4m", run) == set()


def test_a_wrong_table_of_positions_costs_no_embeddings() -> None:
    with running(BUGS["sinusoid-base"]) as run:
        assert failing("4j", run) == {"computes_sines_and_cosines"}


def test_what_is_read_wrongly_costs_no_counts() -> None:
    with running(BUGS["reads-one-too-many"]) as run:
        assert failing("4n", run) == {"reads_the_right_positions"}


def command(folder: Path, *arguments: str) -> Any:
    done = [sys.executable, "compare_layers.py", *arguments]
    return subprocess.run(done, cwd=folder, capture_output=True, text=True, env={"PATH": "", "OMP_NUM_THREADS": "1"})


@pytest.mark.slow
def test_the_table_is_printed(tmp_path: Path) -> None:
    folder = shutil.copytree(handout_folder("a5"), tmp_path / "a5")
    done = command(folder)
    assert (done.returncode, done.stderr) == (1, "compare_layers.py: 4n: not implemented yet\n")
    shutil.copy(COURSE.solutions / "transformer.py", folder)
    lines = command(folder, "--longest", "128", "--d", "8").stdout.splitlines()
    assert lines[0] == "n = 128, d = 8, width = 5; exponents from n = 16 on"
    assert [line[:26].strip() for line in lines[2:]] == list(KINDS)
    done = command(folder, "--longest", "3")
    assert (done.returncode, done.stderr) == (
        2,
        "compare_layers.py: --longest is at least 64, and --width at least 2\n",
    )
