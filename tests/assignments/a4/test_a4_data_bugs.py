"""Planted bugs on the way from text to batches: each breaks the property that it is listed under.

All of them train a model without an error. They show, if at all, as a BLEU that is a little too low or too good.
"""

from __future__ import annotations

import importlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from sanity.core.submission_modules import SubmissionModules

Import = Callable[[str], ModuleType]

PADS = (0, 3)
PAIRS = [([10 + i] * (1 + i % 7), [1, *[10 + i] * (1 + i * i % 5), 2]) for i in range(50)]


def each_pair_comes_once_with_its_own_translation(load: Import, folder: Path) -> None:
    seen = Counter(
        (source[0], target[1])
        for batch in load("nmt.batches").batch_iter(PAIRS, 8, PADS, seed=0, epoch=1)
        for source, target in zip(batch.source.t().tolist(), batch.target.t().tolist(), strict=True)
    )
    assert seen == Counter((source[0], target[1]) for source, target in PAIRS)


def predicted_words_are_counted(load: Import, folder: Path) -> None:
    batch = load("nmt.batches").make_batch(PAIRS, PADS)
    assert batch.words == sum(len(target) - 1 for _, target in PAIRS)


def padding_is_that_of_the_language(load: Import, folder: Path) -> None:
    batch = load("nmt.batches").make_batch(PAIRS, PADS)
    longest = max(len(source) for source, _ in PAIRS), max(len(target) for _, target in PAIRS)
    assert (batch.source == PADS[0]).sum() == sum(longest[0] - len(source) for source, _ in PAIRS)
    assert (batch.target == PADS[1]).sum() == sum(longest[1] - len(target) for _, target in PAIRS)


def the_order_depends_on_seed_and_epoch(load: Import, folder: Path) -> None:
    def order(seed: int, epoch: int) -> list[list[list[int]]]:
        made = load("nmt.batches").batch_iter(PAIRS, 8, PADS, seed, epoch)
        return [batch.source.tolist() for batch in made]

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2) and order(0, 1) != order(1, 1)


def batches_hold_little_padding(load: Import, folder: Path) -> None:
    made = list(load("nmt.batches").batch_iter(PAIRS, 5, PADS, seed=0, epoch=1))
    assert sum(batch.target.numel() for batch in made) <= 1.1 * sum(len(target) for _, target in PAIRS)


def translations_go_from_start_to_end(load: Import, folder: Path) -> None:
    vocab = load("vocab").Vocab.from_texts(["a a"], ["b b"])
    texts = load("nmt.corpus").Texts(["a a", "a"], ["b b", "b </s> b"])
    assert load("nmt.batches").indexed(texts, vocab) == [([4, 4], [1, 4, 4, 2]), ([4], [1, 4, 3, 4, 2])]


def left_out_pairs_are_reported(load: Import, folder: Path) -> None:
    warnings: list[str] = []
    vocab = load("vocab").Vocab.from_texts(["a a"], ["b b"])
    texts = load("nmt.corpus").Texts(["a a a", "a"], ["b", "b"])
    assert len(load("nmt.batches").indexed(texts, vocab, max_words=2, warn=warnings.append)) == 1
    assert warnings


def words_stay_as_they_are(load: Import, folder: Path) -> None:
    entry = load("vocab").VocabEntry()
    assert entry.join(entry.split("Der Hund bellt : Wau , wau !")) == "Der Hund bellt : Wau , wau !"


def frequent_words_are_kept(load: Import, folder: Path) -> None:
    made = load("vocab").Vocab.from_texts(["b b b a a"], ["d d c"], size=1)
    assert "b" in made.src and "a" not in made.src and "d" in made.tgt


def lines_stay_side_by_side(load: Import, folder: Path) -> None:
    (folder / "a.src").write_text("one\u2028and a half\ntwo\n", encoding="utf-8")
    (folder / "a.tgt").write_text("un\ndeux\n", encoding="utf-8")
    assert load("nmt.corpus").read_texts(folder / "a.src", folder / "a.tgt").source == ["one\u2028and a half", "two"]


def sentences_of_test_are_not_known_from_training(load: Import, folder: Path) -> None:
    lines = [
        line
        for i in range(900)
        for line in (f"He is {i}.\til a {i} ans\n", f"he is {i}\tIl est {i}.\n", f"It is {i}.\til est {i % 500}\n")
    ]
    (folder / "fra.txt").write_text("".join(lines), encoding="utf-8")
    corpus = load("nmt.datasets").read_pairs(folder / "fra.txt")
    for side in ("source", "target"):
        known = {sentence.strip(".").lower() for sentence in getattr(corpus.train, side)}
        assert not known & {sentence.strip(".").lower() for sentence in getattr(corpus.test, side)}


class Bug(NamedTuple):
    """A mistake: `right`, found once in the file, becomes `wrong`."""

    name: str
    file: str
    right: str
    wrong: str
    breaks: Callable[[Import, Path], None]


BATCHES, DATASETS, CORPUS, VOCAB = "nmt/batches.py", "nmt/datasets.py", "nmt/corpus.py", "vocab.py"

