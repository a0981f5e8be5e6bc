"""Beam search: translations of many sentences at once.

Each sentence has up to beam_size unfinished translations, and those of all sentences are the rows of one batch: `step`
is called once per word for the whole batch, instead of once per word for each sentence. A translation that ends in
</s> is finished; it leaves the batch, and the beam of its sentence becomes narrower by one. The result is that of
searching sentence by sentence.

Translations are scored elsewhere: nmt/scoring.py reads text only. So the grader scores without a model, and a graded
model never sees the references.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nmt.beams import advance, beam_decoder, begin, rows_per_sentence, select_best, take_rows


class Hypothesis(NamedTuple):
    """A translation, and its score under the model."""

    value: list[str]
    """Its words, without <s> and </s>."""
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
    """Translate lines of text, each to the best translation that `beam_search` finds.

    Args:
        model: an NMT.
        texts: the lines; the translation of an empty line is empty.
        beam_size, max_decoding_time_step, length_penalty: as in `beam_search`.
        batch_size: sentences searched at once, longest first, so that a batch has sentences of similar length.
        progress: called after each batch with its number of sentences.

    Returns:
        The translations, in the order of texts.

    Raises:
        ValueError: as in `beam_search`.
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
        model: an NMT; used are encode, att_projection, step, target_vocab_projection, the target embeddings and the
            vocabulary. It is in evaluation mode during the search.
        sentences: the words of each source sentence.
        beam_size: the number of translations pursued at a time, and the most that are returned, for each sentence.
        max_decoding_time_step: the search ends when translations have this many words, </s> included.
        length_penalty: how much longer translations are favoured: 0 not at all, 1 compares means over words.
        best_only: stop searching for a sentence when no unfinished translation can become its best one; other
            translations may then be missing from the result.

    Returns:
        For each sentence at least one translation, best first: the best unfinished one if none ended in </s> in
        time. An empty sentence has the empty translation, with score 0.

    Raises:
        ValueError: beam_size or max_decoding_time_step is less than 1, or length_penalty is negative.
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
        with evaluation_mode(model), torch.inference_mode():
            searched = search(model, longest_first, beam_size, max_decoding_time_step, length_penalty, best_only)
        for i, hypotheses in zip(order, searched, strict=True):
            found[i] = hypotheses
    return found


@contextlib.contextmanager
def evaluation_mode(model: Any) -> Iterator[None]:
    """Switch dropout off within the block."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def search(
    model: Any, sentences: list[list[int]], beam_size: int, max_steps: int, length_penalty: float, best_only: bool
) -> list[list[Hypothesis]]:
    """Search as `beam_search` does, for word indices of sentences that are not empty, longest first."""
    end = model.vocab.tgt["</s>"]
    found: list[list[Hypothesis]] = [[] for _ in sentences]

    def add_found(sentence: Tensor, words: Tensor, scores: Tensor, length: int) -> None:
        scores = scores / length**length_penalty
        for s, indices, score in zip(sentence.tolist(), words.tolist(), scores.tolist(), strict=True):
            found[s].append(Hypothesis(model.vocab.tgt.indices2words(indices[1:]), score))

    source, beams = begin(model, sentences)
    decoder = beam_decoder(model, source, beams.state)
    beams = beams._replace(state=decoder.initial_state)
    widths = torch.full_like(beams.sentence, beam_size)  # of each sentence's beam
    best = torch.full_like(beams.scores, float("-inf"))  # the score of each sentence's best finished translation
    for length in range(1, max_steps + 1):
        state, logits = decoder.step(beams)
        log_p = torch.log_softmax(logits, dim=-1, dtype=beams.scores.dtype)
        extensions = select_best(beams, log_p.add_(beams.scores.unsqueeze(1)), widths)
        sentence = beams.sentence[extensions.row]
        ends = extensions.word == end
        finished, continues = ends.nonzero().squeeze(1), ~ends
        add_found(sentence[finished], beams.words[extensions.row[finished]], extensions.score[finished], length)
        widths = widths - rows_per_sentence(sentence[finished], widths)
        if best_only:
            # Each further word lowers the log-probability, and dividing by max_steps ** length_penalty raises a
            # negative number the most: that quotient is an upper bound of what an unfinished translation can reach.
            best = highest(best, sentence[finished], extensions.score[finished] / length**length_penalty)
            nothing = torch.full_like(best, float("-inf"))
            bounds = extensions.score.where(continues, nothing[0]) / max_steps**length_penalty
            continues &= (highest(nothing, sentence, bounds) > best)[sentence]
        beams = advance(beams, state, take_rows(extensions, continues.nonzero().squeeze(1)))
        if not len(beams.sentence):
            break
    for s, words, score in zip(beams.sentence.tolist(), beams.words, beams.scores, strict=True):
        if not found[s]:
            add_found(torch.tensor([s]), words.unsqueeze(0), score.unsqueeze(0), max_steps)
    return [sorted(some, key=lambda h: -h.score) or [Hypothesis([], float("-inf"))] for some in found]


def highest(so_far: Tensor, sentence: Tensor, scores: Tensor) -> Tensor:
    """Return the maximum of so_far and of the scores of its rows, for each sentence, (sentences,)."""
    return so_far.scatter_reduce(0, sentence, scores, "amax")
