"""Beam search: batched, it finds what a plain search of one sentence at a time finds."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

Import = Callable[[str], ModuleType]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SENTENCES = [["a", "b", "c"], ["d"], ["a", "a", "e", "f", "g", "b"], ["zebra", "b"], ["b", "c", "d"]]


def make_model(a4: Import, seed: int = 0, words: int = 9, hidden: int = 6, spread: float = 1.5) -> Any:
    """Return a model with random weights, in float64: two ways to round are never taken for two translations."""
    vocab = a4("vocab")
    entries = [vocab.VocabEntry(), vocab.VocabEntry()]
    for letter in LETTERS[: words - 4]:
        for entry in entries:
            entry.add(letter)
    torch.manual_seed(seed)
    model = a4("nmt_model").NMT(5, hidden, vocab.Vocab(*entries), dropout_rate=0.5).double()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "embeddings" not in name:
                weight.uniform_(-spread, spread)
    return model


def plain_search(model: Any, words: list[str], beam_size: int, most: int) -> list[tuple[list[str], float]]:
    """Search one sentence as the course does, as plainly as can be: one translation at a time, Python's own sort."""
    source = torch.tensor([[model.vocab.src[word]] for word in words])
    hiddens, first_state = model.encode(source, [len(words)])
    projected = model.att_projection(hiddens)
    live = [(["<s>"], 0.0, first_state, torch.zeros_like(first_state[0]))]
    finished: list[tuple[list[str], float]] = []
    for _ in range(most):
        candidates = []
        for written, score, state, o_prev in live:
            embedded = model.model_embeddings.target(torch.tensor([model.vocab.tgt[written[-1]]]))
            state, o_t, _ = model.step(torch.cat((embedded, o_prev), dim=1), state, hiddens, projected, None)
            log_p = torch.log_softmax(model.target_vocab_projection(o_t), dim=-1).squeeze(0).tolist()
            for i, p in enumerate(log_p):
                candidates.append(([*written, model.vocab.tgt.id2word[i]], score + p, state, o_t))
        candidates.sort(key=lambda candidate: -candidate[1])
        best = candidates[: beam_size - len(finished)]
        finished += [(written[1:-1], score) for written, score, *_ in best if written[-1] == "</s>"]
        live = [candidate for candidate in best if candidate[0][-1] != "</s>"]
        if not live:
            break
    if not finished:
        return [(live[0][0][1:], live[0][1])]
    return sorted(finished, key=lambda translation: -translation[1])


@torch.no_grad()
def plainly(model: Any, sentences: list[list[str]], beam_size: int, most: int) -> list[list[tuple[list[str], float]]]:
    model.eval()
    return [plain_search(model, words, beam_size, most) if words else [([], 0.0)] for words in sentences]


def assert_same(found: Any, expected: Any) -> None:
    assert [[h[0] for h in some] for some in found] == [[h[0] for h in some] for some in expected]
    for some, others in zip(found, expected, strict=True):
        assert [h[1] for h in some] == pytest.approx([h[1] for h in others], rel=1e-9)


sentences_of_letters = st.lists(st.lists(st.sampled_from([*LETTERS[:6], "zebra"]), max_size=7), min_size=1, max_size=6)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    sentences=sentences_of_letters,
    words=st.integers(4, 30),
    hidden=st.integers(1, 5),
    beam_size=st.integers(1, 12),
    most=st.integers(1, 9),
    spread=st.sampled_from([0.1, 1.0, 4.0]),
)
def test_a_batch_finds_what_a_plain_search_finds(
    a4: Import, seed: int, sentences: list[list[str]], words: int, hidden: int, beam_size: int, most: int, spread: float
) -> None:
    model = make_model(a4, seed, words, hidden, spread)
    search = a4("nmt.search").beam_search
    found = search(model, sentences, beam_size, most)
    assert_same(found, plainly(model, sentences, beam_size, most))
    assert_same(found, [search(model, [sentence], beam_size, most)[0] for sentence in sentences])


@settings(max_examples=300)
@given(
    seed=st.integers(0, 2**16),
    sentences=sentences_of_letters,
    beam_size=st.integers(1, 6),
    most=st.integers(1, 12),
    penalty=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
)
def test_stopping_early_finds_the_same_best(
    a4: Import, seed: int, sentences: list[list[str]], beam_size: int, most: int, penalty: float
) -> None:
    model = make_model(a4, seed)
    search = a4("nmt.search").beam_search
    every = search(model, sentences, beam_size, most, penalty)
    best = search(model, sentences, beam_size, most, penalty, best_only=True)
    assert_same([some[:1] for some in best], [some[:1] for some in every])


