"""Beam search: translations of many sentences at once.

Each sentence keeps up to beam_size unfinished translations, and all of them, of all sentences, are rows of one batch:
`step` is called once a word for the whole batch, where one sentence at a time would call it once a word for each.
A translation that ends in </s> is finished; it leaves the batch, and its sentence goes on with a beam that is narrower
by one. What comes out is what searching sentence by sentence gives.

How good a translation is, is not judged here: see nmt/scoring.py, which sees text alone. So whoever scores needs no
model, and a model that is graded never meets the references.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nmt.beams import at, begin, choose, counted, decoder, follow


class Hypothesis(NamedTuple):
    """A translation: its words, without <s> and </s>, and how likely the model finds it."""

    value: list[str]
    score: float
    """The log-probability of its words and of </s>, divided by (number of them) ** length_penalty."""


def translate(
    model: Any,
    texts: list[str],
    beam_size: int = 5,
    max_decoding_time_step: int = 70,
    length_penalty: float = 0.0,
    batch_size: int = 128,
    progress: Callable[[int], object] = lambda sentences: None,
) -> list[str]:
    """Translate lines of text, each with the best translation that `beam_search` finds.

    Args:
        model: an NMT.
        texts: the lines; an empty one has an empty translation.
        beam_size, max_decoding_time_step, length_penalty: as in `beam_search`.
        batch_size: how many sentences are searched at once; the longest go first, those of like length together.
        progress: is told after each batch how many sentences it had.

    Returns:
        The translations, in the order of texts.
    """
    sentences = [model.vocab.src.split(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: -len(sentences[i]))
    translations = [""] * len(texts)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        found = beam_search(
            model, [sentences[i] for i in batch], beam_size, max_decoding_time_step, length_penalty, best_only=True
        )
        for i, hypotheses in zip(batch, found, strict=True):
            translations[i] = model.vocab.tgt.join(hypotheses[0].value)
        progress(len(batch))
    return translations


def beam_search(
    model: Any,
    sentences: list[list[str]],
    beam_size: int = 5,
    max_decoding_time_step: int = 70,
    length_penalty: float = 0.0,
    best_only: bool = False,
) -> list[list[Hypothesis]]:
    """Find likely translations of sentences, in any order of length.

    Args:
        model: an NMT; of it are used encode, att_projection, step, target_vocab_projection, the target embeddings
            and the vocabulary. It is in evaluation mode meanwhile.
        sentences: the words of each source sentence.
        beam_size: how many translations of a sentence are pursued, and how many are found at most.
        max_decoding_time_step: the search ends when translations have this many words, </s> counted.
        length_penalty: how much longer translations are favoured: 0 not at all, 1 compares means over words.
        best_only: stop searching for a sentence when nothing can overtake its best translation; the others that
            would have been found are missing then.

    Returns:
        For each sentence at least one translation, the best first. If none ended in </s> in time, it is the best
        unfinished one. An empty sentence has the empty translation, with score 0.

    Raises:
        ValueError: a beam or a time of less than one, or a negative length_penalty.
    """
    if beam_size < 1 or max_decoding_time_step < 1 or length_penalty < 0:
        raise ValueError(
            "beam_size and max_decoding_time_step must be at least 1 and length_penalty at least 0, "
            f"got {beam_size}, {max_decoding_time_step} and {length_penalty}"
        )
    order = sorted((i for i, sentence in enumerate(sentences) if sentence), key=lambda i: -len(sentences[i]))
    found = [[Hypothesis([], 0.0)] for _ in sentences]
    if order:
        longest_first = [model.vocab.src.words2indices(sentences[i]) for i in order]
        with evaluating(model), torch.inference_mode():
            searched = search(model, longest_first, beam_size, max_decoding_time_step, length_penalty, best_only)
        for i, hypotheses in zip(order, searched, strict=True):
            found[i] = hypotheses
    return found


@contextlib.contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Switch dropout off in the block."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def search(
    model: Any, sentences: list[list[int]], beam_size: int, max_steps: int, length_penalty: float, best_only: bool
) -> list[list[Hypothesis]]:
    """Do what `beam_search` does, for the word indices of sentences that have words, longest first."""
    end = model.vocab.tgt["</s>"]
    found: list[list[Hypothesis]] = [[] for _ in sentences]

    def keep(sentence: Tensor, words: Tensor, scores: Tensor, length: int) -> None:
        scores = scores / length**length_penalty
        for s, indices, score in zip(sentence.tolist(), words.tolist(), scores.tolist(), strict=True):
            found[s].append(Hypothesis(model.vocab.tgt.indices2words(indices[1:]), score))

    source, beams = begin(model, sentences)
    reading = decoder(model, source, beams.memory)
    beams = beams._replace(memory=reading.start)
    room = torch.full_like(beams.sentence, beam_size)
    best = torch.full_like(beams.scores, float("-inf"))  # the score of each sentence's best finished translation
    for length in range(1, max_steps + 1):
        memory, scores = reading.step(beams)
        log_p = torch.log_softmax(scores, dim=-1, dtype=beams.scores.dtype)
        longer = choose(beams, log_p.add_(beams.scores.unsqueeze(1)), room)
        sentence = beams.sentence[longer.row]
        ends = longer.word == end
        done, goes_on = ends.nonzero().squeeze(1), ~ends
        keep(sentence[done], beams.words[longer.row[done]], longer.score[done], length)
        room = room - counted(sentence[done], room)
        if best_only:  # words only lower a score, and max_steps of them divide it by most
            best = highest(best, sentence[done], longer.score[done] / length**length_penalty)
            none = torch.full_like(best, float("-inf"))
            hopes = longer.score.where(goes_on, none[0]) / max_steps**length_penalty
            goes_on &= (highest(none, sentence, hopes) > best)[sentence]
        beams = follow(beams, memory, at(longer, goes_on.nonzero().squeeze(1)))
        if not len(beams.sentence):
            break
    for s, words, score in zip(beams.sentence.tolist(), beams.words, beams.scores, strict=True):
        if not found[s]:
            keep(torch.tensor([s]), words.unsqueeze(0), score.unsqueeze(0), max_steps)
    return [sorted(some, key=lambda h: -h.score) or [Hypothesis([], float("-inf"))] for some in found]


def highest(so_far: Tensor, sentence: Tensor, scores: Tensor) -> Tensor:
    """Return the highest score of each sentence so far, (sentences,); scores are those of rows."""
    return so_far.scatter_reduce(0, sentence, scores, "amax")
