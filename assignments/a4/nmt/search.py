"""Beam search: translations of many sentences at once.

Each sentence has up to beam_size unfinished translations, and those of all sentences are the rows of one batch: `step`
is called once per word for the whole batch, instead of once per word for each sentence. A translation that ends in
</s> is finished; it leaves the batch, and the beam of its sentence becomes narrower by one. The result is that of
searching sentence by sentence: among equal scores the first row and word wins, whatever else is in the batch.

Translations are scored elsewhere: nmt/scoring.py reads text only. So the grader scores without a model, and a graded
model never sees the references.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from nmt.losses import padding_mask

INFINITY = float("inf")
CHUNKS = 32  # see `threshold`
BeamState = tuple[Tensor, ...]
"""What the decoder carries from word to word, one row each: h_t, c_t and o_t, (rows, h) each, in `BeamDecoder`."""


class Hypothesis(NamedTuple):
    """A translation, and its score under the model."""

    value: list[str]  # its words, without <s> and </s>
    score: float  # the log-probability of its words and of </s>, divided by (number of them) ** length_penalty


class EncodedSource(NamedTuple):
    """The encoder's output that attention reads, for each sentence or for each row."""

    hiddens: Tensor  # (rows, src_len, 2h)
    projected: Tensor  # the same through att_projection, (rows, src_len, h)
    masks: Tensor  # 1 on padding, else 0, (rows, src_len)


