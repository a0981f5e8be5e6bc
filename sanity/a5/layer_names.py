"""How questions 4a to 4d compare the names and shapes of parameters."""

from __future__ import annotations

from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers
from sanity.core.values import sizes_text


def same_parameters(got: Answers, want: Answers) -> None:
    """Raise CheckFailed unless a module has the parameters that it should, and no others."""
    mine, right = got["parameters"], want["parameters"]
    if not isinstance(mine, dict):
        raise CheckFailed("the layers cannot be found: are they attributes of the module?")
    for name, shape in right.items():
        layer, _, parameter = name.rpartition(".")
        if name not in mine:
            known = any(other.startswith(f"{layer}.") for other in mine)
            said = f"self.{layer} has no {parameter}" if known else f"there is no layer self.{layer}"
            diagnosis = f"{layer} is made without a bias" if known and parameter == "bias" else ""
            raise CheckFailed(said, diagnosis=diagnosis)
        if mine[name] != shape:
            found = sizes_text(tuple(mine[name])) if all(isinstance(n, int) for n in mine[name]) else "unknown"
            diagnosis = f"the sizes of self.{layer} are swapped" if mine[name] == shape[::-1] else ""
            raise CheckFailed(f"self.{name} has shape {found}, expected {tuple(shape)}", diagnosis=diagnosis)
    layers = {name.rpartition(".")[0] for name in right}
    for name in sorted(mine.keys() - right.keys()):
        layer, _, parameter = name.rpartition(".")
        if layer in layers and parameter == "bias":
            raise CheckFailed(f"self.{layer} has a bias, but should not have one", hint="make it with bias=False")
    if mine.keys() - right.keys():
        raise CheckFailed("the module has more parameters than it should")