BUGS = [
    Bug(
        "the sources are sorted, their translations are not",
        BATCHES,
        "    pairs = sorted(pairs, key=lambda pair: -len(pair[0]))\n"
        "    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]\n",
        "    targets = [target for _, target in pairs]\n"
        "    sources = sorted((source for source, _ in pairs), key=len, reverse=True)\n",
        each_pair_comes_once_with_its_own_translation,
    ),
    Bug(
        "the last batch is dropped if it is not full",
        BATCHES,
        "range(0, len(pool), batch_size)",
        "range(0, len(pool) - batch_size + 1, batch_size)",
        each_pair_comes_once_with_its_own_translation,
    ),
    Bug(
        "sentences are drawn with replacement",
        BATCHES,
        "random.permutation(len(pairs))",
        "random.integers(len(pairs), size=len(pairs))",
        each_pair_comes_once_with_its_own_translation,
    ),
    Bug(
        "<s> counts as a predicted word",
        BATCHES,
        "sum(len(target) - 1 for target in targets)",
        "sum(len(target) for target in targets)",
        predicted_words_are_counted,
    ),
    Bug(
        "padding counts as predicted words",
        BATCHES,
        "sum(len(target) - 1 for target in targets)",
        "len(targets) * (max(map(len, targets)) - 1)",
        predicted_words_are_counted,
    ),
    Bug(
        "the target is padded with the source's <pad>",
        BATCHES,
        "_padded(targets, pads[1])",
        "_padded(targets, pads[0])",
        padding_is_that_of_the_language,
    ),
    Bug(
        "every epoch has the same order",
        BATCHES,
        "default_rng([seed, epoch])",
        "default_rng(seed)",
        the_order_depends_on_seed_and_epoch,
    ),
    Bug(
        "a resumed run sees another order",
        BATCHES,
        "default_rng([seed, epoch])",
        "default_rng()",
        the_order_depends_on_seed_and_epoch,
    ),
    Bug(
        "sentences are not sorted by length",
        BATCHES,
        "[pool[np.lexsort((lengths[1, pool], lengths[0, pool]))] for pool in pools]",
        "pools",
        batches_hold_little_padding,
    ),
    Bug(
        "a translation has no end",
        BATCHES,
        "[start, *target_ids, end]",
        "[start, *target_ids]",
        translations_go_from_start_to_end,
    ),
    Bug(
        "</s> in the text ends a translation in its middle",
        VOCAB,
        'return ["<unk>" if word in SPECIAL_TOKENS else word for word in text.split()]',
        "return text.split()",
        translations_go_from_start_to_end,
    ),
    Bug(
        "long sentences vanish without a word",
        BATCHES,
        "    if left_out:\n",
        "    if not texts:\n",
        left_out_pairs_are_reported,
    ),
    Bug(
        "all is made lower case",
        VOCAB,
        "for word in text.split()]",
        "for word in text.lower().split()]",
        words_stay_as_they_are,
    ),
    Bug(
        "the vocabulary keeps the rarest words",
        VOCAB,
        "key=lambda word: (-counts[word], word)",
        "key=lambda word: (counts[word], word)",
        frequent_words_are_kept,
    ),
    Bug(
        "a character within a sentence ends a line",
        CORPUS,
        'text.removesuffix("\\n").split("\\n")',
        "text.splitlines()",
        lines_stay_side_by_side,
    ),
    Bug(
        "the split is by line",
        DATASETS,
        "parts[_part_of(target)]",
        "parts[_part_of(line)]",
        sentences_of_test_are_not_known_from_training,
    ),
    Bug(
        "the split takes sentences that differ by a comma for different ones",
        DATASETS,
        "hashlib.sha256(_letters(sentence).encode())",
        "hashlib.sha256(sentence.encode())",
        sentences_of_test_are_not_known_from_training,
    ),
    Bug(
        "sources of test stand in train, with another translation",
        DATASETS,
        "        known |= {_letters(source) for source, _ in parts[part]}\n",
        "",
        sentences_of_test_are_not_known_from_training,
    ),
]

PROPERTIES = {bug.breaks.__name__: bug.breaks for bug in BUGS}


@contextmanager
def handout(a4_folder: Path, folder: Path, bug: Bug | None = None) -> Iterator[Import]:
    """Give an import from a copy of the handout, with a bug in it if one is named."""
    copied = folder / "handout"
    shutil.copytree(a4_folder, copied)
    if bug:
        text = (copied / bug.file).read_text(encoding="utf-8")
        assert text.count(bug.right) == 1, f"{bug.file} has no longer one {bug.right!r}"
        (copied / bug.file).write_text(text.replace(bug.right, bug.wrong), encoding="utf-8")
    code = SubmissionModules(
        copied.resolve(), [(path.relative_to(copied).as_posix(),) for path in copied.rglob("*.py")]
    )
    try:
        yield importlib.import_module
    finally:
        code.forget()


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_handout_has_the_property(name: str, a4_folder: Path, tmp_path: Path) -> None:
    with handout(a4_folder, tmp_path) as load:
        PROPERTIES[name](load, tmp_path)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_bug_breaks_it(bug: Bug, a4_folder: Path, tmp_path: Path) -> None:
    with handout(a4_folder, tmp_path, bug) as load, pytest.raises((AssertionError, ValueError)):
        bug.breaks(load, tmp_path)