class Beams(NamedTuple):
    """The unfinished translations of all sentences as rows: those of a sentence are adjacent, best first."""

    sentence: Tensor  # the sentence that a row translates, an index, (rows,), ascending
    scores: Tensor  # the log-probability of its words, (rows,)
    words: Tensor  # their indices, from <s> on, (rows, number of words)
    state: BeamState


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

    Arguments, order and errors are those of `best_hypotheses`; here the translations are text.
    """
    found = best_hypotheses(model, texts, beam_size, max_decoding_time_step, length_penalty, batch_size, progress)
    return [model.vocab.tgt.join(hypothesis.value) for hypothesis in found]


def best_hypotheses(
    model: Any,
    texts: list[str],
    beam_size: int = 5,
    max_decoding_time_step: int = 70,
    length_penalty: float = 0.0,
    batch_size: int = 128,
    progress: Callable[[int], object] = lambda sentences: None,
) -> list[Hypothesis]:
    """Return the best translation of each line of text that `beam_search` finds.

    Args:
        model: an NMT.
        texts: the lines; the translation of an empty line is empty.
        beam_size, max_decoding_time_step, length_penalty: as in `beam_search`, which raises ValueError.
        batch_size: sentences searched at once, longest first, so that a batch has sentences of similar length.
        progress: called after each batch with its number of sentences.

    Returns:
        The hypotheses, in the order of texts. One of max_decoding_time_step words was cut: no </s> came in time.
    """
    sentences = [model.vocab.src.split(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: -len(sentences[i]))
    best = [Hypothesis([], 0.0)] * len(texts)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        found = beam_search(
            model, [sentences[i] for i in batch], beam_size, max_decoding_time_step, length_penalty, best_only=True
        )
        for i, hypotheses in zip(batch, found, strict=True):
            best[i] = hypotheses[0]
        progress(len(batch))
    return best


def attention_of(model: Any, source: str, translation: str) -> tuple[list[str], list[str], list[list[float]]]:
    """Return the attention weights, softmax(e_t), while the decoder is forced to produce a given translation.

    Args:
        model: an NMT.
        source: a line of text with at least one word.
        translation: a line of text.

    Returns:
        The words of the source; those of the translation, and </s>; for each of these the weights of the former.
    """
    source_words, target_words = model.vocab.src.split(source), model.vocab.tgt.split(translation)
    weights = []
    with evaluation_mode(model), torch.inference_mode():
        encoded_source, (h, c, o_t) = encode_source(model, [model.vocab.src.words2indices(source_words)])
        for word in ["<s>", *target_words]:
            index = torch.tensor([model.vocab.tgt[word]], device=h.device)
            Ybar_t = torch.cat((model.model_embeddings.target(index), o_t), dim=1)
            (h, c), o_t, e_t = model.step(Ybar_t, (h, c), *encoded_source)
            weights.append(torch.softmax(e_t[0].float(), dim=0).tolist())
    return source_words, [*target_words, "</s>"], weights


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

    decoder, beams = begin(model, sentences)
    widths = torch.full_like(beams.sentence, beam_size)  # of each sentence's beam
    nothing = torch.full_like(beams.scores, -INFINITY)
    best = nothing  # the score of each sentence's best finished translation
    for length in range(1, max_steps + 1):
        state, logits = decoder.step(beams)
        log_p = torch.log_softmax(logits, dim=-1, dtype=beams.scores.dtype)
        row, word, score = select_best(beams.sentence, log_p.add_(beams.scores.unsqueeze(1)), widths)
        sentence, continues = beams.sentence[row], word != end
        finished = (~continues).nonzero().squeeze(1)
        add_found(sentence[finished], beams.words[row[finished]], score[finished], length)
        widths = widths.index_add(0, sentence[finished], torch.full_like(finished, -1))
        if best_only:
            # Each further word lowers the log-probability, and dividing by max_steps ** length_penalty raises a
            # negative number the most: that quotient is an upper bound of what an unfinished translation can reach.
            best = highest(best, sentence[finished], score[finished] / length**length_penalty)
            bounds = score.where(continues, nothing[0]) / max_steps**length_penalty
            continues &= (highest(nothing, sentence, bounds) > best)[sentence]
        row, word, score = (part.index_select(0, continues.nonzero().squeeze(1)) for part in (row, word, score))
        words = torch.cat((beams.words[row], word.unsqueeze(1)), dim=1)
        beams = Beams(beams.sentence[row], score, words, tuple(part.index_select(0, row) for part in state))
        if not len(row):
            break
    for s, words, score in zip(beams.sentence.tolist(), beams.words, beams.scores, strict=True):
        if not found[s]:
            add_found(torch.tensor([s]), words.unsqueeze(0), score.unsqueeze(0), max_steps)
    return [sorted(some, key=lambda h: -h.score) or [Hypothesis([], -INFINITY)] for some in found]


def highest(so_far: Tensor, sentence: Tensor, scores: Tensor) -> Tensor:
    """Return the maximum of so_far and of the scores of its rows, for each sentence, (sentences,)."""
    return so_far.scatter_reduce(0, sentence, scores, "amax")


def begin(model: Any, sentences: list[list[int]]) -> tuple[Any, Beams]:
    """Encode sentences, as in `encode_source`; return the decoder and one beam for each sentence, which holds <s>.

    The decoder is a `BeamDecoder`, or the result of `model.beam_decoder(source, state)` if the model has this method.
    """
    source, state = encode_source(model, sentences)
    decoder = getattr(model, "beam_decoder", partial(BeamDecoder, model))(source, state)
    number = torch.arange(len(sentences), device=source.hiddens.device)
    scores = torch.zeros(len(sentences), dtype=torch.promote_types(state[0].dtype, torch.float32), device=number.device)
    starts = torch.full_like(number, model.vocab.tgt["<s>"]).unsqueeze(1)
    return decoder, Beams(number, scores, starts, decoder.initial_state)


def encode_source(model: Any, sentences: list[list[int]]) -> tuple[EncodedSource, BeamState]:
    """Encode sentences, word indices with the longest sentence first; return what attention reads, and h, c and o."""
    weight = model.model_embeddings.target.weight
    lengths = [len(sentence) for sentence in sentences]
    padding = model.vocab.src["<pad>"]
    padded = pad_sequence([torch.tensor(sentence) for sentence in sentences], padding_value=padding).to(weight.device)
    hiddens, (h_0, c_0) = model.encode(padded, lengths)
    h_0, c_0 = h_0.to(weight.dtype), c_0.to(weight.dtype)
    source = EncodedSource(hiddens, model.att_projection(hiddens), padding_mask(hiddens, lengths))
    return source, (h_0, c_0, torch.zeros_like(h_0))


class BeamDecoder:
    """Runs a model's decoder, one step for all rows at once."""

    def __init__(self, model: Any, source: EncodedSource, state: BeamState) -> None:
        self.model, self.source, self.initial_state = model, source, state
        self.source_of_rows, self.sentence = source, torch.arange(len(source.hiddens), device=source.hiddens.device)

    def step(self, beams: Beams) -> tuple[BeamState, Tensor]:
        """Read the last word of each row; return the new state, and the logits of the next word, (rows, |tgt|)."""
        if not torch.equal(self.sentence, beams.sentence):  # copy the source only when rows came or went
            self.source_of_rows = EncodedSource(*(part.index_select(0, beams.sentence) for part in self.source))
            self.sentence = beams.sentence
        h, c, o_prev = beams.state
        Y_t = self.model.model_embeddings.target(beams.words[:, -1])
        (h, c), o_t, _ = self.model.step(torch.cat((Y_t, o_prev), dim=1), (h, c), *self.source_of_rows)
        h, c, o_t = (part.to(Y_t.dtype) for part in (h, c, o_t))  # a student's step may compute in another precision
        return (h, c, o_t), self.model.target_vocab_projection(o_t)


