"""Plain values: a submission's answer as numbers, strings, arrays, lists and dicts.

`plain` runs beside the submission and reduces any returned value to those; everything else becomes `Unsupported`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_DEPTH = 16
"""How deeply lists and dicts of an answer may nest; no question asks for more than three."""

KNOWN_TYPES = frozenset(
    [
        "NoneType",
        "ellipsis",
        "function",
        "method",
        "generator",
        "type",
        "module",
        "set",
        "frozenset",
        "bytes",
        "complex",
        "map",
        "filter",
        "zip",
        "range",
        "PackedSequence",
        "Module",
        "Linear",
        "LSTM",
        "LSTMCell",
        "Embedding",
        "Conv1d",
        "Dropout",
        "GRU",
        "GRUCell",
        "RNN",
        "Sequential",
        "ModuleList",
        "Vocab",
        "VocabEntry",
        "NMT",
        "ModelEmbeddings",
        "TruncatedSVD",
        "PCA",
        "KeyedVectors",
        "DataFrame",
        "Series",
        "Counter",
        "deque",
        "dict_keys",
        "dict_values",
        "dict_items",
        "csr_matrix",
        "csc_matrix",
        "coo_matrix",
        "lil_matrix",
        "csr_array",
        "csc_array",
        "coo_array",
        "lil_array",
        "Figure",
        "Axes",
        "PathCollection",
        "sparse",
        "complex64",
        "complex128",
        "object",
    ]
)
"""Type names that a message may hold. Others are the submission's own words, and are not shown."""


NOT_A_TENSOR = "numpy array"
"""The name of an array of numbers where a tensor belongs. No type has a name with a space."""
ARRAYS = {"U": "array of strings", "O": "array of objects"}
"""The name of an array that is not plain data, by numpy's letter for its kind."""


@dataclass(frozen=True)
class Unsupported:
    """A part of an answer that is not plain data. Only the name of its type is kept."""

    type: str

    def __str__(self) -> str:
        if self.type in ARRAYS.values():
            return f"an {self.type}"
        if self.type == NOT_A_TENSOR:
            return f"a {self.type}"
        return f"a value of type {self.type}" if self.type in KNOWN_TYPES else "a value of another type"


def plain(value: Any, depth: int = 0) -> Any:
    """Reduce value to plain data.

    Returns:
        None, bool, int, float, str, a C-contiguous numpy array of booleans, integers or floats in native byte
        order, an Unsupported, or a list (also for tuples) or dict with string keys of those. Tensors lose their
        gradient and device, and half precision becomes float32.

    >>> plain((1, np.arange(2), {"a"}))
    [1, array([0, 1]), Unsupported(type='set')]
    """
    if value is None or type(value) in (bool, int, float, str, Unsupported):
        return value
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return Unsupported("PackedSequence")  # a named tuple, but never meant as four answers
    if torch is not None and isinstance(value, torch.Tensor):
        return _from_tensor(value, torch)
    if isinstance(value, np.ndarray | np.generic):
        return _from_numpy(np.asarray(value))
    if isinstance(value, list | tuple) and depth < MAX_DEPTH:
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return base(value)
    return Unsupported(type(value).__name__)


def _from_tensor(value: Any, torch: Any) -> Any:
    if value.layout != torch.strided or value.is_quantized:
        return Unsupported("sparse")
    value = value.detach().cpu()
    if value.dtype in (torch.float16, torch.bfloat16):
        value = value.float()
    return _from_numpy(value.numpy())


def _from_numpy(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.kind not in "biuf":
        return Unsupported(ARRAYS.get(array.dtype.kind, array.dtype.name))
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float64 if array.dtype.itemsize > 8 else np.float32)
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C", subok=False)


MANY = 99
"""Larger sizes of an answer are not told exactly. Right ones are far below, and a size may be any number that the
submission has chosen: it could tell what it has seen of a hidden case."""
MAX_AXES = 4
"""Axes of an answer whose sizes are told; no question asks for more than three."""


def size_text(size: int, most: int = MANY) -> str:
    """Spell a size of an answer, for messages.

    >>> size_text(3), size_text(424242004), size_text(-42)
    ('3', 'over 99', 'below 0')
    """
    return str(int(size)) if 0 <= size <= most else "below 0" if size < 0 else f"over {most}"


def sizes_text(shape: tuple[int, ...], most: int = MANY) -> str:
    """Spell a shape of an answer as Python does, for messages, as far as its sizes are told.

    >>> sizes_text((2, 3)), sizes_text((3,)), sizes_text((2, 424242004)), sizes_text((1, 2, 3, 4, 5, 6))
    ('(2, 3)', '(3,)', '(2, over 99)', '(1, 2, 3, 4, and more axes)')
    """
    spelt = [size_text(size, most) for size in shape[:MAX_AXES]]
    if len(shape) > MAX_AXES:
        spelt.append("and more axes")
    return f"({spelt[0]},)" if len(spelt) == 1 else f"({', '.join(spelt)})"


def describe(value: Any) -> str:
    """Name the kind of a plain value, for messages; the value itself is never shown.

    >>> describe(np.zeros((2, 3)))
    'an array of shape (2, 3)'
    >>> describe([1, 2])
    'a list of 2'
    >>> describe(np.float32(1))
    'a float'
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return f"an array of shape {sizes_text(value.shape)}"
    if isinstance(value, list):
        return f"a list of {size_text(len(value))}"
    if isinstance(value, Unsupported):
        return str(value)
    names = {
        type(None): "None",
        bool: "a bool",
        int: "an int",
        float: "a float",
        str: "a str",
        dict: "a dict",
    }
    return names[type(value)]
