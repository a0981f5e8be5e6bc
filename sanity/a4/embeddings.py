"""Question 1b: the embeddings of both languages."""

from __future__ import annotations

from typing import Any

from sanity.a4.batches import BATCHES
from sanity.a4.shapes import same_shape
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("1b")


@probe(
    "source, target, source padding_idx, target padding_idx, padding gradient, shared",
    of="ModelEmbeddings",
    needs=("torch",),
)
def embeddings(code: Any, case: Case) -> Any:
    """Make the embeddings; return shapes, padding, the padding rows' gradients, and whether the two are one."""
    import torch

    from sanity.a4.beside.model import vocab_of

    made = code.model_embeddings.ModelEmbeddings(embed_size=case.e, vocab=vocab_of(code, case))
    pads = torch.tensor([case.pad_src]), torch.tensor([case.pad_tgt])
    looked_up = made.source(pads[0]).sum() + made.target(pads[1]).sum()
    looked_up.backward()
    shapes = [list(layer.weight.shape) for layer in (made.source, made.target)]
    grads = [layer.weight.grad for layer in (made.source, made.target)]
    reached = [float(g.abs().sum()) if g is not None else 0.0 for g in grads]
    return *shapes, made.source.padding_idx, made.target.padding_idx, reached, made.source.weight is made.target.weight


@check(BATCHES, weight=3, outputs=("source", "target"))
def embeds_both_languages(run: Run, expect: Run, case: Case) -> None:
    """The source and target embeddings have one row a word and embed_size columns."""
    got, want = run(embeddings, case), expect(embeddings, case)
    for language, other in (("source", "target"), ("target", "source")):
        foreign = got[language] == want[other]
        diagnosis = f"self.{language} has a row for each word of the {other} language" if foreign else ""
        same_shape(f"{language}.weight", got[language], want[language], diagnosis, output=language)


@check(BATCHES, weight=2, outputs=("padding_idx",))
def knows_the_padding(run: Run, expect: Run, case: Case) -> None:
    """Each embedding has the padding index of its own language, and that row is never trained."""
    got, want = run(embeddings, case), expect(embeddings, case)
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


@check(BATCHES)
def keeps_the_languages_apart(run: Run, case: Case) -> None:
    """The two languages do not share one embedding."""
    if run(embeddings, case)["shared"] is not False:
        raise CheckFailed(
            "self.source and self.target share their weights", diagnosis="one layer was made and used twice"
        )