def select_best(sentence: Tensor, scores: Tensor, widths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Select the best extensions of each sentence by one word; among equal scores the first row and word wins.

    Args:
        sentence: the sentence of each row, (rows,), ascending.
        scores: the log-probability of each row's words with each possible next word, (rows, |tgt|). Entries that
            are minus infinity, and rows that are NaN, are never selected.
        widths: how many extensions to select for each sentence, (sentences,); it has no more rows than that.

    Returns:
        The row and the new word of each extension, and its score, (n,) each; best first within a sentence.
    """
    # A stable sort of all scores would take longer than the decoder's step, and top-k alone leaves it open which of
    # equal scores it returns: so only the few scores that reach a threshold are sorted.
    enough = threshold(sentence, scores, widths).clamp(min=torch.finfo(scores.dtype).min)
    row, word = (scores >= enough[sentence].unsqueeze(1)).nonzero(as_tuple=True)
    score = scores[row, word]
    order = score.argsort(descending=True, stable=True)
    order = order[sentence[row[order]].argsort(stable=True)]
    ordered = sentence[row[order]]
    rank = torch.arange(len(order), device=order.device) - torch.searchsorted(ordered, ordered)
    order = order[rank < widths[ordered]]
    return row[order], word[order], score[order]


def threshold(sentence: Tensor, scores: Tensor, k: Tensor) -> Tensor:
    """Return a score of each sentence that at least k of its scores reach, but not many more, (sentences,).

    At least k scores of a row reach the k-th highest of its maxima in CHUNKS parts of the vocabulary. Such maxima are
    found several times faster than the k highest scores. The threshold is the highest of these scores over the rows.

    Args:
        sentence: the sentence of each row, (rows,).
        scores: (rows, |tgt|).
        k: (sentences,).
    """
    chunks = min(CHUNKS, scores.size(1))
    length = scores.size(1) // chunks  # the columns left over don't matter: any k scores make a threshold
    maxima = scores[:, : length * chunks].unflatten(1, (length, chunks)).amax(dim=1)
    maxima = maxima.nan_to_num(nan=-INFINITY, neginf=-INFINITY)
    best = maxima.topk(min(int(k.max()), chunks), dim=1).values
    rank = k[sentence].unsqueeze(1) - 1
    kth = best.gather(1, rank.clamp(max=best.size(1) - 1)).where(rank < chunks, -INFINITY).squeeze(1)
    return kth.new_full(k.shape, -INFINITY).scatter_reduce(0, sentence, kth, "amax")