def chain(a4: Import, following: dict[str, dict[str, float]]) -> Any:
    """Return a model for which a word's probability depends on the word before alone; what isn't said is 1e-6."""
    model = make_model(a4, words=4 + len(following), hidden=4 + len(following))
    index, size = model.vocab.tgt, len(model.vocab.tgt)
    chances = torch.full((size, size), 1e-6, dtype=torch.double)
    for word, nexts in following.items():
        for other, chance in nexts.items():
            chances[index[word], index[other]] = chance
    model.model_embeddings.target = torch.nn.Embedding.from_pretrained(torch.eye(size, dtype=torch.double))
    model.step = lambda Ybar_t, dec_state, *_: (dec_state, Ybar_t[:, :size], None)
    model.target_vocab_projection.weight.data = chances.log().T
    return model


def test_a_translation_that_cannot_win_still_narrows_the_beam(a4: Import) -> None:
    # "b" is behind "" for good when "" is finished, but its end leaves room for one of "a c d" and "a c e" only.
    model = chain(
        a4,
        {
            "<s>": {"a": 0.6, "</s>": 0.2, "b": 0.15},
            "a": {"c": 1.0},
            "b": {"</s>": 1.0},
            "c": {"d": 0.55, "e": 0.4},
            "d": dict.fromkeys("abcde", 0.2),
            "e": {"</s>": 1.0},
        },
    )
    search = a4("nmt.search").beam_search
    [every], [best] = (search(model, [["a"]], 3, 9, best_only=best_only) for best_only in (False, True))
    assert_same([every], plainly(model, [["a"]], 3, 9))
    assert (every[0].value, math.exp(every[0].score)) == ([], pytest.approx(0.2, rel=0.1))
    assert_same([best[:1]], [every[:1]])


def test_stopping_early_saves_words(a4: Import) -> None:
    model = make_model(a4)
    calls = []
    step = model.step
    model.step = lambda *args: calls.append(len(args[0])) or step(*args)
    search = a4("nmt.search").beam_search
    search(model, SENTENCES)
    every = sum(calls)
    calls.clear()
    search(model, SENTENCES, best_only=True)
    assert sum(calls) < every


def test_a_beam_of_one_is_greedy(a4: Import) -> None:
    model = make_model(a4, seed=3).eval()
    [[found]] = a4("nmt.search").beam_search(model, [["a", "b"]], beam_size=1, max_decoding_time_step=6)
    written, target = [], ["<s>"]
    for _ in range(6):
        tokens = torch.tensor([[model.vocab.tgt[word]] for word in [*target, "<pad>"]])
        hiddens, state = model.encode(torch.tensor([[model.vocab.src["a"]], [model.vocab.src["b"]]]), [2])
        outputs = model.decode(hiddens, None, state, tokens)
        word = model.vocab.tgt.id2word[int(model.target_vocab_projection(outputs[-1]).argmax())]
        if word == "</s>":
            break
        written.append(word)
        target.append(word)
    assert found.value == written


def test_scores_are_what_the_model_says(a4: Import) -> None:
    model = make_model(a4, seed=2, spread=0.3).eval()
    source = ["a", "c", "b"]
    finished = a4("nmt.search").beam_search(model, [source], 4, 30)[0]
    assert len(finished) == 4
    with torch.no_grad():
        for words, score in finished:
            if "<pad>" not in words:  # which forward() takes for padding
                assert score == pytest.approx(float(model([source], [["<s>", *words, "</s>"]])))
    longer = a4("nmt.search").beam_search(model, [source], 4, 30, length_penalty=1.0)[0]
    scores = {tuple(h.value): h.score for h in finished}
    assert {tuple(h.value): h.score for h in longer} == pytest.approx(
        {words: score / (len(words) + 1) for words, score in scores.items()}
    )
    assert [h.score for h in longer] == sorted((h.score for h in longer), reverse=True)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_of_equal_ones_the_first_is_taken(a4: Import, penalty: float) -> None:
    model = make_model(a4)
    torch.nn.init.zeros_(model.target_vocab_projection.weight)
    found = a4("nmt.search").beam_search(model, SENTENCES, 3, 4, penalty)
    assert_same(found, [found[0]] * len(SENTENCES))
    if not penalty:
        assert_same(found, plainly(model, SENTENCES, 3, 4))


def test_a_wide_beam_over_few_words(a4: Import) -> None:
    model = make_model(a4, words=4)
    found = a4("nmt.search").beam_search(model, [["a"], ["a", "b"]], beam_size=50, max_decoding_time_step=8)
    assert_same(found, plainly(model, [["a"], ["a", "b"]], 50, 8))
    assert len({tuple(h.value) for h in found[0]}) == len(found[0]) > 4


