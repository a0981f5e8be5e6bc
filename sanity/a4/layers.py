"""Questions 1a to 1c: padding, embeddings, layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a4.asked import CONVOLVE, DROPOUT_RATES, EMBEDDINGS, LAYERS, PAD, has_convolution
from sanity.a4.cases import BATCHES, SENTENCES, SIZED
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import same
from sanity.core.errors import CheckFailed


@check("1a", SENTENCES, weight=3, outputs=("pad_sents",))
def pads_on_the_right(run: Run, expect: Run, case: Case) -> None:
    """Every sentence is padded on the right to the length of the longest."""
    got, want = run(PAD, case)["padded"], expect(PAD, case)["padded"]
    if not (isinstance(got, list) and all(isinstance(sent, list) for sent in got)):
        raise CheckFailed("pad_sents() did not return a list of lists", output="pad_sents")
    if len(got) != len(want):
        raise CheckFailed(f"pad_sents() returned {len(got)} sentences, expected {len(want)}", output="pad_sents")
    for index, (mine, right) in enumerate(zip(got, want, strict=True)):
        detail = f"got {mine}, expected {right}"
        if len(mine) != len(right):
            said = f"sentence {index} has {len(mine)} words after padding, expected {len(right)}"
            raise CheckFailed(said, detail=detail, output="pad_sents")
        if mine != right:
            left = mine[len(mine) - len(case.sents[index]) :] == case.sents[index]
            diagnosis = "the padding is on the left" if left else ""
            said = f"sentence {index} has the right length after padding, but not the right words"
            raise CheckFailed(said, diagnosis=diagnosis, detail=detail, output="pad_sents")


@check("1a", SENTENCES)
def leaves_the_sentences_alone(run: Run, case: Case) -> None:
    """The sentences given to pad_sents() are the same afterwards."""
    if run(PAD, case)["sents after the call"] != case.sents:
        raise CheckFailed("pad_sents() changed its argument", diagnosis="the padding was appended to the given lists")


@check("1b", BATCHES, weight=3, outputs=("source", "target"))
def embeds_both_languages(run: Run, expect: Run, case: Case) -> None:
    """The source and target embeddings have one row a word and embed_size columns."""
    got, want = run(EMBEDDINGS, case), expect(EMBEDDINGS, case)
    for language, other in (("source", "target"), ("target", "source")):
        foreign = got[language] == want[other]
        diagnosis = f"self.{language} has a row for each word of the {other} language" if foreign else ""
        same_shape(f"{language}.weight", got[language], want[language], diagnosis, output=language)


def same_shape(name: str, got: Any, want: list[int], diagnosis: str, output: str) -> None:
    """Raise CheckFailed unless a weight has the right shape; both are lists."""
    if got != want:
        shape = tuple(got) if isinstance(got, list) and all(isinstance(size, int) for size in got) else "unknown"
        if got == want[::-1]:
            diagnosis = f"the two sizes of self.{name} are swapped"
        raise CheckFailed(f"self.{name} has shape {shape}, expected {tuple(want)}", diagnosis=diagnosis, output=output)


@check("1b", BATCHES, weight=2, outputs=("padding_idx",))
def knows_the_padding(run: Run, expect: Run, case: Case) -> None:
    """Each embedding has the padding index of its own language, and that row is never trained."""
    got, want = run(EMBEDDINGS, case), expect(EMBEDDINGS, case)
    for language, other in (("source", "target"), ("target", "source")):
        name = f"{language} padding_idx"
        if got[name] != want[name]:
            diagnosis = {None: f"the {language} embedding has no padding_idx", 0: f"the {name} is always 0"}.get(
                got[name], ""
            )
            if got[name] == want[f"{other} padding_idx"]:
                diagnosis = f"the {name} is that of the {other} language"
            detail = f"got {got[name]}, expected {want[name]}"
            hint = f"ask the {language} vocabulary for the index of its padding token"
            raise CheckFailed(
                f"the {name} is wrong", diagnosis=diagnosis, hint=hint, detail=detail, output="padding_idx"
            )
    if got["padding gradient"] != [0, 0]:
        raise CheckFailed("a padding row receives a gradient", output="padding_idx")


@check("1b", BATCHES)
def keeps_the_languages_apart(run: Run, case: Case) -> None:
    """The two languages do not share one embedding."""
    if run(EMBEDDINGS, case)["shared"] is not False:
        raise CheckFailed(
            "self.source and self.target share their weights", diagnosis="one layer was made and used twice"
        )


@check("1c", SIZED, weight=4, outputs=("layers",))
def has_layers_of_the_right_sizes(run: Run, expect: Run, case: Case) -> None:
    """Every layer of the model has the right sizes, and a bias where it should have one."""
    got, want = run(LAYERS, case)["layers"], expect(LAYERS, case)["layers"]
    if not isinstance(got, dict):
        raise CheckFailed("NMT() has no named layers", output="layers")
    convolved = any(name.startswith("post_embed_cnn") for name in got)
    for name, shape in want.items():
        if name.startswith("post_embed_cnn") and not convolved:
            continue
        layer, _, parameter = name.rpartition(".")
        if name not in got:
            known = any(other.startswith(layer + ".") for other in got)
            said = f"self.{layer} has no {parameter}" if known else f"the model has no layer self.{layer}"
            raise CheckFailed(said, diagnosis=missing_parameter(name, known), output="layers")
        same_shape(name, got[name], shape, "", output="layers")
    layers = {name.rpartition(".")[0] for name in want}
    for name in sorted(got.keys() - want.keys()):
        layer, _, parameter = name.rpartition(".")
        if layer in layers:
            if parameter == "bias":
                said = f"self.{layer} has a bias, but should not have one"
                raise CheckFailed(said, hint="make the layer with bias=False", output="layers")
            diagnosis = f"self.{layer} has a second layer on top of the first" if "_l1" in parameter else ""
            raise CheckFailed(f"self.{layer} has more weights than it should", diagnosis=diagnosis, output="layers")


def missing_parameter(name: str, known: bool) -> str:
    """Return the diagnosis if a parameter is missing, "" if none fits; known tells whether its layer exists."""
    layer = name.rpartition(".")[0]
    if "_reverse" in name and known:
        return f"self.{layer} is not bidirectional"
    if "bias" in name and known:
        return f"self.{layer} was made with bias=False"
    return ""


@check("1c", BATCHES, weight=2)
def convolves_each_word_with_the_next(run: Run, expect: Run, case: Case) -> None:
    """The convolution keeps the length: it joins each word with the next one, and the last word with zero."""
    if has_convolution(run):
        channels = np.resize(case.enc_hiddens, (len(case.source_lengths), case.e, case.source_padded.shape[0]))
        case = case.having(channels=channels)
        same(run(CONVOLVE, case), expect(CONVOLVE, case), {"convolved": "b e src_len"})


@check("1c", SIZED)
def drops_out_at_the_given_rate(run: Run, case: Case) -> None:
    """The dropout layer has the rate given to NMT(), and 0.2 if none is given."""
    rates = run(DROPOUT_RATES, case)
    if rates["difference to the rate given"] != 0:
        diagnosis = "dropout_rate is not passed to nn.Dropout"
        raise CheckFailed("the dropout layer does not have the rate given to NMT()", diagnosis=diagnosis)
    if rates["rate by default"] != 0.2:
        raise CheckFailed("the dropout rate is not 0.2 by default")


@check("1c", SIZED)
def shares_no_weights(run: Run, case: Case) -> None:
    """No two layers share their weights."""
    shared = run(LAYERS, case)["shared"]
    if shared:
        raise CheckFailed("two layers of the model are one and the same", diagnosis="one layer was made and used twice")
