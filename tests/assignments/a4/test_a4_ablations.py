"""The variants are what their names say, and the ablations train each once, alike, and write what became of it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from graders.course.assignment import load_assignment
from tests.support.tiny import Modules, Tiny, sentences

NAMES = (
    "reference",
    "dot",
    "additive",
    "no-attention",
    "no-input-feeding",
    "one-direction",
    "no-convolution",
    "no-masks",
)


@pytest.fixture(scope="module")
def tiny(a4: Modules) -> Tiny:
    return Tiny(a4, number=12)


@pytest.fixture(scope="module")
def ablations(a4: Modules) -> ModuleType:
    return a4("ablations")


def model_of(tiny: Tiny, name: str) -> Any:
    """A variant in evaluation mode, in double precision, with large weights."""
    torch.manual_seed(0)
    variants = tiny.a4("variants")
    model = variants.VariantNMT(5, 4, tiny.vocab, 0.3, variants.VARIANTS[name])
    tiny.a4("nmt.recipe").initialise(model, replace(tiny.recipe, uniform_init=0.8))
    return model.double().eval()


def losses(tiny: Tiny, model: Any) -> Tensor:
    found: Tensor = tiny.a4("nmt.losses").word_losses(model, tiny.batch())
    return found


def a_step(tiny: Tiny) -> dict[str, Any]:
    """Arguments of `step` for three sentences of four words, the last word of the last one padding."""
    dice = torch.Generator().manual_seed(1)

    def drawn(*size: int) -> Tensor:
        return torch.randn(*size, generator=dice, dtype=torch.float64)

    masks = torch.tensor([[0.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], dtype=torch.float64)
    state = (drawn(3, 4), drawn(3, 4))
    return {"Ybar_t": drawn(3, 9), "dec_state": state, "enc_hiddens": drawn(3, 4, 8), "enc_masks": masks}


def step(tiny: Tiny, model: Any, **changed: Any) -> Any:
    given = {**a_step(tiny), **changed}
    return model.step(enc_hiddens_proj=model.att_projection(given["enc_hiddens"]), **given)


def test_all_are_known_by_name(tiny: Tiny) -> None:
    assert tuple(tiny.a4("variants").VARIANTS) == NAMES


def test_the_reference_is_the_reference(tiny: Tiny) -> None:
    variant = model_of(tiny, "reference")
    plain = tiny.a4("nmt_model").NMT(5, 4, tiny.vocab, 0.3).double().eval()
    plain.load_state_dict(variant.state_dict())
    assert torch.equal(losses(tiny, plain), losses(tiny, variant))


@pytest.mark.parametrize("name", NAMES)
def test_every_weight_of_a_variant_learns(tiny: Tiny, name: str) -> None:
    model = model_of(tiny, name)
    losses(tiny, model).sum().backward()
    for weight, tensor in model.named_parameters():
        assert tensor.grad is not None and tensor.grad.any(), weight


@pytest.mark.parametrize("name", [name for name in NAMES if name != "no-masks"])
def test_a_translation_does_not_depend_on_the_other_sentences(tiny: Tiny, name: str) -> None:
    model, search = model_of(tiny, name), tiny.a4("nmt.search").beam_search
    source = [tiny.vocab.src.indices2words(words) for words, _ in tiny.pairs]
    for sentence, found in zip(source, search(model, source, 3, 8), strict=True):
        (alone,) = search(model, [sentence], 3, 8)
        assert [h.value for h in alone] == [h.value for h in found]
        assert [h.score for h in alone] == pytest.approx([h.score for h in found])


def test_the_dot_is_of_the_sum_of_directions(tiny: Tiny) -> None:
    (h_dec, _), _, e_t = step(tiny, model_of(tiny, "dot"))
    hiddens = a_step(tiny)["enc_hiddens"]
    expected = torch.einsum("bh, bsh -> bs", h_dec, hiddens[..., :4] + hiddens[..., 4:])
    expected[2, 3] = float("-inf")
    torch.testing.assert_close(e_t, expected)


def test_additive_attention(tiny: Tiny) -> None:
    model = model_of(tiny, "additive")
    (h_dec, _), _, e_t = step(tiny, model)
    hiddens = a_step(tiny)["enc_hiddens"]
    W1, W2, v = model.att_projection.weight, model.att_query.weight, model.att_vector.weight[0]
    for b, s in ((0, 0), (1, 3), (2, 2)):
        torch.testing.assert_close(e_t[b, s], v @ torch.tanh(W1 @ hiddens[b, s] + W2 @ h_dec[b]))
    assert e_t[2, 3] == float("-inf")


def test_without_attention_the_step_does_not_look(tiny: Tiny) -> None:
    hiddens = a_step(tiny)["enc_hiddens"]
    for name, looks in (("no-attention", False), ("reference", True)):
        model = model_of(tiny, name)
        one, other = (step(tiny, model, enc_hiddens=states)[1] for states in (hiddens, hiddens.flip(0)))
        assert torch.equal(one, other) != looks


def test_without_input_feeding_the_output_before_does_not_matter(tiny: Tiny) -> None:
    given = a_step(tiny)["Ybar_t"]
    another = torch.cat((given[:, :5], given[:, 5:] + 1), dim=1)
    for name, feeds in (("no-input-feeding", False), ("reference", True)):
        model = model_of(tiny, name)
        one, other = (step(tiny, model, Ybar_t=inputs)[1] for inputs in (given, another))
        assert torch.equal(one, other) != feeds


def test_one_direction_does_not_see_what_comes(tiny: Tiny) -> None:
    one, other = torch.tensor([[4], [5], [6], [7]]), torch.tensor([[4], [5], [6], [8]])
    for name, sees in (("one-direction", False), ("reference", True)):
        model = model_of(tiny, name)
        (hiddens, state), (others, _) = model.encode(one, [4]), model.encode(other, [4])
        assert hiddens.shape == (1, 4, 8)
        assert [part.shape for part in state] == [(1, 4), (1, 4)]
        assert torch.equal(hiddens[:, :2], others[:, :2]) != sees  # the convolution sees one word ahead


def test_without_the_convolution_the_encoder_reads_the_embeddings(tiny: Tiny) -> None:
    model, source = model_of(tiny, "no-convolution"), torch.tensor([[4], [5]])
    expected, _ = model.encoder(model.model_embeddings.source(source))
    torch.testing.assert_close(model.encode(source, [2])[0], expected.transpose(0, 1))


def test_without_masks_padding_gets_attention(tiny: Tiny) -> None:
    _, _, e_t = step(tiny, model_of(tiny, "no-masks"))
    assert e_t.isfinite().all()


@pytest.fixture
def small(a4: Modules) -> dict[str, Any]:
    """Arguments of ablations: a few updates on words said backwards."""
    texts = a4("nmt.corpus").Texts
    source, target = sentences(60)
    parts = [texts(source[i:j], target[i:j]) for i, j in ((0, 40), (40, 50), (50, 60))]
    corpus = a4("nmt.corpus").Corpus("backwards", "a", "b", *parts)
    sizes = {"embed_size": 5, "hidden_size": 4, "batch_size": 4, "beam_size": 2}
    recipe = a4("nmt.recipe").Recipe(**sizes, schedule="linear", valid_niter=4, max_updates=6)
    return {"corpus": corpus, "recipe": recipe, "seed": 1}


def test_each_is_trained_once_and_listed(ablations: ModuleType, small: dict[str, Any], tmp_path: Path) -> None:
    told: list[str] = []
    first = ablations.ablations(["dot"], **small, folder=tmp_path, print_line=told.append)
    assert [line.partition(":")[0] for line in told] == ["dot"] * 4  # begins, two looks, the result
    told.clear()
    rows = ablations.ablations(["reference", "dot"], **small, folder=tmp_path, print_line=told.append)
    assert rows[1] == first[0]
    assert [line.partition(":")[0] for line in told] == ["reference"] * 4 + ["dot"]  # its result only
    assert [row.updates for row in rows] == [6, 6]

    table = (tmp_path / "ablations.md").read_text().splitlines()
    assert [line.split(" | ")[0] for line in table[2:4]] == ["| reference", "| dot"]
    assert "6 updates each; nrefs:1|" in table[-1]
    with (tmp_path / "ablations.csv").open() as file:
        assert [float(row["bleu"]) for row in csv.DictReader(file)] == [row.bleu for row in rows]
    picture = (tmp_path / "ablations.svg").read_text()
    assert "reference" in picture
    assert "dot" in picture


def test_one_that_was_stopped_goes_on(ablations: ModuleType, small: dict[str, Any], tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if "update 6" in line:  # update 4 has left a checkpoint
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ablations.ablations(["additive"], **small, folder=tmp_path / "stopped", print_line=stop)
    told: list[str] = []
    (one,) = ablations.ablations(["additive"], **small, folder=tmp_path / "stopped", print_line=told.append)
    assert told[0].endswith(", resuming after update 4")
    (other,) = ablations.ablations(["additive"], **small, folder=tmp_path / "straight", print_line=told.append)
    assert replace(one, seconds=0) == replace(other, seconds=0)


def test_results_of_another_recipe_are_not_mixed(ablations: ModuleType, small: dict[str, Any], tmp_path: Path) -> None:
    ablations.ablations(["dot"], **small, folder=tmp_path, print_line=lambda line: None)
    with pytest.raises(ablations.AblationError) as error:
        ablations.ablations(["dot"], **{**small, "seed": 2}, folder=tmp_path, print_line=lambda line: None)
    begun = "made with another recipe or corpus; name another folder, or remove this one"
    assert str(error.value) == f"{tmp_path / 'dot'}: {begun}"


def test_unknown_names_are_one_line(tmp_path: Path) -> None:
    script = load_assignment("a4").solutions / "staff" / "ablations.py"
    command = [sys.executable, str(script), "dots", "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ablations.py: no variant dots; expected some of {', '.join(NAMES)}\n"
    assert not (tmp_path / "out").exists()


def test_a_file_for_a_folder_is_one_line(
    ablations: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    assert ablations.main(["dot", "--updates=1", "--device=cpu", f"--out={out}"]) == 2
    expected = "expected a new folder or that of an earlier call: name another with --out"
    assert capsys.readouterr().err == f"ablations.py: {out}: a file; {expected}\n"
    assert out.read_text() == "mine"


def test_whatever_ends_them_is_one_line(
    ablations: ModuleType, a4: Modules, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, said in (
        (a4("nmt.training").Diverged("the loss is nan"), "the loss is nan"),
        (a4("vocab").VocabError("no words"), "no words"),
        (PermissionError(13, "Permission denied", "out/dot"), "out/dot: Permission denied"),
        (OSError(28, "No space left on device"), "the output: No space left on device"),
    ):

        def fails(*args: object, error: Exception = error, **options: object) -> None:
            raise error

        monkeypatch.setattr(ablations, "ablations", fails)
        assert ablations.main(["dot"]) == 2
        assert capsys.readouterr().err == f"ablations.py: {said}\n"
    with pytest.raises(SystemExit, match="2"):
        ablations.main(["dot", "--updates=0"])
    assert capsys.readouterr().err.endswith("argument --updates: 0 is not at least 1\n")


@pytest.mark.slow
def test_the_program_makes_tables_and_plot(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        str(load_assignment("a4").solutions / "staff" / "ablations.py"),
        "no-masks",
        "--updates",
        "1",
        "-o",
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"table and plot: {out / 'ablations.md'}, {out / 'ablations.svg'}"
    assert json.loads((out / "no-masks" / "result.json").read_text())["updates"] == 1
    assert done.stderr == ""
