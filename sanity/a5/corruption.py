"""Question 4i: span corruption. No example is compared with the reference's: each draws its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("4i")

MASK, PAD = "\u2047", "\u25a1"
LEAST = 4
"""Characters that are always left of a document."""
SHARES = (0.15, 0.35)
"""Between which the part taken out must be on average; of a right one it is 1/4, give or take 0.02 in DRAWS draws."""
DRAWS = 160
LETTERS = "abcdefghijklmnopqrstuvwxyz ,."
FIRST = 40
"""Numbers travel as text, one character a number, from this one on: far smaller than arrays of them."""


def make_documents(*, seed: int, block: int, documents: int, least: int, most: int, draws: int) -> dict[str, Any]:
    """Make random documents, and a list of those to ask for."""
    rng = np.random.default_rng(seed)

    def document() -> str:
        return "".join(rng.choice(list(LETTERS), int(rng.integers(least, most + 1))))

    lines = [document() for _ in range(documents)]
    return {"seed": seed, "text": "\n".join(lines), "block": block, "asked": [i % documents for i in range(draws)]}


WORDS = "{documents} documents of {least} to {most} characters, block_size = {block}, {draws} examples"
LONG = Cases(
    make_documents,
    {"block": (32, 36), "documents": (2, 3), "least": (70, 70), "most": (90, 90), "draws": (DRAWS, DRAWS)},
    WORDS,
    drawn=2,
)
"""Documents longer than a block, and so many examples that chance evens out."""
MIXED = Cases(
    make_documents,
    {"block": (50, 60), "documents": (5, 6), "least": (38, 38), "most": (75, 75), "draws": (18, 18)},
    WORDS,
    drawn=2,
)
"""Documents shorter and longer than a block."""


@probe("inputs, outputs, types, numbers", of="CharCorruptionDataset.__getitem__()", needs=("torch",))
def corrupted(code: Any, case: Case) -> Any:
    """Ask a dataset of the case's documents for examples.

    Return inputs and outputs as texts, see FIRST; the names of their types; and the number of each character.
    """
    import random

    import torch

    random.seed(case.seed)
    np.random.seed(case.seed % 2**32)
    torch.default_generator.manual_seed(case.seed)
    dataset = code.dataset.CharCorruptionDataset(case.text, case.block)

    def spelt(numbers: Any) -> str:
        return "".join(
            chr(FIRST + int(n)) if 0 <= n < 200 else "!" for n in torch.as_tensor(numbers).flatten().tolist()
        )

    examples = [dataset[i] for i in case.asked]
    parts = [part for example in examples for part in example]
    types = sorted({str(getattr(part, "dtype", type(part).__name__)).removeprefix("torch.") for part in parts})
    inputs, outputs = ([spelt(example[side]) for example in examples] for side in (0, 1))
    return inputs, outputs, types, {str(char): int(n) for char, n in dataset.stoi.items()}


@dataclass(frozen=True)
class Example:
    """What one example is made of."""

    document: str
    prefix: str
    suffix: str
    middle: str

    @property
    def length(self) -> int:
        """How many characters the document was cut to."""
        return len(self.prefix + self.suffix + self.middle)


def texts(run: Run, case: Case) -> list[tuple[str, str, str]]:
    """Return the document, the input and the output of each example, as text; "\\0" for numbers of no character."""
    answers = run(corrupted, case)
    numbers, lines = answers["numbers"], case.text.split("\n")
    if not isinstance(numbers, dict) or not all(isinstance(n, int) for n in numbers.values()):
        raise CheckFailed("stoi does not map characters to numbers")
    spelling = {chr(FIRST + n): character for character, n in numbers.items() if 0 <= n < 200}

    def read(side: str) -> list[str]:
        return ["".join(spelling.get(c, "\0") for c in str(text)) for text in answers[side]]

    inputs, outputs = read("inputs"), read("outputs")
    return [(lines[i], x, y) for i, x, y in zip(case.asked, inputs, outputs, strict=True)]


def examples(run: Run, case: Case) -> Iterator[Example]:
    """Yield the parts of each example; raise CheckFailed if one is not made of them."""
    for document, x, y in texts(run, case):
        if y[1:] == x[:-1]:  # exchanged: another check says so
            x, y = y, x
        yield taken_apart(document, x + y[-1:] if x[1:] == y[:-1] else x)


def taken_apart(document: str, text: str) -> Example:
    """Return the parts of the text of an example; raise CheckFailed, with the diagnosis, if it has others."""
    text = text.rstrip(PAD)
    if PAD in text:
        front = "padding stands before the text: it should stand after it"
        inside = "padding stands inside the text: it should stand at its end"
        raise CheckFailed("padding is not at the end", diagnosis=front if text.startswith(PAD) else inside)
    masks = text.count(MASK)
    if not masks:
        raise CheckFailed("an example has no mask")
    if masks == 1:
        diagnosis = "the second mask is missing, or the part after it"
        raise CheckFailed("an example has one mask, expected two", diagnosis=diagnosis)
    if masks == 3 and text.endswith(MASK):  # some years' text has a third one after the middle
        text = text[:-1]
    prefix, suffix, middle = text.split(MASK, 2)
    if MASK in middle:
        raise CheckFailed("an example has too many masks", diagnosis=_why_so_many(document, text))
    example = Example(document, prefix, suffix, middle)
    if document.startswith(prefix + middle + suffix):
        return example
    diagnosis = ""
    if document.startswith(prefix + suffix + middle):
        diagnosis = "the middle stands between the masks and the suffix after them: it is the other way round"
    elif document.startswith(prefix + suffix):
        diagnosis = "the part after the second mask is not the one that was taken out"
        if middle and middle in prefix + suffix:
            diagnosis = "the part taken out is not removed from where it was"
    raise CheckFailed("prefix, middle and suffix do not make up the beginning of the document", diagnosis=diagnosis)


def _why_so_many(document: str, text: str) -> str:
    """Return the diagnosis of a text with more than two masks."""
    if text.endswith(2 * MASK):
        return "examples are filled up with masks: padding has a character of its own"
    parts = re.sub(f"{MASK}+", MASK, text).split(MASK)
    if len(parts) == 3 and document.startswith(parts[0] + parts[2] + parts[1]):
        return "several masks stand in a row: one should stand for all that is taken out"
    return "a mask stands inside the part that was taken out"


@check(MIXED, weight=4, outputs=("inputs", "outputs"))
def the_output_is_the_input_moved_by_one(run: Run, expect: Run, case: Case) -> None:
    """All inputs and outputs have block_size - 1 characters, or all block_size, and the output is a step ahead."""
    pairs = texts(run, case)
    lengths = {len(text) for _, *both in pairs for text in both}
    if len(lengths) > 1:
        full = any(PAD in x for _, x, _ in pairs) or max(lengths) > case.block
        diagnosis = "" if full else "examples are not filled up with padding"
        raise CheckFailed("inputs and outputs are not all equally long", diagnosis=diagnosis)
    usual = len(expect(corrupted, case)["inputs"][0])
    if not lengths <= {usual, usual + 1}:
        raise CheckFailed("inputs and outputs do not have block_size - 1 characters")
    if any(x[1:] != y[:-1] for _, x, y in pairs):
        diagnosis = ""
        if all(x == y for _, x, y in pairs):
            diagnosis = "the output is the input: it should be one character ahead"
        elif all(y[1:] == x[:-1] for _, x, y in pairs):
            diagnosis = "input and output are exchanged: the output should be one character ahead"
        raise CheckFailed("the output is not the input moved by one", diagnosis=diagnosis)
    if any("\0" in x + y for _, x, y in pairs):
        raise CheckFailed("an example has numbers that stand for no character")


@check(MIXED, weight=4)
def examples_are_made_of_a_document(run: Run, case: Case) -> None:
    """An example is prefix, mask, suffix, mask, middle and padding; prefix, middle and suffix begin its document."""
    for _ in examples(run, case):
        pass


@check(MIXED)
def examples_are_whole_numbers(run: Run, expect: Run, case: Case) -> None:
    """Inputs and outputs are tensors of int64, as `nn.Embedding` and the loss need."""
    if run(corrupted, case)["types"] != expect(corrupted, case)["types"]:
        raise CheckFailed("inputs or outputs are not tensors of int64", hint="torch.tensor(…, dtype=torch.long)")


@check(MIXED)
def padding_is_zero_and_the_mask_one(run: Run, expect: Run, case: Case) -> None:
    """Padding has the number 0 and the mask 1."""
    numbers, right = run(corrupted, case)["numbers"], expect(corrupted, case)["numbers"]
    if not isinstance(numbers, dict) or any(numbers.get(character) != right[character] for character in (PAD, MASK)):
        raise CheckFailed("padding is not number 0, or the mask not number 1")


@check(LONG, weight=3)
def cuts_documents_to_any_length(run: Run, case: Case) -> None:
    """Documents are cut to lengths from 4 to 7/8 of block_size, all of which occur."""
    most = int(case.block * 7 / 8)
    lengths = [example.length for example in examples(run, case)]
    if len(set(lengths)) == 1:
        raise CheckFailed("documents are always cut to one length")
    if max(lengths) > most:
        raise CheckFailed("a document is cut to more than 7/8 of block_size, or not at all")
    if min(lengths) < LEAST:
        raise CheckFailed("a document is cut to less than 4 characters")
    # Of a right one that draws all alike each range has 1/8 of the lengths, even if it leaves the longest out: then
    # a range is left out by chance once in 10^9. The last is that of the 4 longest.
    edges = [*np.linspace(LEAST, most - 3, 5)[:-1], most - 3, most + 1]
    if not np.histogram(lengths, edges)[0].all():
        raise CheckFailed("some of the lengths to which documents may be cut do not occur")


@check(LONG, weight=3)
def takes_out_a_quarter_on_average(run: Run, case: Case) -> None:
    """On average a quarter of what is left of a document is taken out."""
    found = list(examples(run, case))
    share = sum(len(example.middle) for example in found) / sum(example.length for example in found)
    if not SHARES[0] <= share <= SHARES[1]:
        more = "more" if share > SHARES[1] else "less"
        raise CheckFailed(f"far {more} than a quarter of what is left of a document is taken out")


@check(LONG, weight=2)
def takes_out_parts_of_any_length(run: Run, case: Case) -> None:
    """Documents that are cut to one length lose parts of different lengths."""
    by_length = defaultdict(set)
    for example in examples(run, case):
        by_length[example.length].add(len(example.middle))
    if all(len(taken) == 1 for length, taken in by_length.items()):
        raise CheckFailed("of one length always equally much is taken out: how much should be random")


@check(LONG, weight=2)
def takes_out_parts_at_any_place(run: Run, case: Case) -> None:
    """What is taken out stands at different places."""
    found = [(len(example.prefix), len(example.suffix)) for example in examples(run, case) if example.length > 8]
    if not found:  # another check says that all are short
        return
    if len(set(found)) <= len(set(case.asked)):
        diagnosis = "a document gives the same example each time: it should be drawn anew"
        raise CheckFailed("of each document always the same part is taken out", diagnosis=diagnosis)
    if np.mean([abs(before - after) <= 1 for before, after in found]) > 0.9:
        diagnosis = "always exactly the middle is taken out: its place should be random"
        raise CheckFailed("as much is left before what is taken out as after it", diagnosis=diagnosis)
    places = np.array([before / (before + after) for before, after in found if before + after])
    if places.std() < 0.1:  # 0.29 if all places are alike, with a standard error of 0.02
        often = {"beginning": places.max() < 0.1, "end": places.min() > 0.9}
        fits = [
            f"always the {what} of a document is taken out: its place should be random" for what in often if often[what]
        ]
        raise CheckFailed("what is taken out stands always at about the same place", diagnosis="".join(fits))
