"""Questions 4a to 4f: the reference is what torch has, parts are judged alone, and files of other years drop in."""

from __future__ import annotations

import importlib.util
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import ANSWER
from sanity import check_folder
from sanity.a5.decoders import DECODERS, SIZES, WORDS
from sanity.core.verdict import Outcome

COURSE, HANDOUT = load_assignment("a5"), handout_folder("a5")
QUESTIONS = ("4a", "4b", "4c", "4d", "4e", "4f")
FILE = "model_solution.py"
GIVEN = ("utils.py", "installed.py", "jaxtyping", "transformers", "huggingface_hub")
OF_2026 = Path(__file__).with_name("src") / FILE


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"a5_{path.stem}", path)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # where a dataclass looks itself up
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return module(COURSE.solutions / FILE)


def filled(made: Any, seed: int = 0) -> Any:
    """Give a module weights of the size that the checks have."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    return made


def outcomes(folder: Path, *questions: str) -> dict[str, set[Outcome]]:
    return {question.id: {v.outcome for v in verdicts} for question, verdicts in check_folder(folder, questions)}


def test_sizes_differ_from_each_other_and_rows_do_too() -> None:
    for case in [DECODERS.case(), *DECODERS.corner_cases(1), *DECODERS.drawn_cases(2, 20)]:
        B, T = case.tokens.shape
        sizes = [B, T, case.heads, case.C // case.heads, case.C, 4 * case.C, case.T_max, case.V]
        assert len(set(sizes)) == len(sizes), case.words
        assert case.C & (case.C - 1) and (case.tokens[0] != case.tokens[1]).all()
    assert set(SIZES) >= set(re.findall(r"{(\w+)}", WORDS)) - {"C"}


def test_the_two_kinds_of_gelu_are_as_near_as_the_handout_says(reference: ModuleType) -> None:
    import torch

    x = torch.linspace(-6, 6, 24001, dtype=torch.float64)
    difference = (reference.GELU()(x) - torch.nn.functional.gelu(x)).abs()
    assert 4.6e-4 < float(difference.max()) < 4.75e-4 and abs(abs(float(x[difference.argmax()])) - 2.7) < 0.05
    assert "4.7 \\cdot 10^{-4}" in (HANDOUT / "README.md").read_text(encoding="utf-8")


def test_attention_is_that_of_torch(reference: ModuleType) -> None:
    import torch

    own = filled(reference.CausalAttention(reference.ModelConfig(15, 3, 1, 9, 7)))
    theirs, x = torch.nn.MultiheadAttention(15, 3, batch_first=True), torch.randn(2, 7, 15)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([own.W_q.weight, own.W_k.weight, own.W_v.weight]))
        theirs.in_proj_bias.copy_(torch.cat([own.W_q.bias, own.W_k.bias, own.W_v.bias]))
        theirs.out_proj.load_state_dict(own.W_o.state_dict())
        mask = torch.nn.Transformer.generate_square_subsequent_mask(7)
        torch.testing.assert_close(own(x), theirs(x, x, x, attn_mask=mask, is_causal=True)[0])


def test_a_block_is_that_of_torch(reference: ModuleType) -> None:
    import torch

    own = filled(reference.DecoderBlock(reference.ModelConfig(12, 3, 1, 9, 7)))
    gelu = reference.GELU()
    theirs = torch.nn.TransformerEncoderLayer(12, 3, 48, 0, gelu, batch_first=True, norm_first=True)
    given = dict(own.named_parameters())
    names = {
        **{f"self_attn.out_proj.{kind}": f"attention.W_o.{kind}" for kind in ("weight", "bias")},
        **{f"linear{i}.{kind}": f"mlp.fc{i}.{kind}" for i in (1, 2) for kind in ("weight", "bias")},
        **{f"norm{i}.{k}": f"{w}_layer_norm.{k}" for i, w in ((1, "pre"), (2, "post")) for k in ("weight", "bias")},
    }
    joined = {
        f"self_attn.in_proj_{kind}": torch.cat([given[f"attention.W_{part}.{kind}"] for part in "qkv"])
        for kind in ("weight", "bias")
    }
    theirs.load_state_dict({**{name: given[mine] for name, mine in names.items()}, **joined})
    x = torch.randn(2, 6, 12)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(6)
    torch.testing.assert_close(own(x), theirs(x, src_mask=mask, is_causal=True), rtol=1e-4, atol=1e-5)


def test_published_weights_are_converted_to_ours(reference: ModuleType) -> None:
    import torch

    C, layers = 6, 2
    shapes = {"transformer.wte.weight": (11, C), "transformer.wpe.weight": (8, C), "lm_head.weight": (11, C)}
    shapes |= {f"transformer.ln_f.{kind}": (C,) for kind in ("weight", "bias")}
    for i in range(layers):
        at = f"transformer.h.{i}"
        shapes |= {f"{at}.{norm}.{kind}": (C,) for norm in ("ln_1", "ln_2") for kind in ("weight", "bias")}
        for name, size in (("attn.c_attn", (C, 3 * C)), ("attn.c_proj", (C, C)), ("mlp.c_fc", (C, 4 * C))):
            shapes |= {f"{at}.{name}.weight": size, f"{at}.{name}.bias": size[1:]}
        shapes |= {
            f"{at}.mlp.c_proj.weight": (4 * C, C),
            f"{at}.mlp.c_proj.bias": (C,),
            f"{at}.attn.bias": (1, 1, 8, 8),
        }
    theirs = {name: torch.randn(shape) / 2 for name, shape in shapes.items()}
    model = reference.Transformer(reference.ModelConfig(C, 3, layers, 8, 11))
    model.load_state_dict(module(HANDOUT / "utils.py").state_dict_converter(theirs))

    def norm(x: Any, name: str) -> Any:
        weight, bias = (theirs[f"transformer.{name}.{kind}"] for kind in ("weight", "bias"))
        return torch.nn.functional.layer_norm(x, (C,), weight, bias)

    def dense(x: Any, name: str) -> Any:
        return x @ theirs[f"transformer.{name}.weight"] + theirs[f"transformer.{name}.bias"]

    tokens = torch.tensor([[1, 5, 2, 9], [4, 0, 10, 3]])
    h = theirs["transformer.wte.weight"][tokens] + theirs["transformer.wpe.weight"][:4]
    for i in range(layers):
        parts = dense(norm(h, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn").split(C, dim=2)
        q, k, v = (part.view(2, 4, 3, 2).transpose(1, 2) for part in parts)
        joined = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        h = h + dense(joined.reshape(2, 4, C), f"h.{i}.attn.c_proj")
        hidden = torch.nn.functional.gelu(dense(norm(h, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
        h = h + dense(hidden, f"h.{i}.mlp.c_proj")
    want = norm(h, "ln_f") @ theirs["lm_head.weight"].T
    torch.testing.assert_close(model(tokens), want, rtol=1e-4, atol=1e-4)
    del theirs["lm_head.weight"]
    tied = module(HANDOUT / "utils.py").state_dict_converter(theirs)
    assert torch.equal(tied["lm_head.weight"], theirs["transformer.wte.weight"])


def test_both_alignments_of_the_loss_are_equal(reference: ModuleType) -> None:
    import torch

    model, tokens = filled(reference.Transformer(reference.ModelConfig(9, 3, 2, 8, 11))), torch.randint(11, (2, 7))
    cut_late = torch.nn.functional.cross_entropy(model(tokens)[:, :-1].reshape(-1, 11), tokens[:, 1:].reshape(-1))
    torch.testing.assert_close(model.get_loss_on_batch(tokens), cut_late)


def test_the_simple_logits_have_a_clear_margin() -> None:
    import torch

    from sanity.a5.beside.decoder_stand_ins import fixed_logits

    best = fixed_logits(torch.randint(19, (50, 11)), 19).topk(2, dim=-1).values
    assert float((best[..., 0] - best[..., 1]).min()) > 0.5


def test_simple_parts_see_nothing_later() -> None:
    import torch

    from sanity.a5.beside.decoder_stand_ins import StandInAttention, StandInBlock, StandInMLP, learnt_logits

    x = torch.randn(2, 6, 5)
    later = torch.cat((x[:, :3], x[:, 3:] + 1), dim=1)
    for part in (StandInAttention(), StandInMLP(), StandInBlock(place=1)):
        assert torch.equal(part(x)[:, :3], part(later)[:, :3]) and not torch.equal(part(x), part(later))
    logits, tokens = learnt_logits(torch.randn(9, 9)), torch.randint(8, (2, 6))
    after = torch.cat((tokens[:, :3], tokens[:, 3:] + 1), dim=1)
    assert torch.equal(logits(tokens)[:, :3], logits(after)[:, :3])


def only(question: str) -> str:
    """Return the reference with the answers to one question, as who has not written the others."""
    text = COURSE.reference[FILE].decode()
    blank = '        raise NotImplementedError("{0}: not implemented yet")\n'
    return ANSWER.sub(lambda f: f[0] if f[2] == question else f[1] + blank.format(f[2]) + f[4], text)


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_can_be_answered_alone(question: str, tmp_path: Path) -> None:
    folder = shutil.copytree(HANDOUT, tmp_path / "a5")
    (folder / FILE).write_text(only(question), encoding="utf-8")
    assert outcomes(folder, question) == {question: {Outcome.PASSED}}


def test_what_is_not_written_is_not_answered(tmp_path: Path) -> None:
    folder = shutil.copytree(HANDOUT, tmp_path / "a5")
    for question, verdicts in check_folder(folder, list(QUESTIONS)):
        assert {verdict.message for verdict in verdicts if verdict.weight} == {"not implemented yet"}, question.id


def test_a_file_of_2026_drops_in(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = shutil.copytree(HANDOUT, tmp_path / "a5")
    (folder / FILE).unlink()
    shutil.copytree(OF_2026.parent, folder / "src")
    assert outcomes(folder, *QUESTIONS) == {question: {Outcome.PASSED} for question in QUESTIONS}
    assert "note:" not in capfd.readouterr().err


def given_to(folder: Path) -> Path:
    """Copy what files of part 4 import into a folder, and a file of 2026."""
    for name in GIVEN:
        copy: Any = shutil.copytree if (HANDOUT / name).is_dir() else shutil.copy
        copy(HANDOUT / name, folder / name)
    shutil.copy(OF_2026, folder)
    return folder


def python(folder: Path, *lines: str, libraries: Path | None = None) -> str:
    prepared = [
        f"import sys; sys.path[:0] = [{str(folder)!r}]",
        *([f"sys.path.append({str(libraries)!r})"] if libraries else []),
    ]
    done = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join([*prepared, *lines])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_file_of_2026_is_imported_by_python_itself(tmp_path: Path) -> None:
    lines = ("import model_solution", "print(model_solution.Transformer.generate.__annotations__['x'])")
    assert python(given_to(tmp_path), *lines) == "typing.Any"


def test_stand_ins_say_what_to_install_when_they_are_used(tmp_path: Path) -> None:
    lines = (
        "from huggingface_hub import login, snapshot_download",
        "from transformers import GPT2LMHeadModel, AutoModel",
        "for use in (login, snapshot_download, GPT2LMHeadModel, AutoModel, lambda: AutoModel.from_pretrained('x')):",
        "    try: use()",
        "    except ModuleNotFoundError as error: print(error)",
    )
    hub, model = (f"{name} is not installed: pip install {name}" for name in ("huggingface_hub", "transformers"))
    assert python(given_to(tmp_path), *lines).splitlines() == [hub, hub, model, model, model]


def test_stand_ins_give_way_to_what_is_installed(tmp_path: Path) -> None:
    libraries = {
        "jaxtyping/__init__.py": "from ._types import Float, REAL",
        "jaxtyping/_types.py": "Float, REAL = 'real Float', 1",
        "huggingface_hub/__init__.py": "from . import errors\ndef login(token): return f'logged in as {token}'",
        "huggingface_hub/errors.py": "class HubError(Exception): pass",
        "transformers/__init__.py": "import huggingface_hub.errors\nfrom .models import GPT2LMHeadModel\nIMPORTED = 1",
        "transformers/models.py": "class GPT2LMHeadModel:\n    from_pretrained = staticmethod(lambda n: f'real {n}')",
    }
    for name, text in libraries.items():
        path = tmp_path / ".venv" / "site-packages" / name  # students make theirs inside the folder
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    lines = (
        "import jaxtyping; print(jaxtyping.Float, jaxtyping.REAL)",
        "from transformers import GPT2LMHeadModel",
        "print(hasattr(sys.modules['transformers'], '__version__'), 'huggingface_hub' in sys.modules)",
        "print(GPT2LMHeadModel.from_pretrained('gpt2'))",
        "import transformers; print(transformers.IMPORTED)",
        "from huggingface_hub import login; print(login(token='ada'))",
    )
    printed = python(given_to(tmp_path), *lines, libraries=tmp_path / ".venv" / "site-packages").splitlines()
    assert printed == ["real Float 1", "False False", "real gpt2", "1", "logged in as ada"]


def test_what_files_of_2021_to_2025_import_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    utils = module(HANDOUT / "utils.py")

    class Counting:
        """Thinks that the next number follows; knows four numbers back."""

        def eval(self) -> None: ...
        def get_block_size(self) -> int:
            return 4

        def __call__(self, x: Any) -> tuple[Any, None]:
            assert x.size(1) <= 4
            return torch.nn.functional.one_hot((x + 1) % 10, 10) * 9.0, None

    x = torch.tensor([[1, 2, 3], [7, 8, 9]])
    assert utils.sample(Counting(), x, 3).tolist() == [[1, 2, 3, 4, 5, 6], [7, 8, 9, 0, 1, 2]]
    utils.set_seed(1)
    drawn = [torch.rand(1).item(), float(np.random.rand())]
    utils.set_seed(1)
    assert drawn == [torch.rand(1).item(), float(np.random.rand())]
    assert utils.sample(Counting(), x, 3, sample=True, top_k=1).tolist()[1] == [7, 8, 9, 0, 1, 2]
    logits = torch.tensor([[1.0, 3.0, 2.0]])
    assert utils.top_k_logits(logits, 2).tolist() == [[-math.inf, 3.0, 2.0]]
    places = tmp_path / "dev.tsv"
    places.write_text("Where was Ada born?\tLondon\nWhere was Emmy born?\tErlangen\n")
    assert utils.evaluate_places(str(places), ["London", "Paris"]) == (2, 1)
    places.write_text("Where was Ada born?\n")
    assert utils.evaluate_places(str(places), ["London"]) == (0, 0)
