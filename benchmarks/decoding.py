"""Translating: beam search of assignment 4, batched over sentences, against one sentence at a time.

Run from the repository's root: `python -m benchmarks.decoding`. A model is trained on the toy pair first, for some
seconds: how long a search goes on depends on when </s> comes. Times are of one thread. All ways must find the same
translations.

What is saved is what a step of the decoder costs however few rows it has. The larger the model, the more of the time
goes to products of matrices, which are two to three times faster for each of many rows than for each of five; FastNMT
has smaller ones, too, for what it needs to know of a word or a source sentence is computed once for all rows.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.measuring import Cost, Row, compare, folders_of, interleaved, table

SENTENCES, BATCH = 256, 128
BEAM, LONGEST = 5, 70
SIZES, UPDATES = (64, 256), 600
"""Embedding and hidden size (the toy recipe's and the course's), and for how many updates such a model is trained."""
TARGET = "≥ 6"


class Silent:
    """Keeps to itself how training goes (a tracker, as `Log` of nmt/tracking.py)."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def trained(size: int, updates: int) -> tuple[Any, list[str]]:
    """Return a model that knows the toy pair to some degree, and sentences that it hasn't seen."""
    from nmt.batches import indexed
    from nmt.datasets import toy_corpus
    from nmt.recipe import TOY, initialise, vocabulary
    from nmt.training import train
    from nmt_model import NMT
    from sanity.training.tracking import ValidationResult

    corpus = toy_corpus()
    vocab = vocabulary(corpus.train.source, corpus.train.target, TOY)
    recipe = replace(TOY, embed_size=size, hidden_size=size, max_updates=updates, valid_niter=updates + 1)
    torch.manual_seed(recipe.seed)
    model = NMT(size, size, vocab, recipe.dropout)
    initialise(model, recipe)
    pairs, validate = indexed(corpus.train, vocab), lambda model, progress: ValidationResult(0.0, {})
    with tempfile.TemporaryDirectory() as folder:
        train(model, pairs, recipe, validate, Silent(), Path(folder), torch.device("cpu"))
    return model.eval(), corpus.test.source[:SENTENCES]


@torch.inference_mode()
def one_by_one(model: Any, texts: Sequence[str]) -> list[str]:
    """Translate as the course does: sentence by sentence, all translations of it that are pursued in one step."""
    return [" ".join(search(model, text.split())) for text in texts]


def search(model: Any, sentence: list[str]) -> list[str]:
    """Return the best translation of a sentence."""
    hiddens, state = model.encode(model.vocab.src.to_input_tensor([sentence]), [len(sentence)])
    projected = model.att_projection(hiddens)
    o_prev = torch.zeros_like(state[0])
    live, scores = [["<s>"]], torch.zeros(1)
    finished: list[tuple[float, list[str]]] = []
    for _ in range(LONGEST):
        rows = len(live)
        last = torch.tensor([model.vocab.tgt[words[-1]] for words in live])
        Ybar_t = torch.cat((model.model_embeddings.target(last), o_prev), dim=1)
        state, o_t, _ = model.step(Ybar_t, state, hiddens.expand(rows, -1, -1), projected.expand(rows, -1, -1), None)
        log_p = torch.log_softmax(model.target_vocab_projection(o_t), dim=-1)
        best, places = (scores.unsqueeze(1) + log_p).flatten().topk(BEAM - len(finished))
        longer, kept, of = [], [], []
        for score, place in zip(best.tolist(), places.tolist(), strict=True):
            row, word = divmod(place, log_p.size(1))
            if word == model.vocab.tgt["</s>"]:
                finished.append((score, live[row][1:]))
            else:
                longer.append([*live[row], model.vocab.tgt.id2word[word]])
                kept.append(score)
                of.append(row)
        if len(finished) == BEAM:
            break
        live, scores = longer, torch.tensor(kept)
        state, o_prev = (state[0][of], state[1][of]), o_t[of]
    return max(finished, default=(0.0, live[0][1:]), key=lambda found: found[0])[1]


def batched(model: Any, texts: Sequence[str], size: int = BATCH) -> list[str]:
    """Translate as nmt/search.py does."""
    from nmt.search import translate

    return translate(model, texts, BEAM, LONGEST, batch_size=size)


def timed(translate: Callable[[], list[str]], sentences: int) -> Cost:
    """Return what one of the sentences takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    translate()
    return Cost((time.perf_counter() - wall) / sentences, (time.process_time() - cpu) / sentences)


def rows(repeats: int = 5) -> list[Row]:
    """Measure a sentence each way, with a small model and with a larger one."""
    sys.path.extend(folders_of("a4"))
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Using padding='same'")
    from fast_nmt import FastNMT

    measured: list[Row] = []
    for size in SIZES:
        model, texts = trained(size, UPDATES)
        fast = FastNMT(size, size, model.vocab).eval()
        fast.load_state_dict(model.state_dict())
        ways = (
            partial(one_by_one, model, texts),
            partial(batched, fast, texts),
            partial(batched, model, texts),
            partial(batched, model, texts, size=1),
        )
        first, *others = (way() for way in ways)
        assert all(other == first for other in others), "not the same translations"
        single, by_fast, batch, batch_of_one = interleaved(repeats, *(partial(timed, way, len(texts)) for way in ways))
        what = f"beam search, e = h = {size}: one sentence at a time ÷ batches of {BATCH}"
        measured += [
            compare(f"{what}, `FastNMT`", single, by_fast, TARGET, f"{speeds(single, by_fast)}, the same translations"),
            compare(f"{what}, the same model", single, batch, "", speeds(single, batch)),
            compare(f"beam search, e = h = {size}: batches of 1 ÷ of {BATCH}, the same model", batch_of_one, batch),
        ]
    return measured


def speeds(one: Sequence[Cost], other: Sequence[Cost]) -> str:
    """Say how many sentences each of two ways translates."""
    a_second = " / ".join(f"{1 / statistics.median(cost.cpu for cost in costs):,.0f}" for costs in (one, other))
    return f"{a_second} sentences a CPU-second"


if __name__ == "__main__":
    print(table(rows()))
