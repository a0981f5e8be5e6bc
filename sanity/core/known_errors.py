"""Known errors: exceptions of Python, numpy and torch with one well-known cause, and a hint for each.

Only what is true of any code stands here. What an assignment adds is in its own `known_errors` module, as `KNOWN`.
"""

from __future__ import annotations

import re

Known = tuple[tuple[str, str], ...]
"""Pairs of a pattern over `type: text`, and a hint, in which {0} stands for the pattern's first group."""

KNOWN: Known = (
    (
        r"masked_fill.*(?:only supports boolean|expected.*bool)|expected BoolTensor|mask.*(?:dtype|type).*[Bb]ool",
        "torch masks are boolean now: write mask.bool(), not mask.byte()",
    ),
    (r"Subtraction, the `-` operator, with a bool tensor", "invert a boolean mask with ~mask, not with 1 - mask"),
    (
        r"module 'numpy' has no attribute '(int|float|bool|complex|object|str)'",
        "np.{0} is gone since numpy 1.24: write {0}",
    ),
    (
        r"`np\.(float_|Inf|NaN|infty)` was removed in the NumPy 2",
        "np.{0} is gone since numpy 2: write np.float64, np.inf, np.nan",
    ),
    (r"no cell defines ", "the notebook does not define this function, or not under this name"),
    (
        r"Weights only load failed|weights_only",
        "torch.load reads only plain weights by default: save state_dict(), not whole objects",
    ),
    (r"Dimension out of range", "this axis does not exist: did squeeze() without an axis remove one of size one?"),
    (r"mat1 and mat2 shapes cannot be multiplied", "the last axis does not fit the layer's in_features"),
    (
        r"Tensors must have same number of dimensions",
        "torch.cat joins tensors with equally many axes: did squeeze() remove one?",
    ),
    (
        r"Sizes of tensors must match except in dimension",
        "torch.cat runs along the wrong axis, or a tensor has the wrong size: compare their shapes",
    ),
    (
        r"input.size\(-1\) must be equal to input_size|input has inconsistent input_size",
        "an LSTM's last axis is its input size: check the order of the axes",
    ),
    (
        r"one of the variables needed for gradient computation has been modified by an inplace",
        "an in-place operation changed a tensor that the gradient needs: use the version without underscore",
    ),
    (
        r"view size is not compatible",
        "view() cannot follow permute(): use reshape() or contiguous(), and check that a reshape is meant",
    ),
    (r"Padding_idx must be within num_embeddings", "padding_idx is no row of this embedding: are its sizes swapped?"),
    (r"index out of range in self", "an index is beyond the last row of the embedding"),
    (
        r"leaf Variable that requires grad is being used in an in-place operation",
        "an argument is changed in place: make a new tensor with the operation without underscore",
    ),
    (r"stack expects a non-empty TensorList", "the list given to torch.stack() is empty"),
    (
        r"zero-dimensional tensor .* cannot be concatenated",
        "torch.cat joins tensors with axes: did squeeze() without an axis remove them all?",
    ),
    (r"NoneType", "a value here is None: did a function forget to `return`?"),
    (
        r"The size of tensor a .* must match the size of tensor b",
        "the axes of two tensors do not fit: compare their shapes; is one of them transposed?",
    ),
    (
        r"matmul: Input operand \d has a mismatch in its core dimension|shapes \(.*\) and \(.*\) not aligned",
        "in a product the last size of the first must be the first of the second: must one be transposed (.T)?",
    ),
    (
        r"operands could not be broadcast together",
        "the shapes of two arrays do not fit: compare them from the last axis on, where sizes must be equal or 1",
    ),
    (r"have the same dtype", "one tensor has another dtype: make new ones with x.new_zeros(), or with dtype="),
    (r"SyntaxError: .*(?:codec can't decode|null bytes|Non-UTF-8)", "the file is not plain text: save it as UTF-8"),
    (r"ValueError: source code .*null bytes", "the file is not plain text: save it as UTF-8"),  # before Python 3.11.4
    (r"No module named 'torch'", "torch is missing: pip install torch"),
    (
        r"Torch not compiled with CUDA|No CUDA GPUs|Found no NVIDIA driver",
        "this machine has no GPU: write .to(device) with the device of the weights, not .cuda()",
    ),
    (r"can't convert cuda|to copy the tensor to host memory", "call .cpu() before numpy()"),
    (r"that requires grad\. Use .*detach", "call .detach() before .numpy()"),
    (r"can't allocate memory|Cannot allocate memory|MemoryError", "this asks for too much memory: check the sizes"),
    (r"AttributeError: module '\w+' has no attribute", "the module has no such name: is it misspelt, or gone since?"),
    (
        r"only (?:0-dimensional|length-1|size-1) arrays can be converted to Python scalars",
        "the functions of math take one number: for arrays use those of numpy, such as np.exp()",
    ),
    (r"'\w+' object has no attribute", "the object has no such attribute: is its name misspelt, or was it never set?"),
    (r"^BdbQuit", "a debugger is left in: delete breakpoint() and pdb.set_trace()"),
    (r"super\(\)\.__init__|before Module\.__init__\(\) call", "call super().__init__() first in __init__"),
)


def advice(type_name: str, text: str, known: Known = ()) -> str:
    """Return a hint of one line on an error, or "" if it is not a known one.

    Args:
        type_name: the name of the exception's type.
        text: its message.
        known: the assignment's known errors, which come before those of any code.

    >>> advice("AttributeError", "module 'numpy' has no attribute 'int'.")
    'np.int is gone since numpy 1.24: write int'
    >>> advice("ValueError", "too many values to unpack")
    ''
    """
    for pattern, hint in (*known, *KNOWN):
        found = re.search(pattern, f"{type_name}: {text}"[:2000])
        if found:
            return hint.format(*(group or "" for group in found.groups()))
    return ""
