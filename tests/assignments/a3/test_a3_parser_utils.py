"""Assignment 3's utils: features of a minibatch, the oracle's instances, parsing, and reading a treebank."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from sanity.a3.trees import draw_heads

pytestmark = pytest.mark.slow  # torch is imported

CONLLU = """\
# text = Rain's here
1-2\tRain's\t_\t_\t_\t_\t_\t_\t_\t_
1\tRain\train\tNOUN\t_\t_\t3\tnsubj\t_\t_
2\t's\tbe\tAUX\t_\t_\t3\tcop\t_\t_
2.1\tnow\tnow\tADV\t_\t_\t_\t_\t_\t_
3\there\there\tADV\t_\t_\t0\troot\t_\t_

"""


@pytest.fixture(scope="module")
def utils(a3: Callable[[str], ModuleType]) -> Any:
    return a3("utils.parser_utils")


def examples(count: int, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    made = []
    for n in rng.integers(1, 12, count):
        words = [f"w{i}" for i in rng.integers(6, size=n)]
        heads = draw_heads(int(n), rng)
        made.append({"word": ["<ROOT>", *words], "pos": ["<ROOT>", *(w[-1] for w in words)], "head": [-1, *heads]})
    return made


def states_of(utils: Any, parser: Any, sentences: list[dict[str, Any]]) -> list[Any]:
    """Return a state of each sentence, after as many steps as its place in the list."""
    states = []
    for steps, example in enumerate(sentences):
        stack, buffer, arcs = [0], list(range(1, len(example["word"]))), []
        for _ in range(min(steps, 2 * len(buffer))):
            label = parser.get_oracle(stack, buffer, example)
            if label == 2:
                stack.append(buffer.pop(0))
            else:
                dependent = stack.pop(-2 if label == 0 else -1)
                arcs.append((stack[-1], dependent))
        states.append((stack, buffer, arcs, example))
    return states


def test_the_features_of_one_parse_are_those_of_the_instances(utils: Any) -> None:
    parser = utils.Parser(examples(30, 1))
    dataset = parser.vectorize(examples(40, 2))
    for steps, (stack, buffer, arcs, example) in enumerate(states_of(utils, parser, dataset)):
        instances = parser.create_instances([example])
        if steps < len(instances):
            features, legal, label = instances[steps]
            assert parser.extract_features(stack, buffer, arcs, example) == features
            assert (parser.legal_labels(stack, buffer), parser.get_oracle(stack, buffer, example)) == (legal, label)


def test_the_right_classes_parse_to_the_right_trees(utils: Any) -> None:
    import torch

    sentences = examples(50, 3)
    parser = utils.Parser(sentences)
    dataset = parser.vectorize(sentences)

    class Oracle:
        """Knows the trees: the features are looked up among the instances, one sentence at a time."""

        def __init__(self, example: dict[str, Any]) -> None:
            self.labels = iter([label for _, _, label in parser.create_instances([example])])

        def __call__(self, words: Any) -> Any:
            return torch.eye(3)[[next(self.labels) for _ in words]]

    for example in dataset:
        parser.model = Oracle(example)
        assert parser.parse([example])[0] == 1.0
    assert len(parser.create_instances(dataset)) == sum(2 * (len(example["word"]) - 1) for example in dataset)


def test_a_tree_whose_arcs_cross_is_left_out_of_training_and_parsed(utils: Any, folder: Path) -> None:
    from parser_model import ParserModel

    crossing = {"word": ["<ROOT>", *"abcd"], "pos": ["<ROOT>", *"abcd"], "head": [-1, 0, 4, 1, 1]}
    parser = utils.Parser([crossing, crossing])
    dataset = parser.vectorize([crossing])
    assert parser.create_instances(dataset) == []
    parser.model = ParserModel(np.zeros((parser.n_tokens, 5), np.float32)).eval()
    score, [arcs] = parser.parse(dataset)
    assert len(arcs) == 4 and 0 <= score < 1


def test_a_treebank_is_read_and_learnt_from(utils: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("train", "dev", "test"):
        (tmp_path / "data" / f"{name}.conllu").write_text(2 * CONLLU)
    parser, embeddings, train, dev, test = utils.load_and_preprocess_data(reduced=False)
    assert embeddings.shape == (parser.n_tokens, 50) and embeddings.dtype == np.float32
    assert len(train) == 12 and len(dev) == len(test) == 2
    assert dev[0]["head"] == [-1, 3, 3, 0]
    batches = list(utils.minibatches(train, 5))
    assert [x.shape for x, _ in batches] == [(5, 36), (5, 36), (2, 36)]
    assert all(y.shape == (len(x), 3) and (y.sum(axis=1) == 1).all() for x, y in batches)
    (tmp_path / "data" / "dev.conllu").unlink()
    with pytest.raises(SystemExit) as raised:
        utils.load_and_preprocess_data()
    assert str(raised.value).startswith(f"data{'/'}dev.conllu: not found; put a treebank's files there")


def test_without_a_folder_the_treebank_is_the_toy_one(utils: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, train, dev, test = utils.load_and_preprocess_data()
    assert (len(dev), len(test)) == (300, 500) and len(train) > 10_000
    assert capsys.readouterr().err == "data: no such folder; the toy treebank is used\n"


RUN = """
import torch
from torch import nn, optim

