"""What `run.py check` tries: whether a small model learns eight sentences by heart, and what an update costs.

A right model does, within a second or two. One that cannot has a mistake that hours of training would not mend; it is
much cheaper to hear of it now. It is no proof: `python sanity_check.py` looks closer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nmt.batches import Pair, batch_iter, make_batch, prefetched
from nmt.commands.inputs import Inputs
from nmt.losses import sentence_log_likelihoods
from nmt.optimization import ModelOptimizer
from nmt.recipe import Recipe
from nmt.search import beam_search, begin
from vocab import Vocab, VocabEntry

SENTENCES = 8
MOST_WORDS = 12  # of a sentence, where there are enough such
FAST = Recipe(embed_size=64, hidden_size=64, dropout=0.0, uniform_init=0.0, lr=1e-2)
"""For eight sentences. Without dropout, which would keep the loss from falling to 0."""
UPDATES = 400
"""A right model needs about 50."""
LEARNT = 0.5
"""In nats, summed over all words: none then has a probability below 60 %, so that decoding must find it."""
LAYERS = (
    *("model_embeddings", "post_embed_cnn", "encoder", "h_projection", "c_projection", "decoder"),
    *("att_projection", "combined_output_projection", "dropout", "target_vocab_projection"),
)
"""The layers of 1b and 1c, which all have a part in the loss; another one may be there and do nothing."""
FIRST = 3
"""Updates within which a gradient must have reached every weight."""
SAME = 0.01
"""Log-probabilities that differ by less than this, or by less than this share, differ by rounding, on a GPU too."""
TIMED, SECONDS = 20, 3.0
"""The updates that are timed, or fewer if they take longer than this."""


class CheckFailed(RuntimeError):
    """The model should not be trained yet. The message is one line, with the cause."""


class Learnt(NamedTuple):
    """How the small model has learnt."""

    first: float  # the loss per sentence at the first update, in nats
    last: float
    updates: int
    seconds: float
    weights: int  # tensors that get a gradient
    unused: list[str]  # layers of the student's own that get none
    sentences: int  # eight, or all that there are


class Costs(NamedTuple):
    """What training costs on this machine."""

    speed: float  # predicted target words per second
    epoch: float  # seconds
    updates: int  # at most, by the recipe's limits
    updates_per_epoch: int
    weights: int  # bytes, with gradients and Adam's moments
    largest: int  # bytes that the largest batch keeps for its gradient, besides


def learn_by_heart(inputs: Inputs, make_model: Any) -> Learnt:
    """Train a small model on eight sentences until it knows them, and translate them.

    Args:
        inputs: where the sentences are from.
        make_model: the model's class.

    Raises:
        CheckFailed: the loss is NaN or infinite, or doesn't fall, or no gradient reaches a weight, or the translation
            isn't what was learnt.
    """
    pairs, vocab = with_own_vocabulary(short_ones(inputs.pairs), inputs.model.vocab)
    torch.manual_seed(inputs.recipe.seed)
    model = make_model(FAST.embed_size, FAST.hidden_size, vocab, FAST.dropout).to(inputs.device)
    optimizer = ModelOptimizer(model, FAST, inputs.device, UPDATES)
    batch = make_batch(pairs, (vocab.src["<pad>"], vocab.tgt["<pad>"])).to(inputs.device)
    started, losses = time.monotonic(), []
    unreached = [name for name, _ in model.named_parameters()]
    while len(losses) < UPDATES and (not losses or losses[-1] > LEARNT):
        losses.append(optimizer.step(batch, FAST.lr).item())
        if not math.isfinite(losses[-1]):
            raise CheckFailed(
                f"the loss of {len(pairs)} sentences is {losses[-1]} at update {len(losses)}: look for a division by 0,"
                " a logarithm of 0, or a softmax of which all is masked"
            )
        unreached = [name for name in unreached if not has_gradient(model.get_parameter(name))]
        if len(losses) == FIRST:
            check_gradients(model, unreached)
    first, last = (loss / len(pairs) for loss in (losses[0], losses[-1]))
    if losses[-1] > LEARNT:
        raise CheckFailed(
            f"the loss does not fall as it should: {first:.2f} to {last:.2f} per sentence in {UPDATES} updates, where a"
            f" right model knows {len(pairs)} sentences by heart: python sanity_check.py"
        )
    check_translations(model, pairs)
    check_probabilities(model, pairs)
    seconds, reached = time.monotonic() - started, len(list(model.parameters())) - len(unreached)
    return Learnt(first, last, len(losses), seconds, reached, by_layer(model, unreached), len(pairs))


def check_gradients(model: Any, unreached: Sequence[str]) -> None:
    """Raise CheckFailed if there is a layer of 1b or 1c among the weights that no gradient has reached."""
    needed = [name for name in unreached if name.partition(".")[0] in LAYERS]
    if needed:
        raise CheckFailed(
            f"no gradient reaches {', '.join(by_layer(model, needed))}:"
            " the loss doesn't depend on it, or .detach(), .data, .item() or torch.tensor() cuts it off"
        )


def check_translations(model: Any, pairs: Sequence[Pair]) -> None:
    """Raise CheckFailed if the translations of sentences learnt by heart are others than what was learnt."""
    sources = [model.vocab.src.indices2words(source) for source, _ in pairs]
    targets = [model.vocab.tgt.indices2words(target[1:-1]) for _, target in pairs]
    longest = max(map(len, targets)) + 2  # </s>, and one more, which shows one that doesn't end
    found = [hypotheses[0].value for hypotheses in beam_search(model, sources, 1, longest)]
    wrong = [(one, other) for one, other in zip(found, targets, strict=True) if one != other]
    if wrong:
        one, other = (" ".join(words) for words in wrong[0])
        raise CheckFailed(
            f"decoding gives {len(wrong)} of {len(pairs)} sentences otherwise than they were learnt, such as {one!r}"
            f" for {other!r}: look at what decode() passes to step(), and at what depends on self.training"
        )


@torch.no_grad()
def check_probabilities(model: Any, pairs: Sequence[Pair]) -> None:
    """Raise CheckFailed unless training and translating give a sentence the same probability.

    Training computes it in a batch with other sentences, by decode(); translating word by word, by step(). Each source
    gets another's translation: what is known by heart has a probability near 1 under many a wrong model.
    """
    model.eval()
    device = model.target_vocab_projection.weight.device
    mixed = [(source, target) for (source, _), (_, target) in zip(pairs, [*pairs[1:], pairs[0]], strict=True)]
    mixed.sort(key=lambda pair: -len(pair[0]))  # stable, as in make_batch
    source, lengths, target, _ = make_batch(mixed, (model.vocab.src["<pad>"], model.vocab.tgt["<pad>"])).to(device)
    together = sentence_log_likelihoods(model, source, lengths, target).tolist()
    alone = [word_by_word(model, *pair) for pair in mixed]
    for one, other in zip(together, alone, strict=True):
        if not math.isclose(one, other, rel_tol=SAME, abs_tol=SAME):
            raise CheckFailed(
                f"training and translating differ: a sentence has the log-probability {one:.2f} by decode(), in a"
                f" batch, {other:.2f} by step(), word by word: look at what decode() passes to step(), and at the masks"
            )


def word_by_word(model: Any, source: Sequence[int], target: Sequence[int]) -> float:
    """Return the log-probability of one translation as beam search computes it, in nats."""
    decoder, beams = begin(model, [list(source)])
    total = 0.0
    for word in target[1:]:
        state, logits = decoder.step(beams)
        total += logits.log_softmax(dim=-1)[0, word].item()
        words = torch.cat((beams.words, beams.words.new_tensor([[word]])), dim=1)
        beams = beams._replace(words=words, state=state)
    return total


def costs_of(inputs: Inputs) -> Costs:
    """Make some updates of the model, and return what training it costs; the weights are changed.

    The first is of the largest batch that can come, so that too small a memory shows now.
    """
    recipe, model, device, pairs = inputs.recipe, inputs.model.to(inputs.device), inputs.device, inputs.pairs
    pads = (model.vocab.src["<pad>"], model.vocab.tgt["<pad>"])
    updates_per_epoch = math.ceil(len(pairs) / recipe.batch_size)
    updates = int(min(recipe.max_updates or math.inf, recipe.max_epoch * updates_per_epoch))
    optimizer = ModelOptimizer(model, recipe, device, updates)
    longest = sorted(pairs, key=lambda pair: -len(pair[0]) - len(pair[1]))[: recipe.batch_size]
    largest = bytes_for_gradient(optimizer, make_batch(longest, pads).to(device))

    batches = prefetched(batch_iter(pairs, recipe.batch_size, pads, recipe.seed, epoch=1), device)
    words, started, seconds = 0, time.monotonic(), 0.0
    for batch in islice(batches, TIMED):
        optimizer.step(batch, recipe.lr).item()  # which waits for a GPU
        words, seconds = words + batch.words, time.monotonic() - started
        if seconds > SECONDS:
            break
    speed = words / max(seconds, 1e-9)
    epoch = sum(len(target) - 1 for _, target in pairs) / speed
    numbers = 4  # of each weight: its value, its gradient, Adam's two moments
    weights = numbers * sum(weight.numel() * weight.element_size() for weight in model.parameters())
    return Costs(speed, epoch, updates, updates_per_epoch, weights, largest)


def bytes_for_gradient(optimizer: ModelOptimizer, batch: Any) -> int:
    """Make an update; return the bytes of all that is kept between the loss and its gradient, weights left out."""
    sizes: dict[int, int] = {}
    weights = {weight.untyped_storage().data_ptr() for weight in optimizer.model.parameters()}

    def kept(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(kept, lambda tensor: tensor):
        optimizer.step(batch, optimizer.recipe.lr)
    return sum(size for place, size in sizes.items() if place not in weights)


def short_ones(pairs: Sequence[Pair]) -> list[Pair]:
    """Return eight pairs whose source sentences differ, the first that are short, or else the shortest."""
    different = list({tuple(source): (source, target) for source, target in pairs}.values())
    different.sort(key=lambda pair: max(len(pair[0]), len(pair[1]), MOST_WORDS))  # stable
    return different[:SENTENCES]


def with_own_vocabulary(pairs: Sequence[Pair], vocab: Vocab) -> tuple[list[Pair], Vocab]:
    """Return pairs with the indices of a vocabulary that has only their words, which makes a model small."""
    sources = [vocab.src.indices2words(source) for source, _ in pairs]
    targets = [vocab.tgt.indices2words(target) for _, target in pairs]
    own = Vocab(*(VocabEntry.from_corpus(words, size=10**6, freq_cutoff=1) for words in (sources, targets)))
    return list(zip(own.src.words2indices(sources), own.tgt.words2indices(targets), strict=True)), own


def by_layer(model: Any, names: Sequence[str]) -> list[str]:
    """Return names of weights, those of a layer as one if all of it is among them: encoder for encoder.bias_hh_l0."""
    layers = [name.rpartition(".")[0] for name in names]
    whole = {
        layer for layer in layers if layer and len(list(model.get_submodule(layer).parameters())) == layers.count(layer)
    }
    return list(dict.fromkeys(layer if layer in whole else name for layer, name in zip(layers, names, strict=True)))


def has_gradient(weight: Tensor) -> bool:
    """Return whether any entry of a weight has a gradient other than 0."""
    return weight.grad is not None and bool(weight.grad.any())
