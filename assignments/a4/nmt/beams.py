"""Beams: the unfinished translations of many sentences as rows of one batch, and how they grow by a word.

Here "the best" of equal ones are those that come first, so that what is found for a sentence doesn't depend on the
sentences beside it; `torch.topk` promises nothing of the kind.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from nmt.likelihood import padding_mask

Parts = TypeVar("Parts", bound=NamedTuple)
Memory = tuple[Tensor, ...]
"""What is carried to the next word, for each row: a `Decoder` carries both parts of the state and o_prev, (rows, h)."""

MANY = 50  # ways for a row; to sort more takes longer than to look for the best of each row


class Beams(NamedTuple):
    """The unfinished translations of all sentences, as rows; those of a sentence stand together, the best first."""

    sentence: Tensor
    """Which sentence a row translates, (rows,)."""
    scores: Tensor
    """The log-probability of its words, (rows,)."""
    words: Tensor
    """Their indices, from <s> on, (rows, number of words)."""
    memory: Memory


class Source(NamedTuple):
    """What the decoder looks at: for each sentence, or for each row its sentence's."""

    hiddens: Tensor
    """(rows, src_len, 2h)."""
    projected: Tensor
    """(rows, src_len, h)."""
    masks: Tensor
    """1 on the padding, else 0, (rows, src_len)."""


class Longer(NamedTuple):
    """Ways to go on with beams by a word, in the order of Beams; all of them (ways,)."""

    row: Tensor
    """Which row goes on."""
    word: Tensor
    """The index of the word."""
    score: Tensor
    """The log-probability of all words then."""


def begin(model: Any, sentences: list[list[int]]) -> tuple[Source, Beams]:
    """Encode sentences, longest first, and return what the decoder looks at and begins with: <s> for each."""
    weight = model.model_embeddings.target.weight
    lengths = [len(sentence) for sentence in sentences]
    padding = model.vocab.src["<pad>"]
    padded = pad_sequence([torch.tensor(sentence) for sentence in sentences], padding_value=padding).to(weight.device)
    hiddens, (h_0, c_0) = model.encode(padded, lengths)
    h_0, c_0 = h_0.to(weight.dtype), c_0.to(weight.dtype)
    number = torch.arange(len(sentences), device=weight.device)
    scores = torch.zeros(len(sentences), dtype=torch.promote_types(weight.dtype, torch.float32), device=weight.device)
    starts = torch.full_like(number, model.vocab.tgt["<s>"]).unsqueeze(1)
    beams = Beams(number, scores, starts, (h_0, c_0, torch.zeros_like(h_0)))
    return Source(hiddens, model.att_projection(hiddens), padding_mask(hiddens, lengths)), beams


class Decoder:
    """A model's decoder at work on some sentences, and what it looks at meanwhile."""

    def __init__(self, model: Any, source: Source, memory: Memory) -> None:
        self.model, self.source = model, source
        self.start = memory  # what a search begins with
        self.looked_at, self.sentence = source, torch.arange(len(source.hiddens), device=source.hiddens.device)

    def step(self, beams: Beams) -> tuple[Memory, Tensor]:
        """Let the model read the last word of each row.

        Returns:
            What it carries on, and the score of each possible next word of each row, (rows, |tgt|).
        """
        if not torch.equal(self.sentence, beams.sentence):  # copying what is looked at takes time
            self.looked_at, self.sentence = at(self.source, beams.sentence), beams.sentence
        h, c, o_prev = beams.memory
        Y_t = self.model.model_embeddings.target(beams.words[:, -1])
        (h, c), o_t, _ = self.model.step(torch.cat((Y_t, o_prev), dim=1), (h, c), *self.looked_at)
        h, c, o_t = (part.to(Y_t.dtype) for part in (h, c, o_t))  # whatever it computes in
        return (h, c, o_t), self.model.target_vocab_projection(o_t)


def decoder(model: Any, source: Source, memory: Memory) -> Any:
    """Return a `Decoder`, or what the model has in its place: its `beam_decoder`, which may carry something else."""
    return (getattr(model, "beam_decoder", None) or partial(Decoder, model))(source, memory)


def choose(beams: Beams, scores: Tensor, room: Tensor) -> Longer:
    """Of all ways to write one more word choose the best for each sentence; of equal ones those of the first rows and
    words. What is no number, or impossible, is not chosen.

    Args:
        beams: what is written so far.
        scores: the log-probability of each row's words with each possible next one, (rows, |tgt|).
        room: how many ways to choose for each sentence, (sentences,); it has no more rows.
    """
    row, word = promising(beams.sentence, scores, room).nonzero(as_tuple=True)
    score = scores[row, word]
    order = score.argsort(descending=True, stable=True)
    order = order[beams.sentence[row[order]].argsort(stable=True)]
    sentence = beams.sentence[row[order]]
    rank = torch.arange(len(order), device=order.device) - torch.searchsorted(sentence, sentence)
    return at(Longer(row, word, score), order[rank < room[sentence]])


def promising(sentence: Tensor, scores: Tensor, room: Tensor) -> Tensor:
    """Return which ways are to be sorted: those that `choose` chooses, and few others, (rows, |tgt|)."""
    if (counted(sentence, room) == room)[sentence].all():
        # As many rows as room: so many ways reach the lowest of the rows' highest scores. That is found fastest.
        highest = scores.amax(dim=1).nan_to_num(nan=float("-inf"), neginf=float("-inf"))
        reached = torch.zeros_like(room, dtype=scores.dtype)
        reached = reached.scatter_reduce(0, sentence, highest, "amin", include_self=False)
        ways = scores >= reached.clamp(min=torch.finfo(scores.dtype).min)[sentence].unsqueeze(1)
        if ways.sum() <= MANY * len(ways):
            return ways
    most = min(int(room.max()), scores.size(1))
    last = scores.topk(most).values[:, -1:]
    equal = scores == last
    return ((scores > last) | (equal & (equal.cumsum(dim=1) <= most))) & scores.isfinite()


def counted(sentence: Tensor, room: Tensor) -> Tensor:
    """Return how many of the rows each sentence has, (sentences,): `bincount` would wait for a GPU, twice."""
    return torch.zeros_like(room).index_add_(0, sentence, torch.ones_like(sentence))


def follow(beams: Beams, memory: Memory, longer: Longer) -> Beams:
    """Return the beams that go on in these ways, with what the model carries on."""
    row, word, score = longer
    words = torch.cat((beams.words[row], word.unsqueeze(1)), dim=1)
    return Beams(beams.sentence[row], score, words, tuple(part.index_select(0, row) for part in memory))


def at(parts: Parts, rows: Tensor) -> Parts:
    """Return some rows of each part, or some rows several times."""
    return type(parts)(*(part.index_select(0, rows) for part in parts))