from parser_model import ParserModel
from utils.parser_utils import AverageMeter, dev, load_and_preprocess_data, minibatches


def train(parser, train_data, dev_data, output_path, batch_size=1024, n_epochs=10, lr=0.0005):
    optimizer, loss_func = optim.Adam(parser.model.parameters(), lr=lr), nn.CrossEntropyLoss()
    return [train_for_epoch(parser, train_data, dev_data, optimizer, loss_func, batch_size) for _ in range(n_epochs)]


def train_for_epoch(parser, train_data, dev_data, optimizer, loss_func, batch_size):
    parser.model.train()
    loss_meter = AverageMeter()
    for train_x, train_y in minibatches(train_data, batch_size):
        optimizer.zero_grad()
        target = torch.from_numpy(train_y.nonzero()[1]).to(dev)
        loss = loss_func(parser.model(torch.from_numpy(train_x).long().to(dev)), target)
        loss.backward()
        optimizer.step()
        loss_meter.update(loss.item())
    parser.model.eval()
    dev_UAS, _ = parser.parse(dev_data)
    print(f"- dev UAS: {dev_UAS * 100.0:.2f}")
    return dev_UAS, loss_meter.avg


parser, embeddings, train_data, dev_data, test_data = load_and_preprocess_data(reduced=True)
parser.model = ParserModel(embeddings).to(dev)
scores = train(parser, train_data, dev_data, "weights", batch_size=64, n_epochs=30, lr=0.01)
print(f"- test UAS: {parser.parse(test_data)[0] * 100.0:.2f}")
"""


def attached_to_the_next(n: int) -> str:
    """Spell a sentence in which each word depends on the next, and the last on ROOT."""
    rows = [f"{i}\tw{i % 3}\t_\tX\t_\t_\t{(i + 1) % (n + 1)}\tdep\t_\t_" for i in range(1, n + 1)]
    return "\n".join([*rows, "", ""])


def test_a_run_of_the_course_trains(folder: Path, tmp_path: Path) -> None:
    course = shutil.copytree(folder, tmp_path / "a3", ignore=shutil.ignore_patterns("data", "__pycache__"))
    (course / "run.py").write_text(RUN)
    (course / "data").mkdir()
    for name in ("train", "dev", "test"):
        (course / "data" / f"{name}.conllu").write_text("".join(map(attached_to_the_next, range(2, 9))))
    done = subprocess.run([sys.executable, "run.py"], cwd=course, capture_output=True, text=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 31 and all(line.startswith("- dev UAS: ") for line in lines[:30])
    assert lines[-1] == "- test UAS: 100.00"


def test_a_mean_runs(utils: Any) -> None:
    meter = utils.AverageMeter()
    meter.update(2.0, n=3)
    meter.update(6.0)
    assert (meter.avg, meter.count, meter.val) == (3.0, 4, 6.0)


def test_general_minibatches(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from utils.general_utils import get_minibatches, test_all_close

    x, y = np.arange(7), list("abcdefg")
    pairs = list(get_minibatches([x, y], 3))
    found = [(int(number), letter) for a, b in pairs for number, letter in zip(a, b, strict=True)]
    assert sorted(found) == list(zip(x.tolist(), y, strict=True)) and [len(a) for a, _ in pairs] == [3, 3, 1]
    assert [list(some) for some in get_minibatches(x, 4, shuffle=False)] == [[0, 1, 2, 3], [4, 5, 6]]
    test_all_close("sum", np.ones(2), np.ones(2))
    assert capsys.readouterr().out == "sum passed!\n"