def test_the_mode_is_restored(a4: Import) -> None:
    search = a4("nmt.search").beam_search
    model = make_model(a4).train()
    first = search(model, SENTENCES)
    assert model.training and model.dropout.training
    assert_same(search(model, SENTENCES), first)  # no dropout meanwhile
    assert not search(model.eval(), []) and not model.training

    def broken(*args: object) -> None:
        raise RuntimeError("broken")

    model.train().step = broken
    with pytest.raises(RuntimeError, match="broken"):
        search(model, SENTENCES)
    assert model.training


def test_without_the_convolution(a4: Import) -> None:
    model = make_model(a4)
    del model.post_embed_cnn
    model.post_embed_cnn = torch.nn.Identity()
    assert_same(a4("nmt.search").beam_search(model, SENTENCES), plainly(model, SENTENCES, 5, 70))


def test_a_model_that_changes_its_arguments(a4: Import) -> None:
    model = make_model(a4)
    expected = a4("nmt.search").beam_search(model, SENTENCES)
    step = model.step

    def careless(Ybar_t: Any, dec_state: Any, enc_hiddens: Any, enc_hiddens_proj: Any, enc_masks: Any) -> Any:
        answer = step(Ybar_t, dec_state, enc_hiddens, enc_hiddens_proj, enc_masks)
        for argument in (Ybar_t, *dec_state):
            argument.zero_()
        return answer

    model.step = careless
    assert_same(a4("nmt.search").beam_search(model, SENTENCES), expected)


def test_other_dtypes_out_of_step(a4: Import) -> None:
    model = make_model(a4).float()
    expected = a4("nmt.search").beam_search(model, SENTENCES, 2, 5)
    step = model.step

    def wide(*args: Any) -> Any:
        (h, c), o_t, e_t = step(*args)
        return [h.double(), c.double()], o_t.double(), e_t.half()

    model.step = wide
    assert_same(a4("nmt.search").beam_search(model, SENTENCES, 2, 5), expected)
    model = make_model(a4).bfloat16()
    assert len(a4("nmt.search").beam_search(model, SENTENCES, 2, 5)) == len(SENTENCES)


def test_a_model_that_says_nan(a4: Import) -> None:
    model = make_model(a4)
    with torch.no_grad():
        model.target_vocab_projection.weight.fill_(math.nan)
    assert a4("nmt.search").beam_search(model, SENTENCES[:2]) == [[([], -math.inf)]] * 2
    assert a4("nmt.search").translate(model, ["a b", "c"]) == ["", ""]


def test_translate_keeps_the_order(a4: Import) -> None:
    model = make_model(a4)
    texts = ["a b c", "", "d", "a a e f g b", "zebra b", "   ", "c d"]
    told: list[int] = []
    translate = a4("nmt.search").translate
    translations = translate(model, texts, beam_size=3, max_decoding_time_step=9, batch_size=3, progress=told.append)
    assert told == [3, 3, 1]
    expected = [some[0][0] for some in plainly(model, [text.split() for text in texts], 3, 9)]
    assert translations == [" ".join(words) for words in expected]
    assert translations[1] == translations[5] == ""
    assert translate(model, []) == []


@pytest.mark.parametrize(("beam", "most", "penalty"), [(0, 70, 0.0), (5, 0, 0.0), (5, 70, -1.0)])
def test_numbers_that_cannot_be(a4: Import, beam: int, most: int, penalty: float) -> None:
    with pytest.raises(ValueError) as error:
        a4("nmt.search").beam_search(make_model(a4), SENTENCES, beam, most, penalty)
    assert str(error.value) == (
        "beam_size and max_decoding_time_step must be at least 1 and length_penalty at least 0, "
        f"got {beam}, {most} and {penalty}"
    )


def test_attention_is_where_the_decoder_looks(a4: Import, tiny_model: Any) -> None:
    source, target, weights = a4("nmt.search").attention_of(tiny_model.train(), "a zebra c", "b d")
    assert tiny_model.training
    assert (source, target) == (["a", "zebra", "c"], ["b", "d", "</s>"])
    scores = []
    step = tiny_model.step
    tiny_model.eval().step = lambda *args: scores.append(step(*args)[2]) or step(*args)
    try:
        tiny_model([["a", "zebra", "c"]], [["<s>", "b", "d", "</s>"]])
    finally:
        del tiny_model.step
    expected = [torch.softmax(e_t[0], dim=0).tolist() for e_t in scores]
    assert [pytest.approx(row) for row in expected] == weights
    assert len({round(row[0], 6) for row in expected}) == 3  # they differ from word to word


def test_attention_of_an_empty_translation(a4: Import, tiny_model: Any) -> None:
    assert a4("nmt.search").attention_of(tiny_model, "a", "") == (["a"], ["</s>"], [[1.0]])
