"""Errors of old code on new libraries, and other errors with one well-known cause: a line of advice each."""

from __future__ import annotations

import re

KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"masked_fill.*(?:only supports boolean|expected.*bool)|expected BoolTensor|mask.*(?:dtype|type).*[Bb]ool",
        "torch masks are boolean now: write enc_masks.bool(), not .byte()",
    ),
    (r"Subtraction, the `-` operator, with a bool tensor", "turn a boolean mask over with ~mask, not with 1 - mask"),
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
        r"object has no attribute '(vocab|wv_vocab)'|The vocab attribute was removed",
        "gensim 4 has no .vocab: use .key_to_index",
    ),
    (r"has no attribute 'index2word'", "gensim 4 calls it .index_to_key"),
    (
        r"Weights only load failed|weights_only",
        "torch.load reads only plain weights by default: save state_dict(), not whole objects",
    ),
    (
        r"Length of all samples has to be greater than 0",
        "a sentence of length 0 cannot be packed: are the lengths right?",
    ),
    (
        r"'lengths' argument should be a 1D CPU int64 tensor",
        "pack_padded_sequence wants the lengths as a list or a CPU tensor",
    ),
    (
        r"`len\(lengths\)` to be equal to batch_size",
        "pack_padded_sequence wants (src_len, b, e), unless told batch_first=True",
    ),
    (r"lengths.*(?:sorted|decreasing)", "sentences must be sorted, longest first, or pass enforce_sorted=False"),
    (
        r"Expected size for first two dimensions of batch2 tensor",
        "bmm wants (b, n, m) and (b, m, p): is an unsqueeze missing?",
    ),
    (
        r"batch[12] must be a 3D tensor",
        "bmm takes 3-D tensors: is an unsqueeze missing, or did squeeze() remove too much?",
    ),
    (r"Dimension out of range", "this axis is not there: did squeeze() without an axis remove one of size one?"),
    (
        r"mat1 and mat2 shapes cannot be multiplied",
        "the last axis does not fit the layer's in_features: check the concatenation",
    ),
    (
        r"Tensors must have same number of dimensions",
        "torch.cat joins tensors with equally many axes: did squeeze() remove one?",
    ),
    (r"Sizes of tensors must match except in dimension", "torch.cat along the wrong axis, or of the wrong tensors"),
    (
        r"weight should have.*channels|expected input\[.*\] to have \d+ channels",
        "Conv1d wants (b, e, src_len): permute before and after",
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
    (
        r"AttributeError: the model has no |ValueError: \S+ has shape \(.*, expected \(",
        "a layer of the model is missing or has another size: see question 1c",
    ),
    (r"Padding_idx must be within num_embeddings", "padding_idx is no row of this embedding: are its sizes swapped?"),
    (
        r"index out of range in self",
        "a word has an index beyond the last row: is this the embedding of the other language?",
    ),
    (r"Kernel size can't be greater than actual input size", "the convolution needs padding to keep the length"),
    (
        r"leaf Variable that requires grad is being used in an in-place operation",
        "an argument is changed in place: make a new tensor with the operation without underscore",
    ),
    (r"stack expects a non-empty TensorList", "there was no step at all: is one word too many left out?"),
    (
        r"zero-dimensional tensor .* cannot be concatenated",
        "torch.cat joins tensors with axes: did squeeze() without an axis remove them all?",
    ),
    (r"NoneType", "something is None here: enc_masks may be, and so is what lacks a return"),
    (
        r"The size of tensor a .* must match the size of tensor b",
        "two tensors' axes do not fit: compare their shapes, and see that none is transposed",
    ),
    (
        r"matmul: Input operand \d has a mismatch in its core dimension|shapes \(.*\) and \(.*\) not aligned",
        "in a product the last size of the first must be the first of the second: must one be transposed (.T)?",
    ),
    (
        r"operands could not be broadcast together",
        "two arrays' shapes do not fit: compare them from the last axis on, where sizes must be equal or 1",
    ),
    (r"have the same dtype", "one tensor has a dtype of its own: make new ones with x.new_zeros(), or with dtype="),
    (r"SyntaxError: .*(?:codec can't decode|null bytes|Non-UTF-8)", "the file is no plain text: save it as UTF-8"),
    (r"No module named 'torch'", "torch is missing: pip install torch"),
    (
        r"Torch not compiled with CUDA|No CUDA GPUs|Found no NVIDIA driver",
        "there is no GPU here: use self.device, not .cuda()",
    ),
    (r"can't convert cuda|to copy the tensor to host memory", "call .cpu() before numpy()"),
    (r"that requires grad\. Use .*detach", "call .detach() before .numpy()"),
    (r"can't allocate memory|Cannot allocate memory|MemoryError", "too much memory was asked for: check the sizes"),
    (r"AttributeError: module '\w+' has no attribute", "the module has no such name: misspelt, or gone since?"),
    (r"super\(\)\.__init__|before Module\.__init__\(\) call", "call super().__init__() first in __init__"),
)
"""A pattern over `type: text`, and advice in which {0} stands for the pattern's first group."""


def advice(type_name: str, text: str) -> str:
    """Return one line of advice on an error, or "" if it is not a known one."""
    for pattern, line in KNOWN:
        found = re.search(pattern, f"{type_name}: {text}"[:2000])
        if found:
            return line.format(*(group or "" for group in found.groups()))
    return ""
